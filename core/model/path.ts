import { asPacketId } from '../base/units.ts';
import { RecordCursor } from '../wire/cursor.ts';
import { KIND, RELATION } from '../wire/layout.gen.ts';
import type { Decision, Free, Hop, Lineage, Path, Tail } from './hop.ts';
import { HopReader } from './reader.ts';

/**
 * One packet's path out of its raw records in any order, as the server keeps them. Records of other packets are
 * passed over; a lineage record names two, and belongs to both.
 */
export function readPath(records: Uint8Array, packet: number): Path {
  const reader = new HopReader();
  const hops: Hop[] = [];
  const decisions: Decision[] = [];
  const children: Lineage[] = [];
  const origins: Lineage[] = [];
  let free: Free | undefined;
  let told: Tail | undefined;
  const { bytes, malformed } = inOrder(records, packet);
  reader.read(bytes, {
    hop: (hop) => hops.push({ ...hop, index: hops.length }),
    free: (end) => {
      free = end;
    },
    lineage: (lineage) => {
      if (lineage.packet === packet) origins.push(lineage);
      else children.push(lineage);
    },
    tail: (tail) => {
      told = tail;
    },
    decision: (decision) => decisions.push({ ...decision, index: hops.length - 1 }),
  });
  const origin = origins.find(({ relation }) => relation !== RELATION.head);
  return {
    packet: asPacketId(packet),
    hops,
    decisions,
    origins,
    children,
    parent: origin?.parent ?? asPacketId(0),
    relation: origin?.relation ?? 0,
    free,
    ...(told && { told }),
    malformed,
  };
}

/** The packet's records sorted by time; those of one moment stay in the order in which they came. */
function inOrder(records: Uint8Array, packet: number): { bytes: Uint8Array; malformed: number } {
  const cursor = new RecordCursor();
  const places: { readonly at: number; readonly size: number; readonly time: number }[] = [];
  cursor.reset(records);
  while (cursor.next()) {
    if (cursor.isName || cursor.kind === KIND.socket) continue;
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
