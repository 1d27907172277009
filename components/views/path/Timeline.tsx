'use client';

import { useEffect, useMemo, useRef, useState } from 'react';
import type { Path } from '../../../core/model/hop.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { usePreferences } from '../../state/preferences.ts';
import { selectHop, useSelection } from '../../state/selection.ts';
import { TimelineChart } from './chart.ts';
import { layOut } from './layout.ts';
import type { HopRange } from './rows.ts';
import './path.css';

/** Kept in view above and below the mark under the cursor: its label, and a bit of its lane. */
const MARK_ROOM = 28;

/** The packet's way, drawn: lanes for interfaces in bands for namespaces, a mark for each hop. */
export function Timeline({
  path,
  marked,
}: {
  readonly path: Path;
  /** The hops of the step of the story that the cursor is in. */
  readonly marked?: HopRange | undefined;
}) {
  const host = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const chart = useRef<TimelineChart | null>(null);
  const { book, version } = useNames();
  const scale = usePreferences((state) => state.timeScale);
  const hop = useSelection((state) => state.hop);
  const [size, setSize] = useState({ width: 0, height: Number.POSITIVE_INFINITY });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const layout = useMemo(
    () => layOut(path.hops, book, scale, size.height),
    [path, book, version, scale, size.height],
  );

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
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (size.width > 0) chart.current?.update(layout, scale, size.width);
  }, [layout, scale, size.width]);

  useEffect(() => {
    chart.current?.setStretch(marked?.from ?? -1, marked?.to ?? -1);
  }, [marked?.from, marked?.to]);

  useEffect(() => {
    chart.current?.setCursor(hop);
    if (hop < 0) return;
    chart.current?.show(hop);
    const y = layout.marks[hop]?.y;
    const element = host.current;
    if (y === undefined || element === null) return;
    const { scrollTop, clientHeight } = element;
    if (y - MARK_ROOM < scrollTop) element.scrollTop = y - MARK_ROOM;
    else if (y + MARK_ROOM > scrollTop + clientHeight) element.scrollTop = y + MARK_ROOM - clientHeight;
  }, [hop, layout]);

  return (
    <div
      ref={host}
      role="group"
      aria-label="Timeline"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      className="h-full min-h-0 overflow-x-hidden overflow-y-auto outline-offset-[-2px]"
      data-testid="timeline"
    >
      <svg
        ref={svg}
        role="img"
        aria-label={`Timeline of ${path.hops.length} hops; the table beside it says the same`}
        className="timeline"
      />
    </div>
  );
}
