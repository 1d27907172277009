/** What a packet's row says, cell by cell; also what it is found by. */

import {
  formatDuration,
  packetDetail,
  protocolName,
  rowEndpoints,
  verdictText,
} from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { type PacketRow, VERDICT } from '../../../core/model/packet.ts';

export interface RowCells {
  readonly namespaces: readonly string[];
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly detail: string;
  readonly duration: string;
  readonly verdict: string;
  readonly reason: string;
}

export function rowCells(row: PacketRow, names: NameBook): RowCells {
  const first = row.firstNetns === 0 ? '' : names.netnsName(row.firstNetns);
  const last = row.lastNetns === 0 ? '' : names.netnsName(row.lastNetns);
  return {
    namespaces: first === last ? [first].filter(Boolean) : [first, last],
    ...rowEndpoints(row),
    protocol: protocolName(row),
    detail: packetDetail(row),
    duration: formatDuration(row.lastNs - row.firstNs),
    verdict: verdictText(row.verdict),
    reason: row.verdict === VERDICT.dropped ? names.reasonName(row.reason) : '',
  };
}

/** All cells in one line. */
export function rowText(row: PacketRow, names: NameBook): string {
  const cells = rowCells(row, names);
  return [
    ...cells.namespaces,
    cells.source,
    cells.destination,
    cells.protocol,
    cells.detail,
    cells.verdict,
    cells.reason,
    row.lastFunc === 0 ? '' : names.functionName(row.lastFunc as Parameters<NameBook['functionName']>[0]),
    `#${row.packet}`,
  ].join(' ');
}
