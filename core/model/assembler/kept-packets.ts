import type { RecordCursor } from '../../wire/cursor.ts';
import { ROW, ROW_BIT, ROW_BYTES, readRow } from '../../wire/rows.ts';
import type { PacketRow } from '../packet.ts';
import { PATH_UNKNOWN, type PathTable } from '../path-table.ts';
import { RecordStore } from '../record-store.ts';
import { RowPaths } from '../row-paths.ts';
import { RowTable } from '../row-table.ts';

export interface RowBatch {
  /** Packed rows, oldest change first; see core/wire/rows.ts. */
  readonly rows: Uint8Array<ArrayBuffer>;
  /** To be passed back for what changes after these. */
  readonly version: number;
  /** Whether there are changed rows that did not fit. */
  readonly more: boolean;
}

const NO_RECORD = -1;

/**
 * The newest packets of a session: each has a row, in a slot, and a chain of its raw records. Knows what gave way, and
 * nothing of what the records say.
 */
export class KeptPackets {
  readonly #rows: RowTable;
  readonly #store: RecordStore;
  readonly #paths: RowPaths;
  /** By slot: numbers of the packet's first and last record. */
  readonly #first: Float64Array;
  readonly #last: Float64Array;

  /**
   * @param budgetBytes of raw records
   * @param maxPackets whose rows are kept
   */
  constructor(budgetBytes: number, maxPackets: number) {
    this.#rows = new RowTable(maxPackets);
    this.#store = new RecordStore(budgetBytes);
    this.#paths = new RowPaths(maxPackets);
    this.#first = new Float64Array(maxPackets);
    this.#last = new Float64Array(maxPackets);
  }

  get size(): number {
    return this.#rows.size;
  }

  /** Rows that gave way to newer packets. */
  get evicted(): number {
    return this.#rows.evicted;
  }

  /** See {@link RecordStore.batchFrom}. */
  batchFrom(position: number) {
    return this.#store.batchFrom(position);
  }

  /** See {@link RecordStore.positionSince}. */
  positionSince(timeNs: number, cursor: RecordCursor): number {
    return this.#store.positionSince(timeNs, cursor);
  }

  /** Of records kept, and how many there may be. */
  get bytes(): number {
    return this.#store.bytes;
  }

  get budgetBytes(): number {
    return this.#store.budgetBytes;
  }

  /** Counts changes of rows. */
  get version(): number {
    return this.#rows.version;
  }

  /** All packed rows; that of a slot starts at `slot * ROW_BYTES`. */
  get view(): DataView<ArrayBuffer> {
    return this.#rows.view;
  }

  /** Distinct paths that were given a number. */
  get paths(): PathTable {
    return this.#paths.table;
  }

  /** Packets whose path had no number when it was read. */
  get unnumbered(): number {
    return this.#paths.unnumbered;
  }

  /** Keeps a batch (not a copy of it); its records follow by {@link chain}. */
  addBatch(batch: Uint8Array): void {
    this.#store.addBatch(batch);
  }

  /** Slot of a packet, -1 when it is not, or no longer, kept. */
  find(packet: number): number {
    return this.#rows.find(packet);
  }

  /** An empty row for a packet whose first record is the next to be chained; the oldest gives way. Its slot. */
  add(packet: number, firstNs: number): number {
    const slot = this.#rows.add(packet);
    const at = slot * ROW_BYTES;
    this.view.setFloat64(at + ROW.packet, packet, true);
    this.view.setFloat64(at + ROW.firstNs, firstNs, true);
    this.#first[slot] = this.#store.next;
    this.#last[slot] = NO_RECORD;
    this.#paths.begin(slot);
    return slot;
  }

  /** The row in this slot has changed. */
  touch(slot: number): void {
    this.#rows.touch(slot);
  }

  /** The record at `offset` of the batch added last belongs to the packet in this slot, too. */
  chain(slot: number, offset: number): void {
    this.#last[slot] = this.#store.addRecord(offset, this.#last[slot] ?? NO_RECORD);
  }

  /** Lets go of all of it: another session begins. */
  clear(): void {
    this.#store.clear();
    this.#rows.clear();
    this.#paths.clear();
  }

  /** Ids of the packets that came last, newest first. */
  newest(max: number): Float64Array<ArrayBuffer> {
    return this.#rows.newest(max);
  }

  /** What is known of a packet; undefined when it is not, or no longer, kept. */
  row(packet: number): PacketRow | undefined {
    const slot = this.find(packet);
    return slot < 0 ? undefined : readRow(this.view, slot * ROW_BYTES);
  }

  /** Up to `max` rows that changed after `version` (0: all), in the order of their changes, complete. */
  rowsSince(version: number, max: number): RowBatch {
    const batch = this.changedSince(version, max);
    this.#complete(batch.rows);
    return batch;
  }

  /** The same without paths, for which records are read. */
  changedSince(version: number, max: number): RowBatch {
    return this.#rows.since(version, max);
  }

  /** Number of the path that a packet took until now, or PATH_UNKNOWN. */
  pathOf(packet: number): number {
    const slot = this.find(packet);
    return slot < 0 ? PATH_UNKNOWN : this.#pathOf(packet, slot, this.#isCut(slot));
  }

  /** The packet's first records are no longer kept. */
  isTruncated(packet: number): boolean {
    const slot = this.find(packet);
    return slot >= 0 && this.#isCut(slot);
  }

  /** Puts a cursor on every record kept of a packet, newest first, without an object for each. */
  walk(packet: number, cursor: RecordCursor, visit: () => void): void {
    const slot = this.find(packet);
    if (slot >= 0) this.#store.walk(this.#last[slot] ?? NO_RECORD, cursor, visit);
  }

  /** A copy of every record kept of a packet, oldest first; undefined when the packet is not kept. */
  records(packet: number): Uint8Array<ArrayBuffer> | undefined {
    const slot = this.find(packet);
    if (slot < 0) return undefined;
    const places = [...this.#store.chain(this.#last[slot] ?? NO_RECORD)]
      .reverse()
      .map((n) => this.#store.locate(n));
    const sizes = places.map((place) =>
      place ? (place.bytes[place.offset] ?? 0) | ((place.bytes[place.offset + 1] ?? 0) << 8) : 0,
    );
    const records = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    let end = 0;
    for (const [i, place] of places.entries()) {
      const size = sizes[i] ?? 0;
      if (place) records.set(place.bytes.subarray(place.offset, place.offset + size), end);
      end += size;
    }
    return records;
  }

  #isCut(slot: number): boolean {
    return (this.#first[slot] ?? 0) < this.#store.oldest;
  }

  /** What is known of these copied rows only now: their paths, and which have lost their first records meanwhile. */
  #complete(rows: Uint8Array<ArrayBuffer>): void {
    const view = new DataView(rows.buffer);
    for (let at = 0; at < rows.byteLength; at += ROW_BYTES) {
      const packet = view.getFloat64(at + ROW.packet, true);
      const slot = this.find(packet);
      if (slot < 0) continue;
      const isCut = this.#isCut(slot);
      if (isCut) view.setUint8(at + ROW.bits, view.getUint8(at + ROW.bits) | ROW_BIT.truncated);
      view.setUint32(at + ROW.path, this.#pathOf(packet, slot, isCut), true);
    }
  }

  #pathOf(packet: number, slot: number, isCut: boolean): number {
    return this.#paths.of(packet, slot, this.#last[slot] ?? NO_RECORD, isCut, this);
  }
}
