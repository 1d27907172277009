'use client';

import { useEffect, useMemo, useRef, useState } from 'react';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { formatCount } from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { type Passage, passageIn, showThrough } from '../../state/paths/store.ts';
import { usePreferences } from '../../state/preferences.ts';
import { GraphChart } from './chart.ts';
import { GraphTip, numbersOf } from './GraphTip.tsx';
import { offerGraphKeys } from './graphKeys.ts';
import { shapeOf } from './layout.ts';
import { passageText } from './lines.ts';
import type { PathGraphProps } from './PathGraph.tsx';
import { useGraphLayout } from './useGraphLayout.ts';
import { useParts } from './useParts.ts';
import { walkGraph } from './walk.ts';

/** The graph itself: pointed at, zoomed, and walked with the arrow keys. */
export function GraphDrawing({ analysis, selected, passage }: PathGraphProps) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<GraphChart | null>(null);
  const { book } = useNames();
  const theme = usePreferences((state) => state.theme);
  const [tip, setTip] = useState<{ passage: Passage; x: number; y: number } | undefined>();
  const [isWhole, setWhole] = useState(true);
  const [isWalked, setWalked] = useState(false);
  const held = useHeldShape(analysis, tip !== undefined || !isWhole || isWalked);
  const laid = useGraphLayout(held);
  const drawn = laid?.drawn ?? held;
  const layout = laid?.layout;
  const parts = useParts(drawn, selected);
  const [walked, setCursor] = useState<
    { readonly passage: Passage; readonly in: PathsAnalysis } | undefined
  >();
  const cursor = walked && passageIn(walked.passage, walked.in, drawn);
  const latest = useRef({ drawn, analysis, layout, cursor });
  latest.current = { drawn, analysis, layout, cursor };

  useEffect(() => {
    const [element, around] = [canvas.current, host.current];
    if (element === null || around === null) return;
    const choose = (passage: Passage) =>
      showThrough(passageIn(passage, latest.current.drawn, latest.current.analysis));
    const made = new GraphChart(element, {
      hover: (passage, x, y) => setTip(passage && { passage, x, y }),
      pick: choose,
      moved: setWhole,
    });
    chart.current = made;
    const measure = () => made.resize(around.clientWidth, around.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(around);
    // another theme, or paper, has other colours
    const media = ['(prefers-color-scheme: dark)', 'print'].map((query) => matchMedia(query));
    const recolour = () => made.recolour();
    for (const query of media) query.addEventListener('change', recolour);
    const offKeys = offerGraphKeys({
      hasFocus: () => document.activeElement === around,
      walk: (direction) => {
        const { drawn, layout, cursor } = latest.current;
        const next = layout && walkGraph(drawn, layout, cursor, direction);
        if (next === undefined) return;
        setCursor({ passage: next, in: drawn });
        made.reveal(next);
      },
      choose: () => latest.current.cursor !== undefined && choose(latest.current.cursor),
    });
    const off = commands.register([
      { id: 'paths.fit', title: 'Fit the whole graph', group: 'Path', keys: [{ key: 'f' }], run: () => made.fit() },
      { id: 'paths.in', title: 'Zoom in', group: 'Path', keys: [{ key: '+' }, { code: 'KeyW' }], run: () => made.zoomBy(1.6) },
      { id: 'paths.out', title: 'Zoom out', group: 'Path', keys: [{ key: '-' }, { code: 'KeyS' }], run: () => made.zoomBy(1 / 1.6) },
    ]); // biome-ignore format: a table
    return () => {
      off();
      offKeys();
      observer.disconnect();
      for (const query of media) query.removeEventListener('change', recolour);
      made.destroy();
      chart.current = null;
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours
  useEffect(() => chart.current?.recolour(), [theme]);

  useEffect(() => {
    if (layout === undefined) return;
    const reasonName = (reason: number) => book.reasonName(reason);
    const there = passageIn(passage, analysis, drawn);
    const walkedTo = isWalked ? cursor : undefined;
    chart.current?.update({
      analysis: drawn,
      layout,
      selected: parts,
      passage: there,
      cursor: walkedTo,
      reasonName,
    });
  }, [analysis, drawn, layout, parts, passage, cursor, isWalked, book]);

  const place = isWalked && cursor !== undefined ? chart.current?.placeOf(cursor) : undefined;
  const shownTip = tip ?? (cursor && place && { passage: cursor, ...place });
  return (
    <div
      ref={host}
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is walked with the arrow keys
      tabIndex={0}
      aria-label="Graph of all paths: arrow keys walk along the steps, Enter lists the paths through a function or drop; the table says the same"
      aria-busy={layout === undefined}
      onFocus={() => setWalked(true)}
      onBlur={() => setWalked(false)}
      className="relative h-full overflow-hidden outline-offset-[-2px]"
      data-drawing
      data-testid="path-graph"
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Graph of ${analysis.nodes.length} functions; Table, above, says the same`}
        className="absolute inset-0 size-full touch-none"
      />
      <p className="sr-only" aria-live="polite">
        {isWalked && cursor !== undefined && spokenText(drawn, cursor, book)}
      </p>
      {shownTip !== undefined && (
        <GraphTip
          {...shownTip}
          analysis={drawn}
          names={book}
          width={host.current?.clientWidth ?? 0}
          isHidden={tip === undefined}
        />
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

/** What a person hears who walks there: what it is, how often, and where it leads. */
function spokenText(analysis: PathsAnalysis, passage: Passage, names: NameBook): string {
  const own = `${passageText(analysis, passage, names)}, ${numbersOf(analysis, passage)}`;
  if (passage.kind !== 'node') return own;
  const onward = analysis.edges.filter(({ from }) => from === passage.node).length;
  const drops = analysis.exits.filter(({ from }) => from === passage.node).length;
  return `${own}, ${onward === 0 ? 'nothing follows' : `${formatCount(onward)} steps on`}${drops > 0 ? `, ${formatCount(drops)} ways to be dropped` : ''}`;
}
