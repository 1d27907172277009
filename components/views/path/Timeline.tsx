'use client';

import { useEffect, useMemo, useRef } from 'react';
import type { Path } from '../../../core/model/hop.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { usePreferences } from '../../state/preferences.ts';
import { selectHop, useSelection } from '../../state/selection.ts';
import { TimelineChart } from './chart.ts';
import { layOut } from './layout.ts';
import './path.css';

/** The packet's way, drawn: lanes for interfaces in bands for namespaces, a mark for each hop. */
export function Timeline({ path }: { readonly path: Path }) {
  const host = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const chart = useRef<TimelineChart | null>(null);
  const { book, version } = useNames();
  const scale = usePreferences((state) => state.timeScale);
  const hop = useSelection((state) => state.hop);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const layout = useMemo(() => layOut(path.hops, book, scale), [path, book, version, scale]);

  useEffect(() => {
    if (svg.current === null) return;
    const made = new TimelineChart(svg.current, { pick: selectHop, hover: selectHop });
    chart.current = made;
    const off = commands.register([
      { id: 'path.fit', title: 'Fit the whole path', group: 'Path', keys: [{ key: 'f' }], run: () => made.fit() },
      { id: 'path.in', title: 'Zoom in', group: 'Path', keys: [{ key: '+' }, { code: 'KeyW' }], run: () => made.zoomBy(1.6) },
      { id: 'path.out', title: 'Zoom out', group: 'Path', keys: [{ key: '-' }, { code: 'KeyS' }], run: () => made.zoomBy(1 / 1.6) },
    ]); // biome-ignore format: a table
    return () => {
      off();
      made.destroy();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const draw = () => chart.current?.update(layout, scale, element.clientWidth);
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [layout, scale]);

  useEffect(() => {
    chart.current?.setCursor(hop);
    if (hop >= 0) chart.current?.show(hop);
  }, [hop]);

  return (
    <div ref={host} className="h-full min-h-0 overflow-x-hidden overflow-y-auto" data-testid="timeline">
      <svg
        ref={svg}
        role="img"
        aria-label={`Timeline of ${path.hops.length} hops; the table beside it says the same`}
        className="timeline"
      />
    </div>
  );
}
