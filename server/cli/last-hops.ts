import type { Hop } from '../../core/model/hop.ts';

const PACKETS_MAX = 1 << 16;

/** Where each packet was last seen; at most 65,536, beyond that the one first seen is forgotten. */
export class LastHops {
  readonly #hops = new Map<number, Hop>();

  set(hop: Hop): void {
    if (this.#hops.size >= PACKETS_MAX && !this.#hops.has(hop.packet)) {
      const oldest = this.#hops.keys().next();
      if (!oldest.done) this.#hops.delete(oldest.value);
    }
    this.#hops.set(hop.packet, hop);
  }

  get(packet: number): Hop | undefined {
    return this.#hops.get(packet);
  }

  /** The packet's end. */
  end(packet: number): void {
    this.#hops.delete(packet);
  }
}
