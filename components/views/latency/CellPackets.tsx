'use client';

import { ListFilter } from 'lucide-react';
import { useMemo, useState } from 'react';
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
import { VerdictIcon } from '../../ui/Verdict.tsx';
import { PacketWords } from '../packets/PacketWords.tsx';
import { PickList } from '../packets/PickList.tsx';
import { rowCells } from '../packets/text.ts';
import { cellKey, packetsFilter, passagesText } from './text.ts';

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
  const ids = useMemo(() => passages.map(({ packet }) => packet), [passages]);
  const [cursor, setCursor] = useState({ cell: '', at: 0 });
  const at = cursor.cell === cellKey(cell) ? Math.min(cursor.at, passages.length - 1) : 0;
  return (
    <section aria-label="Packets of the cell" className="flex h-full min-h-0 flex-col">
      <header className="flex min-h-8 shrink-0 items-center gap-2 border-b border-line bg-raised px-3 text-2xs text-muted">
        <span className="min-w-0 truncate">
          {cell.listed < cell.count
            ? `${formatCount(cell.listed)} of ${passagesText(cell.count)}, of the newest packets`
            : passagesText(cell.count)}
          , slowest first
        </span>
        <ShowInPackets cell={cell} ids={ids} />
      </header>
      <PickList
        ref={listRef}
        label="Passages of the cell"
        packets={ids}
        keyOf={(index) => index}
        at={at}
        onMove={(to) => setCursor({ cell: cellKey(cell), at: to })}
        onOpen={(index) => {
          const passage = passages[index];
          if (passage !== undefined) showPassage(passage);
        }}
        onLeave={onLeave}
        hint="Show this packet’s path where it took longest"
      >
        {(index) => {
          const passage = passages[index];
          if (passage === undefined) return null;
          const row = packets.row(packets.indexOf(passage.packet));
          return (
            <>
              <span className="w-14 shrink-0 text-right font-medium">{formatDuration(passage.tookNs)}</span>
              <span className="shrink-0 text-soft">{formatTime(asNs(passage.atNs), baseUnixMs)}</span>
              <span className="shrink-0 text-link">#{formatCount(passage.packet)}</span>
              {row === undefined ? (
                <span className="truncate text-muted">not in the list of packets any more</span>
              ) : (
                <>
                  <VerdictIcon verdict={verdictName(row.verdict)} />
                  <PacketWords cells={rowCells(row, book)} />
                </>
              )}
            </>
          );
        }}
      </PickList>
    </section>
  );
}

/** By the display filter, which can only say packets by their numbers: as long as all of them are known, and fit. */
function ShowInPackets({ cell, ids }: { readonly cell: HeatCell; readonly ids: readonly number[] }) {
  const filter = packetsFilter(ids);
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
