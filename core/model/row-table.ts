import { ROW_BYTES } from '../wire/rows.ts';
import { PacketIndex } from './packet-index.ts';

/** Receivers that are behind whose places are remembered: more than there can be browsers. */
const RECEIVERS_MAX = 64;

/**
 * Rows of the newest packets, packed as they are sent, in one buffer that is used round and round; and in which
 * order they changed, so that every receiver can be brought up to date by itself: it says which version it has.
 */
export class RowTable {
  readonly capacity: number;
  readonly view: DataView<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #index: PacketIndex;
  /** By link: the version with which the row changed last. */
  readonly #versions: Float64Array;
  /** Doubly linked through slot + 1, oldest change first; 0 is the anchor of both ends. */
  readonly #newer: Uint32Array;
  readonly #older: Uint32Array;
  /** By version that a receiver has: the link of the last row that it got, where it goes on. */
  readonly #reached = new Map<number, number>();
  #nextSlot = 0;
  #version = 0;
  #evicted = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#bytes = new Uint8Array(capacity * ROW_BYTES);
    this.view = new DataView(this.#bytes.buffer);
    this.#index = new PacketIndex(capacity);
    this.#versions = new Float64Array(capacity + 1);
    this.#newer = new Uint32Array(capacity + 1);
    this.#older = new Uint32Array(capacity + 1);
  }

  get size(): number {
    return this.#index.size;
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
    return this.#index.find(packet);
  }

  /** Ids of the packets that came last, newest first. */
  newest(max: number): Float64Array<ArrayBuffer> {
    const ids = new Float64Array(Math.min(max, this.size));
    for (let i = 0; i < ids.length; i += 1)
      ids[i] = this.#index.idAt((this.#nextSlot - 1 - i + this.capacity) % this.capacity);
    return ids;
  }

  /** An empty row for a packet; the oldest gives way. Its slot. */
  add(packet: number): number {
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % this.capacity;
    if (this.#index.idAt(slot) !== 0) {
      this.#index.free(slot);
      this.#unlink(slot);
      this.#evicted += 1;
    }
    this.#bytes.fill(0, slot * ROW_BYTES, (slot + 1) * ROW_BYTES);
    this.#index.set(packet, slot);
    this.#link(slot);
    return slot;
  }

  /** The row in this slot has changed. */
  touch(slot: number): void {
    this.#unlink(slot);
    this.#link(slot);
  }

  /** A copy of up to `max` rows that changed after `version`, oldest change first, and whether there are more. */
  since(version: number, max: number): { rows: Uint8Array<ArrayBuffer>; version: number; more: boolean } {
    const links: number[] = [];
    let link = this.#after(version);
    for (; link !== 0 && links.length < max; link = this.#newer[link] ?? 0) links.push(link);
    const rows = new Uint8Array(links.length * ROW_BYTES);
    for (const [i, one] of links.entries())
      rows.set(this.#bytes.subarray((one - 1) * ROW_BYTES, one * ROW_BYTES), i * ROW_BYTES);
    if (link === 0) return { rows, version: this.#version, more: false };
    const last = links.at(-1) ?? 0;
    const reached = links.length === 0 ? version : (this.#versions[last] ?? version);
    this.#reached.set(reached, last);
    if (this.#reached.size > RECEIVERS_MAX) this.#reached.delete(this.#reached.keys().next().value ?? 0);
    return { rows, version: reached, more: true };
  }

  /** The first link that changed after a version: beside the one that the receiver had last, or sought from the newest. */
  #after(version: number): number {
    if (version === 0) return this.#newer[0] ?? 0;
    const last = this.#reached.get(version) ?? 0;
    if (last !== 0 && this.#versions[last] === version) return this.#newer[last] ?? 0;
    let first = 0;
    let link = this.#older[0] ?? 0;
    while (link !== 0 && (this.#versions[link] ?? 0) > version) {
      first = link;
      link = this.#older[link] ?? 0;
    }
    return first;
  }

  clear(): void {
    this.#index.clear();
    this.#reached.clear();
    this.#newer[0] = 0;
    this.#older[0] = 0;
    this.#nextSlot = 0;
    this.#evicted = 0;
  }

  #link(slot: number): void {
    const link = slot + 1;
    const last = this.#older[0] ?? 0;
    this.#newer[last] = link;
    this.#older[link] = last;
    this.#newer[link] = 0;
    this.#older[0] = link;
    this.#version += 1;
    this.#versions[link] = this.#version;
  }

  #unlink(slot: number): void {
    const older = this.#older[slot + 1] ?? 0;
    const newer = this.#newer[slot + 1] ?? 0;
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }
}
