'use client';

import { useCallback, useRef, useSyncExternalStore } from 'react';
import { tailText } from '../../../core/model/follow.ts';
import { formatCount } from '../../../core/model/format.ts';
import { setSorting, useListing } from '../../state/packets/listing.ts';
import { packets } from '../../state/packets/store.ts';
import { useSelection } from '../../state/selection.ts';
import { useIsLive, useSession } from '../../state/session.ts';
import { GridRows, HeadRow } from '../../ui/GridRows.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { ROW_HEIGHT } from '../../ui/rowLook.ts';
import { COLUMNS, gridOf } from './columns.tsx';
import { GroupRow } from './GroupRow.tsx';
import { Heading } from './Heading.tsx';
import { ListBar } from './ListBar.tsx';
import { isByArrival } from './lines.ts';
import { indexAt, openMenuOf } from './menuTarget.ts';
import { GRID, PacketRowView } from './PacketRowView.tsx';
import { RowMenu } from './RowMenu.tsx';
import { useFacts } from './useFacts.ts';
import { useHeldPosition } from './useHeldPosition.ts';
import { useLines } from './useLines.ts';
import { usePacketCommands } from './usePacketCommands.ts';
import { usePacketCursor } from './usePacketCursor.ts';
import { usePause } from './usePause.ts';
import { useRowCopy } from './useRowCopy.ts';
import { useSaid } from './useSaid.ts';
import { useTints } from './useTints.ts';

/** More rows than are ever drawn at once: one that leaves at one end is used again at the other. */
const ROWS_REUSED = 256;

/** What passes display filter and time range, one row each: live, but never moving the row that is being read. */
export function PacketList() {
  const version = useSyncExternalStore(packets.subscribe, packets.version, () => 0);
  const selected = useSelection((state) => state.packet);
  const columns = useListing((state) => state.columns);
  const sorting = useListing((state) => state.sorting);
  const scroller = useRef<HTMLDivElement>(null);
  const [said, say] = useSaid();
  const { pausedAt, shown, toggle: togglePause } = usePause();
  const { lines, isNarrowed, collapsed, setCollapsed } = useLines(sorting, shown, pausedAt);
  const { count, groups } = lines;
  // a recording is read from its beginning
  const isLive = useIsLive();
  const mayFollow = isLive && isByArrival(sorting) && groups === null;
  const held = useHeldPosition(scroller, version, lines, mayFollow);
  const cursor = usePacketCursor(lines, held, say);
  const copy = useRowCopy(say);
  const facts = useFacts(ROWS_REUSED);
  usePacketCommands({
    ...cursor,
    togglePause,
    openMenu: useCallback(() => openMenuOf(scroller.current), []),
    copy: useCallback((as) => copy(as, packets.indexOf(useSelection.getState().packet)), [copy]),
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
              onCopy={(as, { row }) => copy(as, packets.indexOf(row.packet))}
            >
              <GridRows ref={scroller} label="Rows" height={count * ROW_HEIGHT}>
                {positions(held).map((place) => {
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
  const tail = useSession(({ snapshot }) =>
    snapshot?.capture.phase === 'running' ? snapshot.capture.spec.tail : undefined,
  );
  const followed = useSession(({ stats }) => stats?.tracer.packets ?? 0);
  if (tail !== undefined && !isNarrowed)
    return (
      <Notice title="No packet to tell of yet" level={3}>
        {formatCount(followed)} packets were followed. Told are, at their end: {tailText(tail)}.
      </Notice>
    );
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

function toggled(keys: ReadonlySet<number>, key: number): ReadonlySet<number> {
  const next = new Set(keys);
  if (!next.delete(key)) next.add(key);
  return next;
}
