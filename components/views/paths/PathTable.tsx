'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowRight, ArrowUp } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { asNs } from '../../../core/base/units.ts';
import { formatClock, formatCount, formatDuration } from '../../../core/model/format.ts';
import { selectPath } from '../../state/paths/store.ts';
import { useSession } from '../../state/session.ts';
import { cn } from '../../ui/cn.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useOverscan } from '../../ui/printing.ts';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import type { PathLine, Sorting, SortKey } from './lines.ts';

const ROW_HEIGHT = 24;
const GRID =
  'grid items-center gap-x-2 px-2 grid-cols-[1.6rem_3.2rem_minmax(0,1.15fr)_minmax(0,1.2fr)_3.9rem] ' +
  '@lg:grid-cols-[1.6rem_3.2rem_minmax(0,1.15fr)_minmax(0,1.3fr)_2.4rem_3.9rem] ' +
  '@2xl:grid-cols-[2rem_3.2rem_3rem_minmax(0,1.1fr)_minmax(0,1.2fr)_2.6rem_4rem_4rem_4rem]';

const SHOWN_FROM = { lg: 'hidden @lg:block', '2xl': 'hidden @2xl:block' } as const;

const COLUMNS: readonly {
  readonly label: string;
  readonly title: string;
  readonly sort?: SortKey;
  readonly end?: boolean;
  /** Where there is room, and where there is much. */
  readonly from?: 'lg' | '2xl';
}[] = [
  {
    label: '#',
    title: 'In the order in which the session met them; path == … filters by it',
    sort: 'number',
    end: true,
  },
  { label: 'Packets', title: 'Packets that went this way', sort: 'count', end: true },
  { label: 'Share', title: 'Of all packets folded', end: true, from: '2xl' },
  { label: 'Verdict', title: 'How most of its packets ended', sort: 'verdict' },
  { label: 'Namespaces', title: 'In the order of first visit' },
  { label: 'Steps', title: 'Functions that they went through', sort: 'steps', end: true, from: 'lg' },
  {
    label: 'p50',
    title: 'Half of its packets took no longer from first hop to last',
    sort: 'p50',
    end: true,
  },
  { label: 'p99', title: '99 of 100 took no longer', sort: 'p99', end: true, from: '2xl' },
  { label: 'Last seen', title: 'When its newest packet began', sort: 'last', end: true, from: '2xl' },
];

interface PathTableProps {
  readonly lines: readonly PathLine[];
  /** Of all packets folded. */
  readonly packets: number;
  readonly selected: number;
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
  readonly isNarrowed: boolean;
}

/** Distinct paths, a line each. */
export function PathTable({ lines, packets, selected, sorting, onSort, isNarrowed }: PathTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const overscan = useOverscan();
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan,
  });
  const position = lines.findIndex(({ path }) => path.id === selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another selection scrolls, not another place of it
  useEffect(() => {
    if (position >= 0) virtualizer.scrollToIndex(position, { align: 'auto' });
  }, [selected]);

  return (
    <div
      role="grid"
      aria-label="Distinct paths"
      aria-rowcount={lines.length + 1}
      aria-colcount={COLUMNS.length}
      className="@container flex h-full min-h-0 flex-col"
    >
      <div
        role="row"
        aria-rowindex={1}
        className={cn(GRID, 'h-6 shrink-0 border-b border-line bg-raised text-2xs text-muted')}
      >
        {COLUMNS.map((column) => (
          <Heading key={column.label} {...column} sorting={sorting} onSort={onSort} />
        ))}
      </div>
      <div
        ref={scroller}
        role="rowgroup"
        aria-label="Paths"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the rows are walked with the keyboard from here
        tabIndex={0}
        className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto outline-offset-[-2px]"
      >
        {lines.length === 0 ? (
          <Notice title={isNarrowed ? 'No path goes through that now' : 'No path yet'} level={3}>
            {isNarrowed
              ? 'Its packets have given way to newer ones. Escape shows all paths.'
              : 'Packets that go the same way through the kernel become one line here.'}
          </Notice>
        ) : (
          <div style={{ height: virtualizer.getTotalSize() }} className="relative">
            {virtualizer.getVirtualItems().map(({ index, start }) => {
              const line = lines[index];
              return line === undefined ? null : (
                <Row
                  key={line.path.id}
                  line={line}
                  packets={packets}
                  position={index}
                  top={start}
                  isSelected={line.path.id === selected}
                  last={baseUnixMs === 0 ? '' : formatClock(asNs(line.path.lastNs), baseUnixMs)}
                />
              );
            })}
          </div>
        )}
      </div>
    </div>
  );
}

