import type { Hop } from '../../core/model/hop.ts';

const PACKETS_MAX = 1 << 16;
/** A function that frees the packet tells its verdict after the packet's end: a few others may have ended since. */
const ENDED_MAX = 1024;

/** Where each packet was last seen; at most 65,536, beyond that the one first seen is forgotten. */
export class LastHops {
  readonly #hops = new Map<number, Hop>();
  readonly #ended = new Map<number, Hop>();

  set(hop: Hop): void {
    put(this.#hops, hop, PACKETS_MAX);
  }

  get(packet: number): Hop | undefined {
    return this.#hops.get(packet) ?? this.#ended.get(packet);
  }

  /** The packet's end. */
  end(packet: number): void {
    const hop = this.#hops.get(packet);
    if (hop === undefined) return;
    this.#hops.delete(packet);
    put(this.#ended, hop, ENDED_MAX);
  }
}

function put(hops: Map<number, Hop>, hop: Hop, max: number): void {
  if (hops.size >= max && !hops.has(hop.packet)) {
    const oldest = hops.keys().next();
    if (!oldest.done) hops.delete(oldest.value);
  }
  hops.set(hop.packet, hop);
}
