import type { RecordCursor } from '../wire/cursor.ts';

/**
 * The raw records of a session, newest kept: batches as they came, within a budget of bytes, and for every
 * record where the same packet's record before it is. Records are known by a running number.
 */
export class RecordStore {
  readonly #budgetBytes: number;
  readonly #capacity: number;
  /** By record number modulo capacity: position in the stream of all bytes, and distance to the packet's
   * record before (0: none, or forgotten). */
  readonly #positions: Float64Array;
  readonly #back: Uint32Array;
  #batches: Batch[] = [];
  /** Batches before this one are forgotten; taken out of the array now and then. */
  #head = 0;
  #bytes = 0;
  #nextPosition = 0;
  #next = 0;
  #oldest = 0;

  /** Room for `budgetBytes` of batches; `capacity` records at most (12 bytes each, taken at once). */
  constructor(budgetBytes: number, capacity = Math.max(1024, Math.ceil(budgetBytes / 64))) {
    this.#budgetBytes = budgetBytes;
    this.#capacity = capacity;
    this.#positions = new Float64Array(capacity);
    this.#back = new Uint32Array(capacity);
  }

  /** Bytes of records kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get budgetBytes(): number {
    return this.#budgetBytes;
  }

  /** Number of the oldest record kept, and of the next to come. */
  get oldest(): number {
    return this.#oldest;
  }

  get next(): number {
    return this.#next;
  }

  /** Keeps a batch (not a copy of it); its records follow by `addRecord`. */
  addBatch(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#batches.push({ bytes, view, position: this.#nextPosition, firstRecord: this.#next });
    this.#nextPosition += bytes.byteLength;
    this.#bytes += bytes.byteLength;
    while (this.#bytes > this.#budgetBytes && this.#batches.length - this.#head > 1) this.#forgetOldest();
  }

  /** The record at `offset` of the batch added last; `before` is the number of its packet's record before, or -1. */
  addRecord(offset: number, before: number): number {
    while (this.#next - this.#oldest >= this.#capacity) this.#forgetOldest();
    const batch = this.#batches.at(-1);
    const number = this.#next;
    const slot = number % this.#capacity;
    this.#positions[slot] = (batch?.position ?? 0) + offset;
    this.#back[slot] = before >= this.#oldest ? number - before : 0;
    this.#next = number + 1;
    return number;
  }

  /** Numbers of a packet's records that are kept, from `last` back to the oldest. */
  *chain(last: number): Generator<number> {
    for (let number = last; number >= this.#oldest; ) {
      yield number;
      const back = this.#back[number % this.#capacity] ?? 0;
      if (back === 0) return;
      number -= back;
    }
  }

  /** Where a kept record's bytes are: the batch, and the offset in it. */
  locate(number: number): { readonly bytes: Uint8Array; readonly offset: number } | undefined {
    if (number < this.#oldest || number >= this.#next) return undefined;
    const position = this.#positions[number % this.#capacity] ?? 0;
    const batch = this.#batches[this.#batchAt(position, this.#batches.length - 1)];
    return batch && { bytes: batch.bytes, offset: position - batch.position };
  }

  /** The chain of `last` without an object for each record: puts the cursor on one after the other, newest first. */
  walk(last: number, cursor: RecordCursor, visit: () => void): void {
    let high = this.#batches.length - 1;
    for (let number = last; number >= this.#oldest; ) {
      const at = number % this.#capacity;
      const position = this.#positions[at] ?? 0;
      // no record is in a younger batch than the one after it
      if ((this.#batches[high]?.position ?? 0) > position) high = this.#batchAt(position, high);
      const batch = this.#batches[high];
      if (batch === undefined) return;
      cursor.moveTo(batch.bytes, batch.view, position - batch.position);
      visit();
      const back = this.#back[at] ?? 0;
      if (back === 0) return;
      number -= back;
    }
  }

  /**
   * The oldest batch kept that begins at this place of the stream of all bytes, or behind it, and where the next one begins.
   */
  batchFrom(position: number): { readonly bytes: Uint8Array; readonly next: number } | undefined {
    const last = this.#batches.at(-1);
    if (last === undefined || position > last.position) return undefined;
    const at = this.#batchAt(position, this.#batches.length - 1);
    const found = this.#batches[at];
    const batch = found !== undefined && found.position >= position ? found : this.#batches[at + 1];
    return batch && { bytes: batch.bytes, next: batch.position + batch.bytes.byteLength };
  }

  /** Where the newest batch begins that has something from before this time (ns): what is later is there, or behind it. */
  positionSince(timeNs: number, cursor: RecordCursor): number {
    for (let at = this.#batches.length - 1; at > this.#head; at -= 1) {
      const batch = this.#batches[at];
      if (batch !== undefined && timeOf(batch, cursor) < timeNs) return batch.position;
    }
    return 0;
  }

  /** Index of the batch that has this position of the stream, which is not behind `high`. */
  #batchAt(position: number, high: number): number {
    let low = this.#head;
    let end = high;
    while (low < end) {
      const middle = (low + end + 1) >> 1;
      if ((this.#batches[middle]?.position ?? 0) <= position) low = middle;
      else end = middle - 1;
    }
    return low;
  }

  clear(): void {
    this.#batches = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#oldest = this.#next;
  }

  /** Lets go of the oldest batch and all of its records; of the only one, its oldest half of the capacity. */
  #forgetOldest(): void {
    const batch = this.#batches[this.#head];
    const following = this.#batches[this.#head + 1];
    if (batch === undefined || following === undefined) {
      this.#oldest = Math.max(this.#oldest, this.#next - (this.#capacity >> 1));
      return;
    }
    this.#bytes -= batch.bytes.byteLength;
    this.#head += 1;
    this.#oldest = Math.max(this.#oldest, following.firstRecord);
    if (this.#head < COMPACT_AT) return;
    this.#batches = this.#batches.slice(this.#head);
    this.#head = 0;
  }
}

interface Batch {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Of its first byte in the stream of all bytes. */
  readonly position: number;
  readonly firstRecord: number;
}

const COMPACT_AT = 1024;

/** Of its first event. */
function timeOf({ bytes }: Batch, cursor: RecordCursor): number {
  cursor.reset(bytes);
  while (cursor.next()) if (!cursor.isName) return cursor.timeNs;
  return Number.POSITIVE_INFINITY;
}
