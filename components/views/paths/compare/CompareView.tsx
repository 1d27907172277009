'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowLeftRight, Ban, ChevronDown, ChevronUp, CornerDownRight, X } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { formatCount, formatDuration, verdictName } from '../../../../core/model/format.ts';
import { VERDICT } from '../../../../core/model/packet.ts';
import { commands } from '../../../state/commands.ts';
import { useNames } from '../../../state/names.ts';
import { packets } from '../../../state/packets/store.ts';
import { type Compared, endComparison, swapCompared } from '../../../state/paths/compare.ts';
import { Button } from '../../../ui/Button.tsx';
import { cn } from '../../../ui/cn.ts';
import { NetnsName } from '../../../ui/Netns.tsx';
import { Notice } from '../../../ui/Notice.tsx';
import { VerdictBadge } from '../../../ui/Verdict.tsx';
import { rowCells } from '../../packets/text.ts';
import { usePacketRow, usePath } from '../../path/usePath.ts';
import { type AlignedRow, type Alignment, align, type ComparedRow } from './align.ts';
import { SlowerLine } from './SlowerLine.tsx';
import { type Slower, slowerOf } from './slower.ts';

const ROW_HEIGHT = 24;
const GRID = 'grid grid-cols-2';
const SIDE =
  'grid items-center gap-x-2 px-2 grid-cols-[3.6rem_minmax(0,1fr)] @3xl:grid-cols-[4.2rem_minmax(4rem,8.5rem)_minmax(0,1fr)]';

/** Two packets' ways beside each other, row by row: where do they part, and what was decided there? */
export function CompareView({ left, right }: { readonly left: Compared; readonly right: Compared }) {
  const { session } = packets;
  const [a, b] = [usePacketRow(left.packet), usePacketRow(right.packet)];
  const one = usePath(left.packet, session, a.stamp);
  const other = usePath(right.packet, session, b.stamp);
  const { book, version } = useNames();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const alignment = useMemo(
    () => (one.path && other.path ? align(one.path, other.path, book) : undefined),
    [one.path, other.path, book, version],
  );
  const failure = one.failure ?? other.failure;
  return (
    <section aria-label="Comparison" className="flex h-full min-h-0 flex-col bg-surface">
      {alignment !== undefined ? (
        <Aligned left={left} right={right} alignment={alignment} />
      ) : failure !== undefined ? (
        <Notice
          title="They cannot be compared any more"
          action={<Button onClick={endComparison}>Back</Button>}
        >
          {failure.message}
        </Notice>
      ) : (
        <div className="flex h-full items-center justify-center text-muted" role="status">
          Reading both paths …
        </div>
      )}
    </section>
  );
}

interface AlignedProps {
  readonly left: Compared;
  readonly right: Compared;
  readonly alignment: Alignment;
}

