import { RecordCursor } from '../../core/wire/cursor.ts';
import { KIND } from '../../core/wire/layout.gen.ts';

/** Records of these packets out of a batch, a copy, with all that names something. */
export function recordsOfAny(packets: ReadonlySet<number>, batch: Uint8Array): Uint8Array<ArrayBuffer> {
  const cursor = new RecordCursor();
  cursor.reset(batch);
  const found = new Uint8Array(batch.length);
  let end = 0;
  while (cursor.next()) {
    const { kind, offset, size } = cursor;
    const isWanted =
      kind !== KIND.socket &&
      (cursor.isName || packets.has(cursor.packet) || (kind === KIND.lineage && packets.has(cursor.parent)));
    if (!isWanted) continue;
    found.set(batch.subarray(offset, offset + size), end);
    end += size;
  }
  return found.slice(0, end);
}

/** Records of one packet out of a batch, lineage that names it included; of one generation where that is given. */
export function* recordsOf(packet: number, batch: Uint8Array, generation?: number): Generator<Uint8Array> {
  const cursor = new RecordCursor();
  cursor.reset(batch);
  while (cursor.next()) {
    const { kind } = cursor;
    if (cursor.isName || kind === KIND.socket) continue;
    if (generation !== undefined && cursor.generation !== generation) continue;
    const isIts = cursor.packet === packet || (kind === KIND.lineage && cursor.parent === packet);
    if (isIts) yield batch.subarray(cursor.offset, cursor.offset + cursor.size);
  }
}
