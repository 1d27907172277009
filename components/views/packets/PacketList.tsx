'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp, Pause, Play } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { formatCount } from '../../../core/model/format.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { isAtEnd, readingRow } from '../../state/packets/anchor.ts';
import { BY_ARRIVAL, orderRows, type Sorting, type SortKey } from '../../state/packets/order.ts';
import { packets } from '../../state/packets/store.ts';
import { useVisible } from '../../state/packets/visible.ts';
import { selectPacket, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';
import { Notice } from '../../ui/Notice.tsx';
import { GRID, PacketRowView } from './PacketRowView.tsx';

const ROW_HEIGHT = 24;
/** With many rows, sorting and finding anew is not done at every frame. */
const REORDER_MS = 400;

const COLUMNS: readonly { readonly label: string; readonly sort?: SortKey; readonly end?: boolean }[] = [
  { label: 'Time', sort: 'arrival' },
  { label: 'Namespace' },
  { label: 'Source' },
  { label: 'Destination' },
  { label: 'Protocol' },
  { label: 'Length', sort: 'length', end: true },
  { label: 'Hops', sort: 'hops', end: true },
  { label: 'Duration', sort: 'duration', end: true },
  { label: 'Verdict', sort: 'verdict' },
];

/** Every packet, one row each: live, but never moving the row that is being read. */
export function PacketList() {
  const version = useSyncExternalStore(packets.subscribe, packets.version, () => 0);
  const book = useNames((state) => state.book);
  const { rows: visible, version: visibleVersion } = useVisible();
  const selected = useSelection((state) => state.packet);
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const [sorting, setSorting] = useState<Sorting>(BY_ARRIVAL);
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const follows = useRef(true);

  // while paused, rows that come stay out; those that were let go meanwhile move the mark down
  const shown =
    pausedAt === null ? packets.size : Math.max(0, Math.min(packets.size, pausedAt - packets.forgotten));
  const isByArrival = sorting.key === 'arrival' && !sorting.descending;
  const isPlain = isByArrival && visible === null;
  const orderStamp = useThrottled(isPlain ? -1 : visibleVersion, isByArrival ? 0 : REORDER_MS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the stamp stands for the store's contents
  const order = useMemo(
    () => (isPlain ? null : orderRows(packets, shown, sorting, visible)),
    [isPlain, orderStamp, sorting, visible, pausedAt],
  );
  const count = order?.length ?? shown;
  const indexAt = useCallback(
    (position: number) => (order === null ? position : (order[position] ?? -1)),
    [order],
  );

  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
  });

  const noteScroll = useHeldPosition(scroller, version, count, order, isByArrival, follows);

  const position = useMemo(() => {
    const index = packets.indexOf(selected);
    if (order === null) return index < shown ? index : -1;
    return order.indexOf(index);
  }, [selected, order, shown]);

  const go = useCallback(
    (to: number) => {
      const next = Math.max(0, Math.min(count - 1, to));
      const row = packets.row(indexAt(next));
      if (row === undefined) return;
      follows.current = false;
      selectPacket(row.packet);
      virtualizer.scrollToIndex(next, { align: 'auto' });
      // the event comes with the next frame: rows that arrive before it would bring the old place back
      noteScroll();
    },
    [count, indexAt, virtualizer, noteScroll],
  );

  const step = useCallback(
    (by: number) => {
      const element = scroller.current;
      if (element === null) return;
      const viewport = { scrollTop: element.scrollTop, height: element.clientHeight, rowHeight: ROW_HEIGHT };
      go(position < 0 ? readingRow(viewport, count, -1) : position + by);
    },
    [go, position, count],
  );

  const togglePause = useCallback(() => {
    setPausedAt((at) => (at === null ? packets.size + packets.forgotten : null));
  }, []);

  useEffect(
    () =>
      commands.register([
        { id: 'packets.next', title: 'Next packet', group: 'Packets', keys: [{ key: 'j' }, { key: 'ArrowDown' }], run: () => step(1) },
        { id: 'packets.previous', title: 'Previous packet', group: 'Packets', keys: [{ key: 'k' }, { key: 'ArrowUp' }], run: () => step(-1) },
        { id: 'packets.first', title: 'First packet', group: 'Packets', keys: [{ key: 'Home' }], run: () => go(0) },
        { id: 'packets.last', title: 'Newest packet', group: 'Packets', keys: [{ key: 'End' }], run: () => go(count - 1) },
        { id: 'packets.pause', title: 'Pause or resume the list', group: 'Packets', keys: [{ key: ' ' }, { key: 'p' }], run: togglePause },
      ]), // biome-ignore format: a table
    [step, go, count, togglePause],
  );

  const waiting = packets.size - shown;
  return (
    <section aria-label="Packets" className="flex h-full min-h-0 flex-col bg-surface">
      <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line px-2">
        <h2 className="text-xs font-semibold">Packets</h2>
        <span className="text-muted" role="status" aria-live="off">
          {visible === null ? formatCount(shown) : `${formatCount(count)} of ${formatCount(shown)}`}
        </span>
        <Button
          look={pausedAt === null ? 'quiet' : 'outline'}
          onClick={togglePause}
          aria-pressed={pausedAt !== null}
        >
          {pausedAt === null ? <Pause size={12} aria-hidden /> : <Play size={12} aria-hidden />}
          {pausedAt === null ? 'Pause' : waiting > 0 ? `Resume, ${formatCount(waiting)} new` : 'Resume'}
        </Button>
      </div>
      {count === 0 ? (
        <EmptyList isNarrowed={visible !== null} />
      ) : (
        <div
          role="grid"
          aria-label="Packets, one row each"
          aria-rowcount={count + 1}
          aria-colcount={COLUMNS.length}
          className="flex min-h-0 flex-1 flex-col"
        >
          <div
            role="row"
            aria-rowindex={1}
            className={cn(GRID, 'h-6 shrink-0 border-b border-line bg-raised text-2xs text-muted')}
          >
            {COLUMNS.map((column) => (
              <Heading key={column.label} {...column} sorting={sorting} onSort={setSorting} />
            ))}
          </div>
          <div
            ref={scroller}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: the rows are walked with the keyboard from here
            tabIndex={0}
            role="rowgroup"
            aria-label="Rows"
            className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto outline-offset-[-2px]"
          >
            <div style={{ height: virtualizer.getTotalSize() }} className="relative">
              {virtualizer.getVirtualItems().map((item) => {
                const row = packets.row(indexAt(item.index));
                if (row === undefined) return null;
                return (
                  <PacketRowView
                    key={row.packet}
                    row={row}
                    names={book}
                    baseUnixMs={baseUnixMs}
                    position={item.index}
                    top={item.start}
                    isSelected={row.packet === selected}
                  />
                );
              })}
            </div>
          </div>
        </div>
      )}
    </section>
  );
}