function Aligned({ left, right, alignment }: AlignedProps) {
  const { rows, firstDifference, differences, alike } = alignment;
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(firstDifference);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
    scrollPaddingStart: ROW_HEIGHT * 2,
    scrollPaddingEnd: ROW_HEIGHT * 2,
  });
  const go = useCallback(
    (to: number, place: 'auto' | 'center' = 'auto') => {
      const next = Math.max(0, Math.min(rows.length - 1, to));
      setCurrent(next);
      virtualizer.scrollToIndex(next, { align: place });
    },
    [rows.length, virtualizer],
  );
  const pair = `${left.packet} ${right.packet}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another pair begins at its own first difference, more of the same does not
  useEffect(() => {
    if (firstDifference >= 0) go(firstDifference, 'center');
  }, [pair]);
  const slower = useMemo(() => slowerOf(rows), [rows]);
  useCompareKeys(current, differences, slower?.row, go);
  const run = (id: string) => commands.all.find((command) => command.id === id)?.run();
  return (
    <>
      <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-2 border-b border-line px-2">
        <h2 className="font-semibold">Compare</h2>
        <span role="status" className="min-w-0 truncate text-soft">
          {summary(alignment)}
        </span>
        <span className="ml-auto flex items-center gap-1">
          <span className="text-muted">{formatCount(alike)} hops alike before it</span>
          <Button
            look="quiet"
            square
            aria-label="Previous difference"
            title="Previous difference (b)"
            onClick={() => run('compare.before')}
          >
            <ChevronUp size={14} aria-hidden />
          </Button>
          <Button
            look="quiet"
            square
            aria-label="Next difference"
            title="Next difference (n)"
            onClick={() => run('compare.after')}
          >
            <ChevronDown size={14} aria-hidden />
          </Button>
          <Button look="quiet" onClick={swapCompared}>
            <ArrowLeftRight size={12} aria-hidden /> Swap
          </Button>
          <Button
            look="quiet"
            square
            aria-label="Close the comparison"
            title="Close (Esc)"
            onClick={endComparison}
          >
            <X size={15} aria-hidden />
          </Button>
        </span>
      </header>
      <SlowerLine slower={slower} onShow={() => run('compare.slowest')} />
      <div
        role="grid"
        aria-label="Both paths, row by row"
        aria-rowcount={rows.length + 1}
        aria-colcount={2}
        className="@container flex min-h-0 flex-1 flex-col"
      >
        <div role="row" aria-rowindex={1} className={cn(GRID, 'shrink-0 border-b border-line bg-raised')}>
          <Title compared={left} />
          <Title compared={right} />
        </div>
        <div
          ref={scroller}
          role="rowgroup"
          aria-label="Hops and decisions of both"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          tabIndex={0}
          className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto outline-offset-[-2px]"
        >
          <div style={{ height: virtualizer.getTotalSize() }} className="relative">
            {virtualizer.getVirtualItems().map(({ index, start }) => {
              const row = rows[index];
              return row === undefined ? null : (
                <Row
                  key={index}
                  row={row}
                  position={index}
                  top={start}
                  isCurrent={index === current}
                  isFirst={index === firstDifference}
                  slowest={index === slower?.row ? slower.side : undefined}
                  onPick={() => setCurrent(index)}
                />
              );
            })}
          </div>
        </div>
      </div>
    </>
  );
}

function summary({ rows, firstDifference }: Alignment): string {
  const row = rows[firstDifference];
  if (row === undefined) return 'Both went the same way, and the same was decided about both.';
  const text = (side: ComparedRow | undefined) => (side === undefined ? 'nothing more there' : side.text);
  return `First difference: left ${text(row.left)}; right ${text(row.right)}`;
}

/** Which packet, what it is, and how it ended. */
function Title({ compared }: { readonly compared: Compared }) {
  const { row } = usePacketRow(compared.packet);
  const { book } = useNames();
  const cells = row && rowCells(row, book);
  return (
    <div role="columnheader" className="min-w-0 border-line px-2 py-1 not-first:border-l">
      <div className="flex min-w-0 flex-wrap items-center gap-x-2">
        <span className="font-semibold">Packet {formatCount(compared.packet)}</span>
        {compared.path !== 0 && <span className="text-muted">newest of path {compared.path}</span>}
        {row !== undefined && cells !== undefined && (
          <>
            <VerdictBadge verdict={verdictName(row.verdict)} reason={cells.reason} />
            {row.verdict === VERDICT.dropped && (
              <span className="truncate text-soft">in {book.locationName(row.location)}</span>
            )}
          </>
        )}
      </div>
      {row !== undefined && cells !== undefined && (
        <div className="truncate text-soft">
          {cells.protocol} {cells.detail} {cells.source} → {cells.destination}
          <span className="text-muted">
            {' '}
            {formatCount(row.hops)} hops, {formatDuration(row.lastNs - row.firstNs)}
          </span>
        </div>
      )}
    </div>
  );
}

interface RowProps {
  readonly row: AlignedRow;
  readonly position: number;
  readonly top: number;
  readonly isCurrent: boolean;
  readonly isFirst: boolean;
  /** The side that lost its time here. */
  readonly slowest: Slower['side'] | undefined;
  readonly onPick: () => void;
}

function Row({ row, position, top, isCurrent, isFirst, slowest, onPick }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the view's own keys walk the rows
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={position + 2}
      aria-selected={isCurrent}
      data-relation={row.relation}
      data-first-difference={isFirst || undefined}
      onClick={onPick}
      style={{ transform: `translateY(${top}px)` }}
      className={cn(
        GRID,
        'absolute inset-x-0 top-0 h-6 cursor-default outline-none',
        isCurrent && 'bg-selected shadow-[inset_2px_0_0_var(--focus)]',
        isFirst && 'border-t-2 border-lost',
      )}
    >
      <Side side={row.left} relation={row.relation} isCurrent={isCurrent} isSlowest={slowest === 'left'} />
      <Side side={row.right} relation={row.relation} isCurrent={isCurrent} isSlowest={slowest === 'right'} />
    </div>
  );
}

interface SideProps {
  readonly side: ComparedRow | undefined;
  readonly relation: AlignedRow['relation'];
  readonly isCurrent: boolean;
  readonly isSlowest: boolean;
}

const DEPTH_MAX = 12;

function Side({ side, relation, isCurrent, isSlowest }: SideProps) {
  if (side === undefined)
    return (
      <div
        role="gridcell"
        aria-label="nothing here"
        className={cn('border-line not-first:border-l', !isCurrent && 'bg-sunken')}
      />
    );
  const isOther = relation === 'otherwise' || relation === 'apart';
  const isDecision = side.kind === 'decision';
  const Icon = side.isRefusal ? Ban : CornerDownRight;
  const colour = side.isRefusal
    ? 'font-medium text-dropped'
    : !isOther
      ? isDecision
        ? 'text-muted'
        : 'text-soft'
      : 'font-medium text-text';
  return (
    <div
      role="gridcell"
      title={`${side.text}, ${side.netns} ${side.device}`}
      className={cn(
        SIDE,
        'min-w-0 border-line not-first:border-l',
        !isCurrent && isOther && (side.isRefusal ? 'bg-dropped-soft' : 'bg-hover'),
      )}
    >
      <span className={cn('truncate text-right', isSlowest ? 'font-semibold text-lost' : 'text-muted')}>
        {side.deltaNs === undefined ? '' : `+${formatDuration(side.deltaNs)}`}
      </span>
      <span className="hidden min-w-0 items-center gap-1.5 @3xl:flex">
        {!isDecision && <NetnsName name={side.netns} />}
        <span className="truncate text-muted">{side.device}</span>
      </span>
      <span
        className={cn('flex min-w-0 items-center gap-1.5', colour)}
        style={{ paddingLeft: Math.min(side.depth, DEPTH_MAX) * 5 }}
      >
        {(isDecision || side.isRefusal) && <Icon size={11} aria-hidden className="shrink-0" />}
        <span className="truncate">{side.text}</span>
      </span>
    </div>
  );
}

function useCompareKeys(
  current: number,
  differences: readonly number[],
  slowest: number | undefined,
  go: (to: number, place?: 'auto' | 'center') => void,
): void {
  useEffect(() => {
    const after = () => differences.find((at) => at > current);
    const before = () => differences.findLast((at) => at < current);
    const jump = (to: number | undefined) => to !== undefined && go(to, 'center');
    return commands.register([
      { id: 'compare.down', title: 'Next row', group: 'Path', keys: [{ key: 'j' }, { key: 'ArrowDown' }], run: () => go(current + 1) },
      { id: 'compare.up', title: 'Previous row', group: 'Path', keys: [{ key: 'k' }, { key: 'ArrowUp' }], run: () => go(current - 1) },
      { id: 'compare.after', title: 'Next difference', group: 'Path', keys: [{ key: 'n' }], run: () => jump(after()) },
      { id: 'compare.before', title: 'Previous difference', group: 'Path', keys: [{ key: 'b' }], run: () => jump(before()) },
      { id: 'compare.slowest', title: 'Where the slower one lost its time', group: 'Path', keys: [{ key: 's' }], enabled: () => slowest !== undefined, run: () => jump(slowest) },
      { id: 'compare.swap', title: 'Swap left and right', group: 'Path', keys: [{ key: 'x' }], run: swapCompared },
      { id: 'compare.close', title: 'Close the comparison', group: 'Path', keys: [{ key: 'Escape' }], run: endComparison },
    ]); // biome-ignore format: a table
  }, [current, differences, slowest, go]);
}
