'use client';

import { useEffect, useMemo, useRef, useState } from 'react';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { type Passage, passageIn, showThrough } from '../../state/paths/store.ts';
import { usePreferences } from '../../state/preferences.ts';
import { Segmented } from '../../ui/Segmented.tsx';
import { ZoomButtons } from '../../ui/ZoomButtons.tsx';
import { GraphChart } from './chart.ts';
import { EdgeTable } from './EdgeTable.tsx';
import { layOutGraph, shapeOf } from './layout.ts';
import { partsOf, passageText } from './lines.ts';

interface PathGraphProps {
  readonly analysis: PathsAnalysis;
  /** Id of the selected path, 0 for none. */
  readonly selected: number;
  readonly passage: Passage | undefined;
}

/** All paths in one graph, or the same as a table. */
export function PathGraph(props: PathGraphProps) {
  const [form, setForm] = useState<'graph' | 'table'>('graph');
  const run = (id: string) => commands.all.find((command) => command.id === id)?.run();
  return (
    <section aria-label="Graph of all paths" className="flex h-full min-h-0 flex-col">
      <header className="flex h-8 shrink-0 items-center gap-1 border-b border-line px-2">
        <h3 className="shrink-0 font-semibold">All paths in one</h3>
        <span className="truncate px-1 text-muted max-sm:hidden">
          {formatCount(props.analysis.nodes.length)} functions, {formatCount(props.analysis.edges.length)}{' '}
          steps
        </span>
        <span className="ml-auto flex items-center gap-1">
          {form === 'graph' && (
            <ZoomButtons
              what="the graph"
              onIn={() => run('paths.in')}
              onOut={() => run('paths.out')}
              onFit={() => run('paths.fit')}
            />
          )}
          <Segmented
            label="Show as"
            value={form}
            onValue={setForm}
            options={[
              { value: 'graph', label: 'Graph' },
              { value: 'table', label: 'Table' },
            ]}
          />
        </span>
      </header>
      <div className="min-h-0 flex-1">{form === 'graph' ? <Drawing {...props} /> : <Steps {...props} />}</div>
    </section>
  );
}

function Steps({ analysis, selected }: PathGraphProps) {
  const parts = useParts(analysis, selected);
  return <EdgeTable analysis={analysis} selected={parts} />;
}

/** The parts of the graph that the selected path goes through. */
function useParts(analysis: PathsAnalysis, selected: number): ReadonlySet<string> | undefined {
  return useMemo(() => {
    const path = analysis.paths.find(({ id }) => id === selected);
    return path && partsOf(analysis, path);
  }, [analysis, selected]);
}

function Drawing({ analysis, selected, passage }: PathGraphProps) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<GraphChart | null>(null);
  const { book, version } = useNames();
  const theme = usePreferences((state) => state.theme);
  const [tip, setTip] = useState<{ passage: Passage; x: number; y: number } | undefined>();
  const [isWhole, setWhole] = useState(true);
  const drawn = useHeldShape(analysis, tip !== undefined || !isWhole);
  const shape = useMemo(() => shapeOf(drawn), [drawn]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for all of it that is laid out, the version for the names
  const layout = useMemo(() => layOutGraph(drawn, book), [shape, book, version]);
  const parts = useParts(drawn, selected);
  const both = useRef({ drawn, analysis });
  both.current = { drawn, analysis };

  useEffect(() => {
    const [element, around] = [canvas.current, host.current];
    if (element === null || around === null) return;
    const made = new GraphChart(element, {
      hover: (passage, x, y) => setTip(passage && { passage, x, y }),
      pick: (passage) => showThrough(passageIn(passage, both.current.drawn, both.current.analysis)),
      moved: setWhole,
    });
    chart.current = made;
    const measure = () => made.resize(around.clientWidth, around.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(around);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const recolour = () => made.recolour();
    dark.addEventListener('change', recolour);
    const off = commands.register([
      { id: 'paths.fit', title: 'Fit the whole graph', group: 'Path', keys: [{ key: 'f' }], run: () => made.fit() },
      { id: 'paths.in', title: 'Zoom in', group: 'Path', keys: [{ key: '+' }, { code: 'KeyW' }], run: () => made.zoomBy(1.6) },
      { id: 'paths.out', title: 'Zoom out', group: 'Path', keys: [{ key: '-' }, { code: 'KeyS' }], run: () => made.zoomBy(1 / 1.6) },
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

  useEffect(() => {
    const reasonName = (reason: number) => book.reasonName(reason);
    const there = passageIn(passage, analysis, drawn);
    chart.current?.update({ analysis: drawn, layout, selected: parts, passage: there, reasonName });
  }, [analysis, drawn, layout, parts, passage, book]);

  return (
    <div ref={host} className="relative h-full overflow-hidden" data-testid="path-graph">
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Graph of ${analysis.nodes.length} functions; Table, above, says the same`}
        className="absolute inset-0 size-full touch-none"
      />
      {tip !== undefined && (
        <Tip {...tip} analysis={drawn} names={book} width={host.current?.clientWidth ?? 0} />
      )}
    </div>
  );
}

/** The analysis to draw: while someone looks closely, one with other functions or edges waits. */
function useHeldShape(analysis: PathsAnalysis, isHeld: boolean): PathsAnalysis {
  const drawn = useRef(analysis);
  const isAlike = useMemo(() => shapeOf(drawn.current) === shapeOf(analysis), [analysis]);
  if (!isHeld || isAlike) drawn.current = analysis;
  return drawn.current;
}

interface TipProps {
  readonly analysis: PathsAnalysis;
  readonly names: NameBook;
  readonly passage: Passage;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function Tip({ analysis, names, passage, x, y, width }: TipProps) {
  const isRight = x > width / 2;
  return (
    <div
      role="status"
      style={{ top: Math.max(4, y + 14), ...(isRight ? { right: width - x + 10 } : { left: x + 10 }) }}
      className="pointer-events-none absolute z-10 max-w-80 rounded-md border border-line-strong bg-overlay px-2 py-1 shadow-pop"
    >
      <div className={passage.kind === 'exit' ? 'font-medium text-dropped' : 'font-medium'}>
        {passageText(analysis, passage, names)}
      </div>
      <div className="text-soft">{numbersOf(analysis, passage)}</div>
    </div>
  );
}

function numbersOf({ nodes, edges, exits }: PathsAnalysis, passage: Passage): string {
  if (passage.kind === 'node') {
    const node = nodes[passage.node];
    if (node === undefined) return '';
    const parts = [`${formatCount(node.count)} times`];
    if (node.starts > 0) parts.push(`first hop of ${formatCount(node.starts)}`);
    if (node.ends > 0) parts.push(`last hop of ${formatCount(node.ends)}`);
    return parts.join(', ');
  }
  const counted =
    passage.kind === 'edge'
      ? edges.find(({ from, to }) => from === passage.from && to === passage.to)
      : exits.find(({ from, reason }) => from === passage.from && reason === passage.reason);
  if (counted === undefined) return '';
  const { count, p50Ns, p99Ns } = counted;
  return `${formatCount(count)} times, p50 ${formatDuration(p50Ns)}, p99 ${formatDuration(p99Ns)}`;
}
