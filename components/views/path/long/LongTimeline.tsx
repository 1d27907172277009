'use client';

import { useEffect, useMemo, useRef } from 'react';
import { formatCount } from '../../../../core/model/format.ts';
import { commands } from '../../../state/commands.ts';
import { useNames } from '../../../state/names.ts';
import { usePreferences } from '../../../state/preferences.ts';
import { selectHop, useSelection } from '../../../state/selection.ts';
import type { LongPath } from './bins.ts';
import { LongChart } from './chart.ts';
import { laneName } from './text.ts';

/** Very many hops over their number or time, drawn in bins. */
export function LongTimeline({ path }: { readonly path: LongPath }) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<LongChart | null>(null);
  const { book, version } = useNames();
  const scale = usePreferences((state) => state.timeScale);
  const theme = usePreferences((state) => state.theme);
  const hop = useSelection((state) => state.hop);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const laneNames = useMemo(() => path.lanes.map((lane) => laneName(lane, book)), [path, book, version]);

  useEffect(() => {
    const [element, around] = [canvas.current, host.current];
    if (element === null || around === null) return;
    const made = new LongChart(element, selectHop);
    chart.current = made;
    const measure = () => made.resize(around.clientWidth, around.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(around);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const recolour = () => made.recolour();
    dark.addEventListener('change', recolour);
    const off = commands.register([
      { id: 'path.fit', title: 'Fit the whole path', group: 'Path', keys: [{ key: 'f' }], run: () => made.fit() },
      { id: 'path.in', title: 'Zoom in', group: 'Path', keys: [{ key: '+' }, { code: 'KeyW' }], run: () => made.zoomBy(1.6) },
      { id: 'path.out', title: 'Zoom out', group: 'Path', keys: [{ key: '-' }, { code: 'KeyS' }], run: () => made.zoomBy(1 / 1.6) },
    ]); // biome-ignore format: a table
    return () => {
      off();
      observer.disconnect();
      dark.removeEventListener('change', recolour);
      made.destroy();
      chart.current = null;
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours
  useEffect(() => chart.current?.recolour(), [theme]);
  useEffect(() => chart.current?.update({ path, scale, laneNames }), [path, scale, laneNames]);
  useEffect(() => chart.current?.setCursor(hop), [hop]);

  return (
    <div ref={host} className="relative h-full overflow-hidden" data-testid="long-timeline">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Timeline of ${formatCount(path.hops.count)} hops; the table beside it says the same`}
        className="absolute inset-0 size-full touch-none"
      />
    </div>
  );
}
