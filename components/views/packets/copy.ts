/** A row for the clipboard. */
import { asFuncId } from '../../../core/base/units.ts';
import { rowExpression } from '../../../core/model/display/pcap.ts';
import { packetDetail, protocolName, verdictText } from '../../../core/model/format.ts';
import { VERDICT } from '../../../core/model/packet.ts';
import type { ColumnId } from '../../state/packets/listing.ts';
import { type CellFacts, COLUMNS } from './columns.tsx';

export const COPIES = ['text', 'capture filter', 'JSON'] as const;
export type CopyAs = (typeof COPIES)[number];

export function copyText(as: CopyAs, facts: CellFacts, columns: readonly ColumnId[]): string {
  if (as === 'capture filter') return rowExpression(facts.row);
  if (as === 'JSON') return JSON.stringify(rowJson(facts));
  return columns.map((id) => COLUMNS[id].text(facts)).join('\t');
}

/** With names as they are shown; times in nanoseconds, as the records have them. */
function rowJson({ row, cells, names, originNs }: CellFacts): object {
  const isDropped = row.verdict === VERDICT.dropped;
  return {
    packet: row.packet,
    ...(row.parent !== 0 && { parent: row.parent }),
    time: row.firstNs,
    sinceStart: row.firstNs - originNs,
    duration: row.lastNs - row.firstNs,
    namespaces: cells.namespaces,
    interfaces: [
      names.interfaceName(row.firstNetns, row.firstIfindex),
      names.interfaceName(row.lastNetns, row.lastIfindex),
    ].filter((name) => name !== ''),
    source: cells.source,
    destination: cells.destination,
    protocol: protocolName(row),
    detail: packetDetail(row),
    length: row.length,
    hops: row.hops,
    verdict: verdictText(row.verdict),
    ...(isDropped && { reason: cells.reason, location: names.locationName(row.location) }),
    ...(row.lastFunc !== 0 && { lastFunction: names.functionName(asFuncId(row.lastFunc)) }),
    translated: row.translated,
  };
}
