/**
 * Which slot a packet has, for up to a million and more: open addressing in two typed arrays, so that no entry is an
 * object and nothing is ever moved to make room. Entries behind a freed one close up, so that finding stays short.
 */
export class PacketIndex {
  /** By slot: the packet's id; 0 in a free slot. */
  readonly #ids: Float64Array;
  /** Slot + 1; 0: free. At most half of it is ever used. */
  readonly #table: Uint32Array;
  readonly #mask: number;
  #size = 0;

  /** Slots are 0 … `capacity` - 1. Takes 16 bytes for each, which the system gives when they are first used. */
  constructor(capacity: number) {
    this.#ids = new Float64Array(capacity);
    let places = 16;
    while (places < capacity * 2) places *= 2;
    this.#table = new Uint32Array(places);
    this.#mask = places - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Id of the packet in a slot, 0 when it is free. */
  idAt(slot: number): number {
    return this.#ids[slot] ?? 0;
  }

  /** Slot of a packet, -1 when it has none. */
  find(packet: number): number {
    for (let place = this.#home(packet); ; place = (place + 1) & this.#mask) {
      const entry = this.#table[place] ?? 0;
      if (entry === 0) return -1;
      if (this.#ids[entry - 1] === packet) return entry - 1;
    }
  }

  /** Gives a packet that has none a free slot. */
  set(packet: number, slot: number): void {
    this.#ids[slot] = packet;
    let place = this.#home(packet);
    while (this.#table[place] !== 0) place = (place + 1) & this.#mask;
    this.#table[place] = slot + 1;
    this.#size += 1;
  }

  /** Frees a slot; nothing happens when it is free. */
  free(slot: number): void {
    const packet = this.#ids[slot] ?? 0;
    if (packet === 0) return;
    let hole = this.#home(packet);
    while (this.#table[hole] !== slot + 1) hole = (hole + 1) & this.#mask;
    for (let next = (hole + 1) & this.#mask; this.#table[next] !== 0; next = (next + 1) & this.#mask) {
      const entry = this.#table[next] ?? 0;
      const home = this.#home(this.#ids[entry - 1] ?? 0);
      // it may close up unless that puts it before the place where finding begins
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      this.#table[hole] = entry;
      hole = next;
    }
    this.#table[hole] = 0;
    this.#ids[slot] = 0;
    this.#size -= 1;
  }

  clear(): void {
    if (this.#size === 0) return;
    this.#ids.fill(0);
    this.#table.fill(0);
    this.#size = 0;
  }

  #home(packet: number): number {
    const low = packet >>> 0;
    const high = (packet / 2 ** 32) >>> 0;
    let hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
    return hash & this.#mask;
  }
}
