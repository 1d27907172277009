import { asPacketId } from '../base/units.ts';
import { RecordCursor } from '../wire/cursor.ts';
import { KIND } from '../wire/layout.gen.ts';
import type { Free, Hop, Lineage, Path } from './hop.ts';
import { HopReader } from './reader.ts';

/**
 * One packet's path out of its raw records in any order, as the server keeps them. Records of other packets are
 * passed over; a lineage record names two, and belongs to both.
 */
export function readPath(records: Uint8Array, packet: number): Path {
  const reader = new HopReader();
  const hops: Hop[] = [];
  const children: Lineage[] = [];
  let origin: Lineage | undefined;
  let free: Free | undefined;
  const { bytes, malformed } = inOrder(records, packet);
  reader.read(bytes, {
    hop: (hop) => hops.push({ ...hop, index: hops.length }),
    free: (end) => {
      free = end;
    },
    lineage: (lineage) => {
      if (lineage.packet === packet) origin = lineage;
      else children.push(lineage);
    },
  });
  return {
    packet: asPacketId(packet),
    hops,
    children,
    parent: origin?.parent ?? asPacketId(0),
    relation: origin?.relation ?? 0,
    free,
    malformed,
  };
}

/** The packet's records sorted by time; those of one moment stay in the order in which they came. */
function inOrder(records: Uint8Array, packet: number): { bytes: Uint8Array; malformed: number } {
  const cursor = new RecordCursor();
  const places: { readonly at: number; readonly size: number; readonly time: number }[] = [];
  cursor.reset(records);
  while (cursor.next()) {
    if (cursor.kind === KIND.symbol) continue;
    const isOurs = cursor.packet === packet || (cursor.kind === KIND.lineage && cursor.parent === packet);
    if (isOurs) places.push({ at: cursor.offset, size: cursor.size, time: cursor.timeNs });
  }
  places.sort((a, b) => a.time - b.time);
  const bytes = new Uint8Array(places.reduce((sum, place) => sum + place.size, 0));
  let end = 0;
  for (const { at, size } of places) {
    bytes.set(records.subarray(at, at + size), end);
    end += size;
  }
  return { bytes, malformed: cursor.malformed };
}
