'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { ListFilter } from 'lucide-react';
import { type KeyboardEvent, useMemo, useState } from 'react';
import { asNs } from '../../../core/base/units.ts';
import { formatCount, formatDuration, formatTime, verdictName } from '../../../core/model/format.ts';
import { type Heat, type HeatCell, type Passage, passagesOf } from '../../../core/model/latency/result.ts';
import { DISPLAY_MAX, setDisplay } from '../../state/display.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { selectHop, selectPacket } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { showView } from '../../state/view.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';
import { useOverscan } from '../../ui/printing.ts';
import { VerdictIcon } from '../../ui/Verdict.tsx';
import { rowCells } from '../packets/text.ts';
import { cellKey, packetsFilter, passagesText } from './text.ts';

const ROW_HEIGHT = 24;

/** The packet's path, with the cursor where it took longest; the back button leads here again. */
export function showPassage({ packet, hop }: Passage): void {
  selectPacket(packet);
  selectHop(hop);
  showView('path');
}

interface CellPacketsProps {
  readonly heat: Heat;
  readonly cell: HeatCell;
  readonly listRef: React.RefObject<HTMLDivElement | null>;
  /** Back to where the cell was chosen. */
  readonly onLeave: () => void;
}

/** The packets whose passages are in a cell, the slowest first. Keys walk them, Enter or a click shows the path. */
export function CellPackets({ heat, cell, listRef, onLeave }: CellPacketsProps) {
  const { book } = useNames();
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const passages = useMemo(
    () => passagesOf(heat, cell).sort((a, b) => b.tookNs - a.tookNs || a.atNs - b.atNs),
    [heat, cell],
  );
  const [cursor, setCursor] = useState({ cell: '', at: 0 });
  const at = cursor.cell === cellKey(cell) ? Math.min(cursor.at, passages.length - 1) : 0;
  const virtualizer = useVirtualizer({
    count: passages.length,
    getScrollElement: () => listRef.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: useOverscan(),
  });
  const go = (to: number) => {
    const next = Math.max(0, Math.min(passages.length - 1, to));
    setCursor({ cell: cellKey(cell), at: next });
    virtualizer.scrollToIndex(next, { align: 'auto' });
  };
  const open = () => {
    const passage = passages[at];
    if (passage !== undefined) showPassage(passage);
  };
  const moves: Readonly<Record<string, () => void>> = {
    ArrowDown: () => go(at + 1),
    j: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    k: () => go(at - 1),
    Home: () => go(0),
    End: () => go(passages.length - 1),
    Enter: open,
    Escape: onLeave,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  };
  return (
    <section aria-label="Packets of the cell" className="flex h-full min-h-0 flex-col">
      <header className="flex min-h-8 shrink-0 items-center gap-2 border-b border-line bg-raised px-3 text-2xs text-muted">
        <span className="min-w-0 truncate">
          {cell.listed < cell.count
            ? `${formatCount(cell.listed)} of ${passagesText(cell.count)}, of the newest packets`
            : passagesText(cell.count)}
          , slowest first
        </span>
        <ShowInPackets cell={cell} passages={passages} />
      </header>
      <div
        ref={listRef}
        role="listbox"
        tabIndex={0}
        aria-label="Passages of the cell"
        aria-activedescendant={passages.length > 0 ? `passage-${at}` : undefined}
        onKeyDown={onKeyDown}
        className="min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]"
      >
        <div style={{ height: virtualizer.getTotalSize() }} role="none" className="relative">
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const passage = passages[index];
            if (passage === undefined) return null;
            const row = packets.row(packets.indexOf(passage.packet));
            const cells = row && rowCells(row, book);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the list's own keys walk the rows
              <div
                key={index}
                id={`passage-${index}`}
                role="option"
                aria-selected={index === at}
                data-passage={passage.packet}
                title="Show this packet’s path where it took longest"
                onClick={() => showPassage(passage)}
                style={{ transform: `translateY(${start}px)` }}
                className={cn(
                  'absolute inset-x-0 top-0 flex h-6 cursor-pointer items-center gap-3 px-3 whitespace-nowrap',
                  index === at ? 'bg-selected shadow-[inset_2px_0_0_var(--focus)]' : 'hover:bg-hover',
                )}
              >
                <span className="w-14 shrink-0 text-right font-medium">{formatDuration(passage.tookNs)}</span>
                <span className="shrink-0 text-soft">{formatTime(asNs(passage.atNs), baseUnixMs)}</span>
                <span className="shrink-0 text-link">#{formatCount(passage.packet)}</span>
                {row === undefined || cells === undefined ? (
                  <span className="truncate text-muted">not in the list of packets any more</span>
                ) : (
                  <>
                    <VerdictIcon verdict={verdictName(row.verdict)} />
                    <span className="min-w-0 truncate">
                      <span className="font-medium">{cells.protocol}</span>{' '}
                      <span className="text-soft">{cells.detail}</span> {cells.source}
                      {cells.destination !== '' && <span className="text-muted"> → </span>}
                      {cells.destination}
                    </span>
                  </>
                )}
              </div>
            );
          })}
        </div>
      </div>
    </section>
  );
}

/** By the display filter, which can only say packets by their numbers: as long as all of them are known, and fit. */
function ShowInPackets({
  cell,
  passages,
}: {
  readonly cell: HeatCell;
  readonly passages: readonly Passage[];
}) {
  const filter = packetsFilter(passages.map(({ packet }) => packet));
  const isAll = cell.listed === cell.count && filter.length <= DISPLAY_MAX;
  return (
    <Button
      look="quiet"
      className="ml-auto"
      disabled={!isAll}
      title={isAll ? 'By a display filter of their numbers' : 'These are too many for a display filter'}
      onClick={() => {
        setDisplay(filter);
        showView('packets');
      }}
    >
      <ListFilter size={12} aria-hidden /> Show in Packets
    </Button>
  );
}
