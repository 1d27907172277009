import { RecordCursor } from '../../core/wire/cursor.ts';
import { KIND } from '../../core/wire/layout.gen.ts';

/** All events of many packets, as far as they are on the disk, oldest first. */
export interface KeptRecords {
  readonly session: number;
  readonly records: readonly Uint8Array<ArrayBuffer>[];
  /** Packets that are in more blocks than are read: of these there is nothing. */
  readonly left: readonly number[];
}

/** Of no session. */
export const NOTHING_KEPT: KeptRecords = { session: -1, records: [], left: [] };

/**
 * Records of these packets out of a batch, a copy, with all that names something; of one generation where that is given.
 */
export function recordsOfAny(
  packets: ReadonlySet<number>,
  batch: Uint8Array,
  generation?: number,
): Uint8Array<ArrayBuffer> {
  const cursor = new RecordCursor();
  cursor.reset(batch);
  const found = new Uint8Array(batch.length);
  let end = 0;
  while (cursor.next()) {
    const { kind, offset, size } = cursor;
    const isIts =
      kind !== KIND.socket &&
      cursor.generation === (generation ?? cursor.generation) &&
      (packets.has(cursor.packet) || (kind === KIND.lineage && packets.has(cursor.parent)));
    const isWanted = cursor.isName || isIts;
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
