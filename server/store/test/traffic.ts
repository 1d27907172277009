/** A real capture, as often as wanted: each time its packets are others, later ones. */
import { readFrames } from '../../../core/model/test/recording.ts';
import { RecordCursor } from '../../../core/wire/cursor.ts';
import { HEADER, HOP, KIND, LINEAGE } from '../../../core/wire/layout.gen.ts';

const TWO_32 = 2 ** 32;
const { batches, names } = readFrames('capture');
const cursor = new RecordCursor();

export const FUNCTIONS = [...names.functions.values()];

/** What one round of the capture has. */
const round = { ns: 0, packets: 0, hops: 0, seq: new Map<number, number>() };
for (const records of batches) {
  cursor.reset(records);
  while (cursor.next()) {
    if (cursor.isName) continue;
    round.ns = Math.max(round.ns, cursor.timeNs + 1);
    if (cursor.kind === KIND.hop || cursor.kind === KIND.drop) round.hops += 1;
    if (cursor.kind !== KIND.socket) round.packets = Math.max(round.packets, cursor.packet);
    const end = cursor.seq + cursor.numbers;
    round.seq.set(cursor.cpu, Math.max(round.seq.get(cursor.cpu) ?? 0, end));
  }
}

function put64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % TWO_32, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}

/** Batches of the round with this number, from 0 on, as of that generation. */
export function trafficOf(number: number, generation = 1): readonly Uint8Array<ArrayBuffer>[] {
  return batches.map((records) => {
    const copy = new Uint8Array(records);
    cursor.reset(copy);
    while (cursor.next()) {
      if (cursor.isName) continue;
      const { view, offset, timeNs, seq, cpu, kind } = cursor;
      put64(view, offset + HEADER.timeNs, timeNs + number * round.ns);
      view.setUint32(offset + HEADER.seq, seq + number * (round.seq.get(cpu) ?? 0), true);
      view.setUint32(offset + HEADER.generation, generation, true);
      if (kind === KIND.socket) continue;
      put64(view, offset + HOP.packet, cursor.packet + number * round.packets);
      if (kind === KIND.lineage) put64(view, offset + LINEAGE.parent, cursor.parent + number * round.packets);
    }
    return copy;
  });
}

/** Hops and drops of one round. */
export const HOPS_A_ROUND = round.hops;

/** Packets of that many rounds have ids up to this. */
export const packetsIn = (rounds: number): number => rounds * round.packets;