interface RowProps {
  readonly line: PathLine;
  readonly packets: number;
  readonly position: number;
  readonly top: number;
  readonly isSelected: boolean;
  readonly last: string;
}

function Row({ line, packets, position, top, isSelected, last }: RowProps) {
  const { path } = line;
  const cell = 'min-w-0 truncate';
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the view's own keys walk the rows
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={position + 2}
      aria-selected={isSelected}
      data-path={line.number}
      onClick={() => selectPath(isSelected ? 0 : path.id)}
      style={{ transform: `translateY(${top}px)` }}
      className={cn(
        GRID,
        'absolute inset-x-0 top-0 h-6 cursor-default text-xs outline-none',
        isSelected ? 'bg-selected shadow-[inset_2px_0_0_var(--focus)]' : 'hover:bg-hover',
      )}
    >
      <div role="gridcell" className={cn(cell, 'text-right text-muted')}>
        {line.number || '–'}
      </div>
      <div role="gridcell" className={cn(cell, 'text-right font-medium')}>
        {formatCount(path.count)}
      </div>
      <div role="gridcell" className={cn(cell, SHOWN_FROM['2xl'], 'text-right text-soft')}>
        {shareText(path.count, packets)}
      </div>
      <div
        role="gridcell"
        className={cn(cell, 'flex items-center gap-1.5')}
        title={line.isMixed ? 'Most of its packets; others ended otherwise' : line.reason}
      >
        {line.isNew && (
          <span className="shrink-0 rounded-sm border border-focus px-1 text-2xs leading-4 text-link">
            new
          </span>
        )}
        <VerdictBadge verdict={line.verdict} reason={line.reason} />
        {line.isMixed && <span className="shrink-0 text-muted">mostly</span>}
      </div>
      <div
        role="gridcell"
        className={cn(cell, 'flex items-center gap-1')}
        title={line.namespaces.join(' → ')}
      >
        {line.namespaces.map((name, i) => (
          <span key={name} className="inline-flex min-w-0 items-center gap-0.5">
            {i > 0 && <ArrowRight size={9} aria-label="to" className="shrink-0 text-muted" />}
            <NetnsName name={name} />
          </span>
        ))}
      </div>
      <div role="gridcell" className={cn(cell, SHOWN_FROM.lg, 'text-right text-soft')}>
        {path.steps.length}
      </div>
      <div role="gridcell" className={cn(cell, 'text-right text-soft')}>
        {formatDuration(path.p50Ns)}
      </div>
      <div role="gridcell" className={cn(cell, 'hidden text-right text-soft @2xl:block')}>
        {formatDuration(path.p99Ns)}
      </div>
      <div role="gridcell" className={cn(cell, 'hidden text-right text-soft @2xl:block')}>
        {last}
      </div>
    </div>
  );
}

function Heading({
  label,
  title,
  sort,
  end,
  from,
  sorting,
  onSort,
}: (typeof COLUMNS)[number] & {
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
}) {
  const isActive = sort === sorting.key;
  const Arrow = sorting.descending ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      title={title}
      aria-sort={isActive ? (sorting.descending ? 'descending' : 'ascending') : undefined}
      className={cn('min-w-0 truncate', end && 'text-right', from !== undefined && SHOWN_FROM[from])}
    >
      {sort === undefined ? (
        label
      ) : (
        <button
          type="button"
          className={cn(
            'inline-flex items-center gap-0.5 hover:text-text',
            isActive && 'font-semibold text-text',
          )}
          onClick={() =>
            onSort({ key: sort, descending: isActive ? !sorting.descending : sort !== 'number' })
          }
        >
          {label}
          {isActive && <Arrow size={10} aria-hidden />}
        </button>
      )}
    </div>
  );
}

function shareText(count: number, packets: number): string {
  const percent = packets === 0 ? 0 : (100 * count) / packets;
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}
