import { ipText } from '../../../core/base/address.ts';
import type { PacketRow } from '../../../core/model/packet.ts';
import { PacketIndex } from '../../../core/model/packet-index.ts';
import { ROW_BYTES, readRow, rowCount, rowFirstNs } from '../../../core/wire/rows.ts';
import { frames } from '../frame.ts';
import { Pace } from '../pace.ts';

/** Packets that the page remembers: a million and a bit, a power of two. As many as the server does. */
export const ROWS_MAX = 1 << 20;
/** Listeners rest for so long: as long as the server does between two looks for rows. */
const TELL_MS = 100;
/** And longer when what they draw takes long: this share of the time, but once a second at least. */
const TELL_SHARE = 1 / 16;
const TELL_MOST_MS = 1000;
/** Rows whose changes are looked for at once. */
const CHUNK = 1024;
/** Beyond its capacity a store lets go of this share of its rows, the oldest. */
const LET_GO_SHARE = 64;

/**
 * The page's packets, as the packed rows that came, in the order in which they were first seen. A view reads the
 * rows that it draws; listeners are called with a frame, ten times a second at most and less when they draw much, however many batches came.
 *
 * One buffer is used round and round, so no row is ever moved: a row's slot is its running number modulo the capacity,
 * and its index, by which it is known outside, counts from the oldest that is kept.
 */
