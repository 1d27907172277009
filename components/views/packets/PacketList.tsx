'use client';

import { useCallback, useRef, useState, useSyncExternalStore } from 'react';
import { VERDICT } from '../../../core/model/packet.ts';
import { rowVerdict } from '../../../core/wire/rows.ts';
import { announce } from '../../state/announce.ts';
import { useNames } from '../../state/names.ts';
import { readingRow } from '../../state/packets/anchor.ts';
import { setSorting, useListing } from '../../state/packets/listing.ts';
import { packets } from '../../state/packets/store.ts';
import { selectPacket, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { GridRows, HeadRow } from '../../ui/GridRows.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { ROW_HEIGHT } from '../../ui/rowLook.ts';
import { useRowWindow } from '../../ui/useRowWindow.ts';
import { COLUMNS, factsOf, gridOf } from './columns.tsx';
import { type CopyAs, copyText } from './copy.ts';
import { GroupRow } from './GroupRow.tsx';
import { Heading } from './Heading.tsx';
import { ListBar } from './ListBar.tsx';
import { isByArrival } from './lines.ts';
import { GRID, PacketRowView } from './PacketRowView.tsx';
import { RowMenu } from './RowMenu.tsx';
import { useFacts } from './useFacts.ts';
import { useHeldPosition } from './useHeldPosition.ts';
import { useLines } from './useLines.ts';
import { usePacketCommands } from './usePacketCommands.ts';
import { useSaid } from './useSaid.ts';
import { useTints } from './useTints.ts';

/** More rows than are ever drawn at once: one that leaves at one end is used again at the other. */
const ROWS_REUSED = 256;

/** What passes display filter and time range, one row each: live, but never moving the row that is being read. */
export function PacketList() {
  const version = useSyncExternalStore(packets.subscribe, packets.version, () => 0);
  const selected = useSelection((state) => state.packet);
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const columns = useListing((state) => state.columns);
  const sorting = useListing((state) => state.sorting);
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [said, say] = useSaid();

  // while paused, rows that come stay out; those that were let go meanwhile move the mark down
  const shown =
    pausedAt === null ? packets.size : Math.max(0, Math.min(packets.size, pausedAt - packets.forgotten));
  const { lines, isNarrowed, collapsed, setCollapsed } = useLines(sorting, shown, pausedAt);
  const { count, groups } = lines;
  const mayFollow = isByArrival(sorting) && groups === null;
  const noteScroll = useHeldPosition(scroller, version, lines, mayFollow, follows);
  const rowWindow = useRowWindow(scroller, count, ROW_HEIGHT, { isAtEnd: follows.current && mayFollow });
  const { scrollTo } = rowWindow;
  const position = lines.find(packets.indexOf(selected));
  const facts = useFacts(ROWS_REUSED);

  /** Selects the row at this place, or the next one in the direction when it is a heading. */
  const go = useCallback(
    (to: number, by: 1 | -1) => {
      let next = Math.max(0, Math.min(count - 1, to));
      while (lines.at(next) < 0 && next + by >= 0 && next + by < count) next += by;
      const row = packets.row(lines.at(next));
      if (row === undefined) return;
      follows.current = false;
      selectPacket(row.packet);
      scrollTo(next);
      // the event comes with the next frame: rows that arrive before it would bring the old place back
      noteScroll();
    },
    [count, lines, scrollTo, noteScroll],
  );
  const step = useCallback(
    (by: number) => {
      const element = scroller.current;
      if (element === null) return;
      const viewport = { scrollTop: element.scrollTop, height: element.clientHeight, rowHeight: ROW_HEIGHT };
      go(position < 0 ? readingRow(viewport, count, -1) : position + by, by > 0 ? 1 : -1);
    },
    [go, position, count],
  );
  const toDrop = useCallback(
    (by: 1 | -1) => {
      for (
        let at = position < 0 ? (by > 0 ? 0 : count - 1) : position + by;
        at >= 0 && at < count;
        at += by
      ) {
        const index = lines.at(at);
        if (
          index >= 0 &&
          index < packets.size &&
          rowVerdict(packets.view, packets.offsetOf(index)) === VERDICT.dropped
        )
          return go(at, by);
      }
      say(by > 0 ? 'No drop after this' : 'No drop before this');
    },
    [position, count, lines, go, say],
  );
  const copy = useCallback(
    async (as: CopyAs, index: number) => {
      const row = packets.row(index);
      if (row === undefined) return say('No packet is selected');
      const own = factsOf(row, useNames.getState().book, baseUnixMs, packets.originNs);
      try {
        await navigator.clipboard.writeText(copyText(as, own, columns));
        say(`Copied as ${as}`);
      } catch {
        // no clipboard outside https and localhost
        say('The browser does not let the page copy');
      }
    },
    [say, columns, baseUnixMs],
  );
  const togglePause = useCallback(() => {
    announce(pausedAt === null ? 'The list is paused' : 'The list goes on');
    setPausedAt(pausedAt === null ? packets.size + packets.forgotten : null);
  }, [pausedAt]);
  usePacketCommands({
    step,
    toDrop,
    togglePause,
    goFirst: useCallback(() => go(0, 1), [go]),
    goLast: useCallback(() => go(count - 1, -1), [go, count]),
    openMenu: useCallback(() => openMenuOf(scroller.current), []),
    copy: useCallback((as) => void copy(as, packets.indexOf(useSelection.getState().packet)), [copy]),
    collapseAll: useCallback(
      (isCollapsed) => setCollapsed(new Set(isCollapsed ? (groups?.keys ?? []) : [])),
      [groups, setCollapsed],
    ),
    isGrouped: groups !== null,
  });
  const tintOf = useTints();
  const grid = gridOf(columns);

  return (
    <section aria-label="Packets" className="flex h-full min-h-0 flex-col bg-surface">
      <ListBar
        rows={isNarrowed ? lines.rows : shown}
        shown={shown}
        groups={groups?.size}
        isPaused={pausedAt !== null}
        waiting={packets.size - shown}
        onPause={togglePause}
        said={said}
      />
      {count === 0 ? (
        <EmptyList isNarrowed={isNarrowed} />
      ) : (
        <div className="min-h-0 flex-1 overflow-x-auto overflow-y-hidden">
          <div
            role="grid"
            aria-label="Packets, one row each"
            aria-rowcount={count + 1}
            aria-colcount={columns.length}
            className="flex h-full flex-col"
            style={{ '--columns': grid.template, minWidth: grid.minWidth } as React.CSSProperties}
          >
            <HeadRow className={GRID}>
              {columns.map((id) => (
                <Heading key={id} column={COLUMNS[id]} sorting={sorting} onSort={setSorting} />
              ))}
            </HeadRow>
            <RowMenu
              factsAt={(target) => facts(indexAt(target, selected))}
              onCopy={(as, { row }) => void copy(as, packets.indexOf(row.packet))}
            >
              <GridRows ref={scroller} label="Rows" height={count * ROW_HEIGHT}>
                {positions(rowWindow).map((place) => {
                  const index = lines.at(place);
                  const own = facts(index >= 0 ? index : lines.sample(-1 - index));
                  if (own === undefined) return null;
                  if (index >= 0)
                    return (
                      <PacketRowView
                        key={place % ROWS_REUSED}
                        facts={own}
                        columns={columns}
                        position={place}
                        top={place * ROW_HEIGHT}
                        isSelected={own.row.packet === selected}
                        tint={tintOf(index)}
                      />
                    );
                  const key = groups?.keys[-1 - index] ?? 0;
                  return groups === null ? null : (
                    <GroupRow
                      key={`group ${key}`}
                      groups={groups}
                      group={-1 - index}
                      sample={own}
                      isOpen={!collapsed.has(key)}
                      onToggle={() => setCollapsed(toggled(collapsed, key))}
                      columnCount={columns.length}
                      position={place}
                      top={place * ROW_HEIGHT}
                    />
                  );
                })}
              </GridRows>
            </RowMenu>
          </div>
        </div>
      )}
    </section>
  );
}

/** Places in the list to draw. */
const positions = ({ first, end }: { readonly first: number; readonly end: number }): number[] =>
  Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);

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

/** The row that was clicked in, or the selected one when the list itself was. */
function indexAt(target: EventTarget | null, selected: number): number {
  if (!(target instanceof Element)) return -1;
  if (target.closest('[data-heading]') !== null) return -1;
  const packet = target.closest('[data-packet]')?.getAttribute('data-packet');
  return packets.indexOf(packet === null || packet === undefined ? selected : Number(packet));
}

/** The menu opens beside the selected row, as if that was clicked. */
function openMenuOf(scroller: HTMLElement | null): void {
  const row = scroller?.querySelector('[data-packet][aria-selected="true"]');
  if (row === null || row === undefined) return;
  const { left, bottom } = row.getBoundingClientRect();
  row.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, clientX: left + 24, clientY: bottom }));
}

function toggled(keys: ReadonlySet<number>, key: number): ReadonlySet<number> {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
}
