/** Long paths out of records that were read from the disk. */
import { SessionAssembler } from '../../core/model/assembler.ts';
import { type PackedEnds, packEnds, packHops } from '../../core/model/long-path.ts';
import { RecordCursor } from '../../core/wire/cursor.ts';
import { LONG_PATH_HOPS } from '../../core/wire/hops.ts';
import { KIND } from '../../core/wire/layout.gen.ts';

/** Children of one packet, which have a row each. */
const PACKETS_MAX = 1 << 16;

/** Whether these records of one packet are so many that a page gets its hops as columns. */
export function isLongPath(records: Uint8Array): boolean {
  const cursor = new RecordCursor();
  cursor.reset(records);
  let hops = 0;
  while (cursor.next()) if (cursor.kind === KIND.hop || cursor.kind === KIND.drop) hops += 1;
  return hops > LONG_PATH_HOPS;
}

/** A packet's hops as columns, and the records of its two ends. */
export function packPath(
  records: Uint8Array,
  packet: number,
): { readonly hops: ArrayBuffer; readonly ends: PackedEnds } {
  const alone = new SessionAssembler({ budgetBytes: records.length + 1, maxPackets: PACKETS_MAX });
  alone.take(records);
  const hops = packHops(alone, packet);
  return { hops, ends: packEnds(alone, packet, hops) };
}
