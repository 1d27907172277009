'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useMemo } from 'react';
import type { DropGroup } from '../../../core/model/aggregate/drops.ts';
import { formatCount, formatTime } from '../../../core/model/format.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { selectPacket } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { cn } from '../../ui/cn.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { useOverscan } from '../../ui/printing.ts';
import { rowCells } from '../packets/text.ts';
import { showPath } from './DropDetail.tsx';

const ROW_HEIGHT = 24;

interface DropPacketsProps {
  readonly group: DropGroup;
  /** Whose explanation is shown. */
  readonly current: number;
  readonly listRef: React.RefObject<HTMLDivElement | null>;
}

/** The group's packets, newest first. Keys select, and so explain; a click or Enter shows the path. */
export function DropPackets({ group, current, listRef }: DropPacketsProps) {
  const { book } = useNames();
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const newest = useMemo(() => {
    const order = Uint32Array.from(group.packets, (_, i) => i);
    return order.sort((a, b) => (group.times[b] ?? 0) - (group.times[a] ?? 0));
  }, [group]);
  const packetAt = (i: number) => group.packets[newest[i] ?? -1] ?? 0;
  const overscan = useOverscan();
  const virtualizer = useVirtualizer({
    count: newest.length,
    getScrollElement: () => listRef.current,
    estimateSize: () => ROW_HEIGHT,
    overscan,
  });
  const at = newest.findIndex((_, i) => packetAt(i) === current);
  const go = (to: number) => {
    const next = Math.max(0, Math.min(newest.length - 1, to));
    selectPacket(packetAt(next));
    virtualizer.scrollToIndex(next, { align: 'auto' });
  };
  const moves: Readonly<Record<string, () => void>> = {
    ArrowDown: () => go(at + 1),
    j: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    k: () => go(at - 1),
    Home: () => go(0),
    End: () => go(newest.length - 1),
    Enter: () => showPath(current),
    Escape: () => listRef.current?.blur(),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  };
  return (
    <div className="flex max-h-[45%] min-h-24 flex-col">
      <h4 className="shrink-0 border-b border-line bg-raised px-3 py-1 text-2xs text-muted">
        {formatCount(group.count)} packets, newest first
      </h4>
      <div
        ref={listRef}
        role="listbox"
        tabIndex={0}
        aria-label="Packets of the group"
        aria-activedescendant={at >= 0 ? `drop-${current}` : undefined}
        onKeyDown={onKeyDown}
        className="min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]"
        style={{ minHeight: Math.min(8, newest.length) * ROW_HEIGHT }}
      >
        <div style={{ height: virtualizer.getTotalSize() }} role="none" className="relative">
          {virtualizer.getVirtualItems().map((item) => {
            const packet = packetAt(item.index);
            const row = packets.row(packets.indexOf(packet));
            if (row === undefined) return null;
            const cells = rowCells(row, book);
            const isCurrent = packet === current;
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the list's own keys walk the rows
              <div
                key={packet}
                id={`drop-${packet}`}
                role="option"
                aria-selected={isCurrent}
                data-drop={packet}
                onClick={() => showPath(packet)}
                style={{ transform: `translateY(${item.start}px)` }}
                className={cn(
                  'absolute inset-x-0 top-0 flex h-6 cursor-pointer items-center gap-3 px-3 whitespace-nowrap',
                  isCurrent ? 'bg-selected shadow-[inset_2px_0_0_var(--focus)]' : 'hover:bg-hover',
                )}
              >
                <span className="text-soft">{formatTime(row.lastNs, baseUnixMs)}</span>
                <NetnsName name={cells.namespaces.at(-1) ?? 'unknown'} />
                <span className="min-w-0 truncate">
                  <span className="font-medium">{cells.protocol}</span>{' '}
                  <span className="text-soft">{cells.detail}</span> {cells.source}
                  {cells.destination !== '' && <span className="text-muted"> → </span>}
                  {cells.destination}
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
