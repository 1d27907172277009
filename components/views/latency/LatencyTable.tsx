'use client';

import { Hourglass, X } from 'lucide-react';
import { useMemo } from 'react';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { type LatencyRow, type LatencySeries, seriesKey } from '../../../core/model/latency/result.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { type LatencyBy, type LatencySort, useLatencyStore } from '../../state/latency.ts';
import { cn } from '../../ui/cn.ts';
import { type MasterColumn, MasterTable } from '../../ui/MasterTable.tsx';
import { stageColour } from '../path/chart.ts';
import { BY_LABELS, edgeEnds, isWaiting, seriesAbout, seriesName } from './text.ts';

const SPREAD = { width: 76, height: 14 } as const;

interface LatencyTableProps {
  readonly by: LatencyBy;
  readonly rows: readonly LatencyRow[];
  readonly names: NameBook;
  readonly sort: LatencySort;
  readonly selected: number;
  readonly onSelect: (index: number) => void;
  readonly onOpen: () => void;
}

/** A row for each series: how often, how long, and how that spreads. */
export function LatencyTable({ by, rows, names, sort, selected, onSelect, onOpen }: LatencyTableProps) {
  const columns = useMemo((): readonly MasterColumn<LatencyRow, LatencySort>[] => {
    const [low, high] = octaveRange(rows);
    const duration = (
      label: string,
      key: LatencySort,
      title: string,
      of: (row: LatencyRow) => number,
    ): MasterColumn<LatencyRow, LatencySort> => ({
      label,
      width: '3.5rem',
      isEnd: true,
      sort: key,
      title,
      cell: (row) => formatDuration(of(row)),
    });
    return [
      {
        label: by === 'edge' ? 'From → to' : by === 'place' ? 'Stage' : 'Packets',
        width: 'minmax(9rem,2fr)',
        cell: ({ series }) => (
          <span
            title={`${seriesName(series, names)}: ${seriesAbout(series)}`}
            className="flex min-w-0 items-center gap-1.5"
          >
            {isWaiting(series) ? (
              <Hourglass size={11} aria-hidden className="shrink-0 text-soft" />
            ) : (
              series.kind === 'place' && (
                <span
                  aria-hidden
                  className="mx-px size-[9px] shrink-0 rounded-[2px]"
                  style={{ background: stageColour(series.place) }}
                />
              )
            )}
            <SeriesName series={series} names={names} />
          </span>
        ),
      },
      {
        label: 'Count',
        width: '3rem',
        isEnd: true,
        sort: 'count',
        title: 'Passages: a packet may have several',
        cell: ({ count }) => formatCount(count),
      },
      duration('p50', 'p50', 'Half of them took no longer', ({ p50Ns }) => p50Ns),
      duration('p90', 'p90', 'Nine of ten took no longer', ({ p90Ns }) => p90Ns),
      duration('p99', 'p99', '99 of 100 took no longer', ({ p99Ns }) => p99Ns),
      duration('Max', 'max', 'The longest', ({ maxNs }) => maxNs),
      duration('Total', 'total', 'All of them together', ({ totalNs }) => totalNs),
      {
        label: 'Spread',
        width: `${SPREAD.width}px`,
        title: `How many took how long, from ${formatDuration(2 ** low)} on the left to ${formatDuration(2 ** (high + 1))}, each bar twice as long as the one before it`,
        cell: ({ octaves }) => <Spread octaves={octaves} low={low} high={high} />,
      },
    ];
  }, [by, rows, names]);
  return (
    <MasterTable
      label={`How long packets took, ${BY_LABELS[by].toLowerCase()}`}
      columns={columns}
      rows={rows}
      keyOf={keyOf}
      selected={selected}
      onSelect={onSelect}
      onOpen={onOpen}
      sort={{ by: sort, isDescending: true }}
      onSort={(next) => useLatencyStore.setState({ sort: next })}
      minWidth="40rem"
    />
  );
}

/** Of an edge both ends are seen, however narrow it gets. */
function SeriesName({ series, names }: { readonly series: LatencySeries; readonly names: NameBook }) {
  if (series.kind !== 'edge')
    return <span className="truncate font-medium">{seriesName(series, names)}</span>;
  const [from, to] = edgeEnds(series, names);
  return (
    <>
      <span className="truncate font-medium">{from}</span>
      <span className="shrink-0 text-muted">→</span>
      {series.reason >= 0 && <X size={11} strokeWidth={3} aria-hidden className="shrink-0 text-dropped" />}
      <span className={cn('truncate font-medium', series.reason >= 0 && 'text-dropped')}>{to}</span>
    </>
  );
}

const keyOf = ({ series }: LatencyRow): string => seriesKey(series);

/** Lowest and highest power of two that any of the rows has. */
function octaveRange(rows: readonly LatencyRow[]): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const { octaves } of rows) {
    low = Math.min(
      low,
      octaves.findIndex((count) => count > 0),
    );
    high = Math.max(high, octaves.length - 1);
  }
  return [Number.isFinite(low) ? low : 0, high];
}

/** Of all rows on one scale, so that one looks slower than another if it is. */
function Spread({
  octaves,
  low,
  high,
}: {
  readonly octaves: readonly number[];
  readonly low: number;
  readonly high: number;
}) {
  const most = Math.max(1, ...octaves);
  const step = SPREAD.width / (high - low + 1);
  const bars = octaves.map((count, octave) => {
    if (count === 0) return '';
    const height = Math.max(2, (count / most) * SPREAD.height);
    return `M${((octave - low) * step).toFixed(1)} ${SPREAD.height}v${(-height).toFixed(1)}h${Math.max(1, step - 1).toFixed(1)}v${height.toFixed(1)}z`;
  });
  return (
    <svg {...SPREAD} aria-hidden className="block">
      <line x2={SPREAD.width} y1={SPREAD.height - 0.5} y2={SPREAD.height - 0.5} stroke="var(--line)" />
      <path d={bars.join('')} className="fill-soft" />
    </svg>
  );
}
