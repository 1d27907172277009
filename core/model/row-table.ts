import { ROW_BYTES } from '../wire/rows.ts';

/**
 * Rows of the newest packets, packed as they are sent, in one buffer that is used round and round; and in which
 * order they changed, so that every receiver can be brought up to date by itself: it says which version it has.
 */
export class RowTable {
  readonly capacity: number;
  readonly view: DataView<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #slotOf = new Map<number, number>();
  readonly #packets: Float64Array;
  readonly #versions: Float64Array;
  /** Doubly linked through slots, oldest change first; `capacity` is the anchor of both ends. */
  readonly #newer: Uint32Array;
  readonly #older: Uint32Array;
  #nextSlot = 0;
  #version = 0;
  #evicted = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#bytes = new Uint8Array(capacity * ROW_BYTES);
    this.view = new DataView(this.#bytes.buffer);
    this.#packets = new Float64Array(capacity);
    this.#versions = new Float64Array(capacity);
    this.#newer = new Uint32Array(capacity + 1).fill(capacity);
    this.#older = new Uint32Array(capacity + 1).fill(capacity);
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** Rows that gave way to newer packets. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Counts changes; what a receiver that has everything has. */
  get version(): number {
    return this.#version;
  }

  /** Slot of a packet's row, -1 when there is none. */
  find(packet: number): number {
    return this.#slotOf.get(packet) ?? -1;
  }

  /** Ids of the packets that came last, newest first. */
  newest(max: number): Float64Array<ArrayBuffer> {
    const ids = new Float64Array(Math.min(max, this.size));
    for (let i = 0; i < ids.length; i += 1)
      ids[i] = this.#packets[(this.#nextSlot - 1 - i + this.capacity) % this.capacity] ?? 0;
    return ids;
  }

  /** An empty row for a packet; the oldest gives way. Its slot. */
  add(packet: number): number {
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % this.capacity;
    const before = this.#packets[slot] ?? 0;
    if (before !== 0) {
      this.#slotOf.delete(before);
      this.#unlink(slot);
      this.#evicted += 1;
    }
    this.#bytes.fill(0, slot * ROW_BYTES, (slot + 1) * ROW_BYTES);
    this.#packets[slot] = packet;
    this.#slotOf.set(packet, slot);
    this.#link(slot);
    return slot;
  }

  /** The row in this slot has changed. */
  touch(slot: number): void {
    this.#unlink(slot);
    this.#link(slot);
  }

  /** A copy of up to `max` rows that changed after `version`, oldest change first, and how many more there are. */
  since(version: number, max: number): { rows: Uint8Array<ArrayBuffer>; version: number; more: number } {
    const end = this.capacity;
    let slot = this.#older[end] ?? end;
    let changed = 0;
    let first = end;
    while (slot !== end && (this.#versions[slot] ?? 0) > version) {
      first = slot;
      changed += 1;
      slot = this.#older[slot] ?? end;
    }
    const count = Math.min(changed, max);
    const rows = new Uint8Array(count * ROW_BYTES);
    let reached = version;
    slot = first;
    for (let i = 0; i < count; i += 1) {
      rows.set(this.#bytes.subarray(slot * ROW_BYTES, (slot + 1) * ROW_BYTES), i * ROW_BYTES);
      reached = this.#versions[slot] ?? reached;
      slot = this.#newer[slot] ?? end;
    }
    return { rows, version: count < changed ? reached : this.#version, more: changed - count };
  }

  clear(): void {
    this.#slotOf.clear();
    this.#packets.fill(0);
    this.#newer.fill(this.capacity);
    this.#older.fill(this.capacity);
    this.#nextSlot = 0;
    this.#evicted = 0;
  }

  #link(slot: number): void {
    const end = this.capacity;
    const last = this.#older[end] ?? end;
    this.#newer[last] = slot;
    this.#older[slot] = last;
    this.#newer[slot] = end;
    this.#older[end] = slot;
    this.#version += 1;
    this.#versions[slot] = this.#version;
  }

  #unlink(slot: number): void {
    const older = this.#older[slot] ?? this.capacity;
    const newer = this.#newer[slot] ?? this.capacity;
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }
}
