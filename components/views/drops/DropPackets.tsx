'use client';

import { useMemo } from 'react';
import type { DropGroup } from '../../../core/model/aggregate/drops.ts';
import { formatCount, formatTime } from '../../../core/model/format.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { selectPacket } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { PacketWords } from '../packets/PacketWords.tsx';
import { PickList } from '../packets/PickList.tsx';
import { rowCells } from '../packets/text.ts';
import { showPath } from './DropDetail.tsx';

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
    order.sort((a, b) => (group.times[b] ?? 0) - (group.times[a] ?? 0));
    return Float64Array.from(order, (i) => group.packets[i] ?? 0);
  }, [group]);
  return (
    <div className="flex max-h-[45%] min-h-24 flex-col">
      <h4 className="shrink-0 border-b border-line bg-raised px-3 py-1 text-2xs text-muted">
        {formatCount(group.count)} {group.count === 1 ? 'packet' : 'packets'}, newest first
      </h4>
      <PickList
        ref={listRef}
        label="Packets of the group"
        packets={newest}
        at={newest.indexOf(current)}
        onMove={(to) => selectPacket(newest[to] ?? 0)}
        onOpen={(at) => showPath(newest[at] ?? current)}
        onLeave={() => listRef.current?.blur()}
        linesMin={8}
      >
        {(at) => {
          const row = packets.row(packets.indexOf(newest[at] ?? 0));
          if (row === undefined) return null;
          const cells = rowCells(row, book);
          return (
            <>
              <span className="text-soft">{formatTime(row.lastNs, baseUnixMs)}</span>
              <NetnsName name={cells.namespaces.at(-1) ?? 'unknown'} />
              <PacketWords cells={cells} />
            </>
          );
        }}
      </PickList>
    </div>
  );
}
