import { ipText } from '../../../core/base/address.ts';
import type { PacketRow } from '../../../core/model/packet.ts';
import { ROW_BYTES, readRow, rowCount, rowFirstNs } from '../../../core/wire/rows.ts';
import { frames } from '../frame.ts';

/** Packets that the page remembers; beyond that the oldest are let go, a tenth at a time. */
const ROWS_MAX = 100_000;

/**
 * The page's packets, as the packed rows that came, in the order in which they were first seen. A view reads the
 * rows that it draws; listeners are called once a frame, however many batches came.
 */
export class PacketStore {
  #bytes = new Uint8Array(1024 * ROW_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  /** By index: the version with which the row came last. */
  #stamps = new Float64Array(1024);
  readonly #indexOf = new Map<number, number>();
  readonly #listeners = new Set<() => void>();
  #version = 0;
  #forgotten = 0;
  #session = -1;
  #originNs = 0;
  readonly #originListeners = new Set<() => void>();
  readonly #tell = () => {
    for (const listener of this.#listeners) listener();
  };

  get size(): number {
    return this.#size;
  }

  /** Rows let go because there were too many; indices have moved down by as much. */
  get forgotten(): number {
    return this.#forgotten;
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
    return index * ROW_BYTES;
  }

  row(index: number): PacketRow | undefined {
    return index >= 0 && index < this.#size ? readRow(this.#view, index * ROW_BYTES) : undefined;
  }

  /** Changes when something new is known of the packet, whether its row says it or only its path; -1 without a row. */
  stampOf(index: number): number {
    return index >= 0 && index < this.#size ? (this.#stamps[index] ?? 0) : -1;
  }

  /** -1 when the packet is not (or no longer) here. */
  indexOf(packet: number): number {
    return this.#indexOf.get(packet) ?? -1;
  }

  /** Takes in a batch of rows; what is none is passed over. */
  take(batch: ArrayBuffer, session: number, reset: boolean): void {
    if (reset || session !== this.#session) this.#clear(session);
    const rows = new Uint8Array(batch);
    const view = new DataView(batch);
    const count = Math.max(0, rowCount(batch.byteLength));
    this.#version += 1;
    for (let i = 0; i < count; i += 1)
      this.#put(view.getFloat64(i * ROW_BYTES, true), rows.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES));
    this.#findOrigin(view, count);
    frames.schedule(this.#tell);
  }

  #put(packet: number, row: Uint8Array): void {
    let index = this.#indexOf.get(packet);
    if (index === undefined) {
      if (this.#size >= ROWS_MAX) this.#forget(ROWS_MAX / 10);
      index = this.#size;
      this.#size += 1;
      if (this.#size * ROW_BYTES > this.#bytes.length) this.#grow();
      this.#indexOf.set(packet, index);
    }
    this.#bytes.set(row, index * ROW_BYTES);
    this.#stamps[index] = this.#version;
  }

  #findOrigin(batch: DataView, count: number): void {
    let earliest = this.#originNs === 0 ? Number.POSITIVE_INFINITY : this.#originNs;
    for (let i = 0; i < count; i += 1) earliest = Math.min(earliest, rowFirstNs(batch, i * ROW_BYTES));
    if (earliest === this.#originNs || count === 0) return;
    this.#originNs = earliest;
    for (const listener of this.#originListeners) listener();
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
    const stamps = new Float64Array(this.#stamps.length * 2);
    stamps.set(this.#stamps);
    this.#stamps = stamps;
  }

  #forget(count: number): void {
    this.#bytes.copyWithin(0, count * ROW_BYTES, this.#size * ROW_BYTES);
    this.#stamps.copyWithin(0, count, this.#size);
    this.#size -= count;
    this.#forgotten += count;
    this.#indexOf.clear();
    for (let i = 0; i < this.#size; i += 1) this.#indexOf.set(this.#view.getFloat64(i * ROW_BYTES, true), i);
  }

  #clear(session: number): void {
    this.#size = 0;
    this.#forgotten = 0;
    this.#originNs = 0;
    this.#indexOf.clear();
    this.#session = session;
  }
}

export const packets = new PacketStore();

/** Text that a row is found by: addresses and ports. */
export function addressText(row: PacketRow): string {
  const has = row.ipVersion !== 0 || row.l4Kind === 6;
  return has ? `${ipText(row.saddr, 0, row.ipVersion)} ${ipText(row.daddr, 0, row.ipVersion)}` : '';
}
