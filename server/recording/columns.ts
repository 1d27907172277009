/**
 * A block of frames turned around, so that it compresses to a third: what stands at the same place in records of the same
 * size stands beside each other, each byte as its difference to the record of that size before. Without loss, whatever the
 * bytes are: what is no record stays as it is. All numbers little-endian:
 *
 *     u32 rows, u32 runs
 *     u8  for each row: its size in units of 8 bytes when it is a record, 0 when it is a run of other bytes
 *     u32 for each run: its bytes
 *     the bytes of all runs
 *     for each size of records, smallest first: its first bytes, its second bytes, …
 */
import { FRAME_HEADER_BYTES, FRAME_TYPE } from '../../core/messages/frames.ts';
import { HEADER, LIMITS } from '../../core/wire/layout.gen.ts';

const UNIT = 8;
const UNITS_MAX = LIMITS.recordMax / UNIT;
const HEAD_BYTES = 8;

/** Bytes that a block of so many is at most when it is turned around: a row takes 5 more at most, and all but the last have 5. */
export const turnedMax = (rawBytes: number): number => HEAD_BYTES + 5 + 2 * rawBytes;

/** Units of the record that begins there, 0 when none does that ends before `end`. */
function unitsAt(raw: Buffer, at: number, end: number): number {
  if (at + UNIT > end) return 0;
  const size = raw.readUInt16LE(at + HEADER.recordSize);
  return size % UNIT === 0 && size <= LIMITS.recordMax && at + size <= end ? size / UNIT : 0;
}

/** Units of each row, and the bytes of each run. */
function rowsOf(raw: Buffer): { readonly sizes: readonly number[]; readonly runs: readonly number[] } {
  const sizes: number[] = [];
  const runs: number[] = [];
  let runFrom = 0;
  const endRun = (at: number) => {
    if (at === runFrom) return;
    sizes.push(0);
    runs.push(at - runFrom);
  };
  for (let frame = 0; frame + FRAME_HEADER_BYTES <= raw.length; ) {
    const payload = frame + FRAME_HEADER_BYTES;
    const end = Math.min(raw.length, Math.max(payload, payload - 1 + raw.readUInt32LE(frame)));
    let at = payload;
    if (raw[payload - 1] === FRAME_TYPE.batch)
      for (let units = unitsAt(raw, at, end); units > 0; units = unitsAt(raw, at, end)) {
        endRun(at);
        sizes.push(units);
        at += units * UNIT;
        runFrom = at;
      }
    frame = end;
  }
  endRun(raw.length);
  return { sizes, runs };
}

/** Where the next record of each size goes, or comes from, in the columns of its size; which was the last of it. */
class Tables {
  readonly counts = new Uint32Array(UNITS_MAX + 1);
  readonly next = new Uint32Array(UNITS_MAX + 1);
  readonly last = new Int32Array(UNITS_MAX + 1).fill(-1);

  /** Of so many rows of each size; they begin there. The number of bytes where they end. */
  place(at: number): number {
    let end = at;
    for (let units = 1; units <= UNITS_MAX; units += 1) {
      this.next[units] = end;
      end += (this.counts[units] ?? 0) * units * UNIT;
    }
    return end;
  }
}

/** A block's frames, turned around. */
export function turn(raw: Buffer): Buffer {
  const { sizes, runs } = rowsOf(raw);
  const tables = new Tables();
  for (const units of sizes) tables.counts[units] = (tables.counts[units] ?? 0) + 1;
  const runBytes = runs.reduce((sum, bytes) => sum + bytes, 0);
  let runAt = HEAD_BYTES + sizes.length + 4 * runs.length;
  const turned = Buffer.allocUnsafe(tables.place(runAt + runBytes));
  turned.writeUInt32LE(sizes.length, 0);
  turned.writeUInt32LE(runs.length, 4);
  turned.set(sizes, HEAD_BYTES);
  for (const [i, bytes] of runs.entries()) turned.writeUInt32LE(bytes, HEAD_BYTES + sizes.length + 4 * i);
  let at = 0;
  let run = 0;
  for (const units of sizes) {
    if (units === 0) {
      const bytes = runs[run++] ?? 0;
      raw.copy(turned, runAt, at, at + bytes);
      runAt += bytes;
      at += bytes;
      continue;
    }
    const count = tables.counts[units] ?? 0;
    const last = tables.last[units] ?? -1;
    let to = tables.next[units] ?? 0;
    tables.next[units] = to + 1;
    tables.last[units] = at;
    const end = at + units * UNIT;
    if (last < 0) for (let from = at; from < end; from += 1, to += count) turned[to] = raw[from] ?? 0;
    else
      for (let from = at, before = last; from < end; from += 1, before += 1, to += count)
        turned[to] = (raw[from] ?? 0) - (raw[before] ?? 0);
    at = end;
  }
  return turned;
}

/** What was turned around; undefined when these bytes are nothing of that kind, or not of `rawBytes`. */
export function turnBack(turned: Buffer, rawBytes: number): Buffer | undefined {
  if (turned.length < HEAD_BYTES) return undefined;
  const rows = turned.readUInt32LE(0);
  const runs = turned.readUInt32LE(4);
  const runsAt = HEAD_BYTES + rows;
  let runAt = runsAt + 4 * runs;
  if (runAt > turned.length) return undefined;
  const sizes = turned.subarray(HEAD_BYTES, runsAt);
  const tables = new Tables();
  let recordBytes = 0;
  for (const units of sizes) {
    if (units > UNITS_MAX) return undefined;
    tables.counts[units] = (tables.counts[units] ?? 0) + 1;
    recordBytes += units * UNIT;
  }
  let runBytes = 0;
  for (let i = 0; i < runs; i += 1) runBytes += turned.readUInt32LE(runsAt + 4 * i);
  const isOfThem = tables.counts[0] === runs && recordBytes + runBytes === rawBytes;
  if (!isOfThem || tables.place(runAt + runBytes) !== turned.length) return undefined;
  const raw = Buffer.allocUnsafe(rawBytes);
  let at = 0;
  let run = 0;
  for (const units of sizes) {
    if (units === 0) {
      const bytes = turned.readUInt32LE(runsAt + 4 * run++);
      turned.copy(raw, at, runAt, runAt + bytes);
      runAt += bytes;
      at += bytes;
      continue;
    }
    const count = tables.counts[units] ?? 0;
    const last = tables.last[units] ?? -1;
    let from = tables.next[units] ?? 0;
    tables.next[units] = from + 1;
    tables.last[units] = at;
    const end = at + units * UNIT;
    if (last < 0) for (let to = at; to < end; to += 1, from += count) raw[to] = turned[from] ?? 0;
    else
      for (let to = at, before = last; to < end; to += 1, before += 1, from += count)
        raw[to] = (turned[from] ?? 0) + (raw[before] ?? 0);
    at = end;
  }
  return raw;
}