function Heading({
  label,
  sort,
  end,
  sorting,
  onSort,
}: {
  readonly label: string;
  readonly sort?: SortKey;
  readonly end?: boolean;
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
}) {
  const isActive = sort === sorting.key && !(sort === 'arrival' && !sorting.descending);
  const Arrow = sorting.descending ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      aria-sort={isActive ? (sorting.descending ? 'descending' : 'ascending') : undefined}
      className={cn('min-w-0 truncate', end && 'text-right')}
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
          onClick={() => onSort(nextSorting(sorting, sort))}
        >
          {label}
          {isActive && <Arrow size={10} aria-hidden />}
        </button>
      )}
    </div>
  );
}

/** Largest first, then smallest first, then as they came. */
function nextSorting(now: Sorting, key: SortKey): Sorting {
  if (key === 'arrival') return { key, descending: now.key === 'arrival' ? !now.descending : false };
  if (now.key !== key) return { key, descending: true };
  return now.descending ? { key, descending: false } : BY_ARRIVAL;
}

function EmptyList({ isNarrowed }: { readonly isNarrowed: boolean }) {
  return isNarrowed ? (
    <Notice title="Nothing that was captured passes" level={3}>
      Display filter and time range look at what was captured. To capture other packets, change the filter
      above.
    </Notice>
  ) : (
    <Notice title="No packet yet" level={3}>
      Packets that match the filter appear here as the kernel handles them.
    </Notice>
  );
}

/**
 * The list follows what arrives while its end is in view, and otherwise keeps the row being read in its place. Returns
 * what is to be called after scrolling by program.
 */
function useHeldPosition(
  scroller: React.RefObject<HTMLDivElement | null>,
  version: number,
  count: number,
  order: Uint32Array | null,
  isByArrival: boolean,
  follows: React.RefObject<boolean>,
): () => void {
  const held = useRef<{ packet: number; offset: number } | null>(null);

  const note = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const viewport = { scrollTop: element.scrollTop, height: element.clientHeight, rowHeight: ROW_HEIGHT };
    follows.current = isAtEnd(viewport, Math.round(element.scrollHeight / ROW_HEIGHT));
    const at = Math.floor(element.scrollTop / ROW_HEIGHT);
    const row = packets.row(order === null ? at : (order[at] ?? -1));
    held.current =
      row === undefined ? null : { packet: row.packet, offset: element.scrollTop - at * ROW_HEIGHT };
  }, [scroller, order, follows]);

  const isEmpty = count === 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: without rows there is nothing to scroll
  useEffect(() => {
    const element = scroller.current;
    element?.addEventListener('scroll', note, { passive: true });
    return () => element?.removeEventListener('scroll', note);
  }, [scroller, note, isEmpty]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: runs after every change of what is shown
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    if (follows.current && isByArrival) {
      element.scrollTop = element.scrollHeight;
      return;
    }
    if (held.current === null) return;
    const index = packets.indexOf(held.current.packet);
    const at = order === null ? index : order.indexOf(index);
    if (at >= 0) element.scrollTop = at * ROW_HEIGHT + held.current.offset;
  }, [version, count, order, isByArrival]);

  return note;
}

/** The newest value, at most once in so many milliseconds. */
function useThrottled(value: number, ms: number): number {
  const [given, setGiven] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + ms - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setGiven(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return given;
}
