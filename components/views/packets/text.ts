/** What a packet's row says, cell by cell. */

import {
  formatDuration,
  packetDetail,
  protocolName,
  rowEndpoints,
  verdictName,
  verdictText,
} from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { type PacketRow, VERDICT, type VerdictName } from '../../../core/model/packet.ts';

export interface RowCells {
  readonly namespaces: readonly string[];
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly detail: string;
  readonly duration: string;
  readonly verdict: string;
  readonly reason: string;
  /** The verdict with all that the row knows of it, or what it means. */
  readonly verdictTitle: string;
}

/** What a verdict means; see docs/glossary.md. */
const MEANINGS: Readonly<Record<VerdictName, string>> = {
  inFlight: 'not ended yet',
  delivered: 'a socket has it, or a protocol that the kernel speaks itself',
  forwarded: 'routed or bridged on, and handed to a device',
  dropped: 'thrown away by the kernel',
  consumed: 'ended in order, elsewhere: sent by a driver, merged into another',
};

export function rowCells(row: PacketRow, names: NameBook): RowCells {
  const first = row.firstNetns === 0 ? '' : names.netnsName(row.firstNetns);
  const last = row.lastNetns === 0 ? '' : names.netnsName(row.lastNetns);
  const isDropped = row.verdict === VERDICT.dropped;
  const reason = isDropped ? names.reasonName(row.reason) : '';
  return {
    namespaces: first === last ? [first].filter(Boolean) : [first, last],
    ...rowEndpoints(row),
    protocol: protocolName(row),
    detail: packetDetail(row),
    duration: formatDuration(row.lastNs - row.firstNs),
    verdict: verdictText(row.verdict),
    reason,
    verdictTitle: `${verdictText(row.verdict)}: ${isDropped ? `${reason}, in ${names.locationName(row.location)}` : MEANINGS[verdictName(row.verdict)]}`,
  };
}