export class PacketStore {
  readonly #capacity: number;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #index = new PacketIndex(0);
  /** By slot: the version with which the row came last; and by chunk of slots: the newest of these. */
  #stamps = new Float64Array(0);
  #chunkStamps = new Float64Array(0);
  #size = 0;
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #forgotten = 0;
  /** Rows before this running number are out of the index, too; that is done little by little. */
  #freed = 0;
  #session = -1;
  #era = 0;
  #originNs = 0;
  readonly #originListeners = new Set<() => void>();
  readonly #pace = new Pace(TELL_MS, TELL_MOST_MS, TELL_SHARE);
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #tell = () => {
    this.#pace.begin(performance.now());
    for (const listener of this.#listeners) listener();
    // a task of its own comes when they have drawn, and the browser has laid it out
    setTimeout(() => this.#pace.end(performance.now()));
  };

  /** @param capacity rows, a power of two. Their memory is asked for with the first row, and used as rows come. */
  constructor(capacity = ROWS_MAX) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** Rows let go because there were too many; indices have moved down by as much. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Changes whenever rows begin anew: with another session, and when the same one is sent again. */
  get era(): number {
    return this.#era;
  }

  get session(): number {
    return this.#session;
  }

  /** Earliest first sight that this page had of the session, 0 before any. */
  get originNs(): number {
    return this.#originNs;
  }

  /** Calls back when a session's first packet is here, or one that was seen before it. */
  onOrigin(listener: () => void): void {
    this.#originListeners.add(listener);
  }

  /** Changes with every batch. */
  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Packed rows and where one starts, for comparisons without objects. */
  get view(): DataView {
    return this.#view;
  }

  offsetOf(index: number): number {
    return this.#slotOf(index) * ROW_BYTES;
  }

  row(index: number): PacketRow | undefined {
    return index >= 0 && index < this.#size ? readRow(this.#view, this.offsetOf(index)) : undefined;
  }

  /** Changes when something new is known of the packet, whether its row says it or only its path; -1 without a row. */
  stampOf(index: number): number {
    return index >= 0 && index < this.#size ? (this.#stamps[this.#slotOf(index)] ?? 0) : -1;
  }

  /** -1 when the packet is not (or no longer) here. */
  indexOf(packet: number): number {
    const slot = this.#index.find(packet);
    // the index may still have rows that were let go, whose slots are not used again yet
    const index = slot < 0 ? -1 : (slot - this.#forgotten) & (this.#capacity - 1);
    return index < this.#size ? index : -1;
  }

  /** Calls back, in order, with the rows from `from` to before `to` that are new or have changed after `version`. */
  eachChanged(version: number, from: number, to: number, visit: (index: number) => void): void {
    const end = Math.min(to, this.#size);
    for (let index = from; index < end; ) {
      const slot = this.#slotOf(index);
      const untilChunk = Math.min(CHUNK - (slot % CHUNK), this.#capacity - slot);
      if ((this.#chunkStamps[Math.floor(slot / CHUNK)] ?? 0) > version) {
        const stop = Math.min(end, index + untilChunk);
        for (let i = 0; index + i < stop; i += 1)
          if ((this.#stamps[slot + i] ?? 0) > version) visit(index + i);
      }
      index += untilChunk;
    }
  }

  /** Takes in a batch of rows; what is none is passed over. */
  take(batch: ArrayBuffer, session: number, reset: boolean): void {
    if (reset || session !== this.#session) this.#clear(session);
    const rows = new Uint8Array(batch);
    const view = new DataView(batch);
    const count = Math.max(0, rowCount(batch.byteLength));
    if (count > 0 && this.#bytes.length === 0) this.#allocate();
    this.#version += 1;
    for (let i = 0; i < count; i += 1)
      this.#put(view.getFloat64(i * ROW_BYTES, true), rows.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES));
    this.#findOrigin(view, count);
    this.#tellSoon();
  }

  #tellSoon(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#pace.waitMs(performance.now());
    if (wait <= 0) frames.schedule(this.#tell);
    else
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        frames.schedule(this.#tell);
      }, wait);
  }

  #slotOf(index: number): number {
    return (this.#forgotten + index) & (this.#capacity - 1);
  }

  #put(packet: number, row: Uint8Array): void {
    let index = this.indexOf(packet);
    if (index < 0) {
      // it was let go, and is not out of the index yet
      const before = this.#index.find(packet);
      if (before >= 0) this.#index.free(before);
      if (this.#size === this.#capacity) this.#letGo(Math.max(1, this.#capacity / LET_GO_SHARE));
      // two for each that comes: always ahead of the slots that are used again
      this.#free(2);
      index = this.#size;
      this.#size += 1;
      this.#index.set(packet, this.#slotOf(index));
    }
    const slot = this.#slotOf(index);
    this.#bytes.set(row, slot * ROW_BYTES);
    this.#stamps[slot] = this.#version;
    this.#chunkStamps[Math.floor(slot / CHUNK)] = this.#version;
  }

  #letGo(count: number): void {
    this.#size -= count;
    this.#forgotten += count;
  }

  #free(count: number): void {
    const until = Math.min(this.#forgotten, this.#freed + count);
    for (; this.#freed < until; this.#freed += 1) this.#index.free(this.#freed & (this.#capacity - 1));
  }

  #findOrigin(batch: DataView, count: number): void {
    let earliest = this.#originNs === 0 ? Number.POSITIVE_INFINITY : this.#originNs;
    for (let i = 0; i < count; i += 1) earliest = Math.min(earliest, rowFirstNs(batch, i * ROW_BYTES));
    if (earliest === this.#originNs || count === 0) return;
    this.#originNs = earliest;
    for (const listener of this.#originListeners) listener();
  }

  /** Address space for all rows at once: pages of it that are not written to take no memory. */
  #allocate(): void {
    const capacity = this.#capacity;
    this.#bytes = new Uint8Array(capacity * ROW_BYTES);
    this.#view = new DataView(this.#bytes.buffer);
    this.#index = new PacketIndex(capacity);
    this.#stamps = new Float64Array(capacity);
    this.#chunkStamps = new Float64Array(Math.ceil(capacity / CHUNK));
  }

  #clear(session: number): void {
    this.#size = 0;
    this.#forgotten = 0;
    this.#freed = 0;
    this.#originNs = 0;
    this.#index.clear();
    this.#session = session;
    this.#era += 1;
  }
}

export const packets = new PacketStore();

/** Text that a row is found by: addresses and ports. */
export function addressText(row: PacketRow): string {
  const has = row.ipVersion !== 0 || row.l4Kind === 6;
  return has ? `${ipText(row.saddr, 0, row.ipVersion)} ${ipText(row.daddr, 0, row.ipVersion)}` : '';
}
