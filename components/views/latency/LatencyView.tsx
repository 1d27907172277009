'use client';

import { Pause, Play } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { Group, Panel } from 'react-resizable-panels';
import { formatCount } from '../../../core/model/format.ts';
import { type LatencyAnalysis, seriesKey } from '../../../core/model/latency/result.ts';
import { commands } from '../../state/commands.ts';
import {
  chooseSeries, LATENCY_BY, pauseLatency, settleOn, showBy, useLatencyStore,
} from '../../state/latency.ts'; // biome-ignore format: a list
import { useListKeys } from '../../state/listKeys.ts';
import { lossReport } from '../../state/losses.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { usePanes } from '../../state/panes.ts';
import { useSession } from '../../state/session.ts';
import { Button } from '../../ui/Button.tsx';
import { Divider } from '../../ui/Divider.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { useWide } from '../../ui/useMedia.ts';
import { HeatPane } from './HeatPane.tsx';
import { LatencyTable } from './LatencyTable.tsx';
import { BY_LABELS, leftOutText, rowsBy, sortRows } from './text.ts';
import { useLatency } from './useLatency.ts';

const WHOLE = { kind: 'whole' } as const;

/** Where packets spend their time, and wait: by stage, from function to function, and from first to last hop. */
export function LatencyView() {
  const { analysis, failure, by, sort, series: chosen } = useLatencyStore();
  const { book } = useNames();
  const isWide = useWide();
  const chart = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const rows = useMemo(
    () => sortRows(analysis === undefined ? [] : rowsBy(analysis, by), sort),
    [analysis, by, sort],
  );
  const key = chosen && seriesKey(chosen);
  const selected = Math.max(
    0,
    rows.findIndex(({ series }) => seriesKey(series) === key),
  );
  const row = rows[selected];
  useLatency(row?.series ?? WHOLE);
  // what is first may change with every answer; what is looked at does not
  const first = chosen === undefined ? row?.series : undefined;
  useEffect(() => {
    if (first !== undefined) settleOn(first);
  }, [first]);
  const select = useCallback(
    (index: number) => {
      const next = rows[index];
      if (next !== undefined) chooseSeries(next.series);
    },
    [rows],
  );
  const open = useMemo(
    () => ({
      title: 'To the heat map, from there to a cell’s packets',
      run: () => (chart.current ?? list.current)?.focus(),
    }),
    [],
  );
  useListKeys('latency', 'Latency', by === 'edge' ? 'edge' : 'stage', {
    count: rows.length,
    selected,
    onSelect: select,
    open,
  });
  useEffect(
    () =>
      commands.register([
        { id: 'latency.by', title: 'By stage, by edge or the whole packet', group: 'Latency', keys: [{ key: 'g' }], run: nextBy },
        { id: 'latency.pause', title: 'Pause or resume the times', group: 'Latency', keys: [{ key: 'p' }], run: () => pauseLatency(!useLatencyStore.getState().isPaused) },
      ]), // biome-ignore format: a table
    [],
  );

  const panes = usePanes('latency', isWide ? 'horizontal' : 'vertical', ['latency-rows', 'latency-heat']);

  if (analysis === undefined)
    return failure === undefined ? (
      <Notice title="Measuring …">The hops of the packets are looked at.</Notice>
    ) : (
      <Notice title="There are no times to show">{failure.message}</Notice>
    );
  const heat = analysis.heat;
  return (
    <section aria-label="Latency" className="flex h-full min-h-0 flex-col bg-surface">
      <Header analysis={analysis} />
      {row === undefined ? (
        <NothingMeasured analysis={analysis} />
      ) : (
        <Group {...panes} className="min-h-0 flex-1">
          <Panel id="latency-rows" minSize="25%" defaultSize="58%" className="flex min-h-0 flex-col">
            <LatencyTable
              by={by}
              rows={rows}
              names={book}
              sort={sort}
              selected={selected}
              onSelect={select}
              onOpen={open.run}
            />
          </Panel>
          <Divider label="Size of the table of times" />
          <Panel id="latency-heat" minSize="25%" defaultSize="42%">
            <HeatPane
              row={row}
              heat={heat !== undefined && seriesKey(heat.series) === seriesKey(row.series) ? heat : undefined}
              chartRef={chart}
              listRef={list}
            />
          </Panel>
        </Group>
      )}
    </section>
  );
}

function nextBy(): void {
  const { by } = useLatencyStore.getState();
  showBy(LATENCY_BY[(LATENCY_BY.indexOf(by) + 1) % LATENCY_BY.length] ?? by);
}

function Header({ analysis }: { readonly analysis: LatencyAnalysis }) {
  const { by, isPaused, failure } = useLatencyStore();
  const stats = useSession((state) => state.stats);
  const lost = stats === null ? 0 : lossReport(stats, packets.forgotten).lostEvents;
  const leftOut = leftOutText(analysis.leftOut, by);
  return (
    <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-2 py-1">
      <h2 className="text-xs font-semibold">Latency</h2>
      <span className="text-soft" role="status" aria-live="off">
        {formatCount(analysis.packets)} {analysis.packets === 1 ? 'packet' : 'packets'},{' '}
        {formatCount(analysis.steps)} steps from hop to hop
      </span>
      {leftOut !== '' && <span className="text-lost">{leftOut}</span>}
      {lost > 0 && (
        <span className="text-lost">
          {formatCount(lost)} events were lost: a step may span hops that are missing
        </span>
      )}
      {failure !== undefined && <span className="text-lost">{failure.message}</span>}
      <Button
        look={isPaused ? 'outline' : 'quiet'}
        className="ml-auto"
        aria-pressed={isPaused}
        title={isPaused ? 'Go on measuring what comes (p)' : 'Leave the times as they are (p)'}
        onClick={() => pauseLatency(!isPaused)}
      >
        {isPaused ? <Play size={12} aria-hidden /> : <Pause size={12} aria-hidden />}
        {isPaused ? 'Resume' : 'Pause'}
      </Button>
      <Segmented
        label="Times"
        value={by}
        onValue={showBy}
        options={LATENCY_BY.map((value) => ({ value, label: BY_LABELS[value] }))}
      />
      <p className="w-full text-2xs text-pretty text-muted">
        From a function’s entry to the next one’s; the tracer’s own work at each hop is in it. What a packet
        still waits in counts once it is over.
      </p>
    </header>
  );
}

function NothingMeasured({ analysis: { leftOut } }: { readonly analysis: LatencyAnalysis }) {
  const isNone = Object.values(leftOut).every((count) => count === 0);
  return (
    <Notice title="Nothing to measure">
      {isNone
        ? 'No packet was captured yet, or the display filter lets none through. A time needs two hops of a packet.'
        : 'None of the packets has two hops to measure between.'}
    </Notice>
  );
}
