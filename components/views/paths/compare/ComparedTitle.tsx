'use client';

import { formatCount, formatDuration, verdictName } from '../../../../core/model/format.ts';
import { VERDICT } from '../../../../core/model/packet.ts';
import { useNames } from '../../../state/names.ts';
import type { Compared } from '../../../state/paths/compare.ts';
import { VerdictBadge } from '../../../ui/Verdict.tsx';
import { rowCells } from '../../packets/text.ts';
import { usePacketRow } from '../../path/usePath.ts';

/** Which packet, what it is, and how it ended. */
export function ComparedTitle({ compared }: { readonly compared: Compared }) {
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
