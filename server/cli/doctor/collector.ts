import type { SeenPacket } from '../../../core/model/doctor/self-test/types.ts';
import type { Decision, Free, Hop, Lineage } from '../../../core/model/hop.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { HopReader } from '../../../core/model/reader.ts';

interface Packet extends SeenPacket {
  readonly hops: Hop[];
  readonly frees: Free[];
  readonly decisions: Decision[];
  readonly lineage: Lineage[];
}

/** Keeps all that the records say, packet by packet: for a few packets. */
export class Collector {
  readonly reader = new HopReader();
  readonly #packets = new Map<number, Packet>();
  #wake: () => void = () => undefined;

  get packets(): readonly SeenPacket[] {
    return [...this.#packets.values()];
  }

  take(records: Uint8Array, names: NameBook): void {
    this.reader.read(records, {
      hop: (hop) => this.#of(hop.packet).hops.push(hop),
      free: (free) => this.#of(free.packet).frees.push(free),
      decision: (decision) => this.#of(decision.packet).decisions.push(decision),
      lineage: (lineage) => this.#of(lineage.packet).lineage.push(lineage),
      symbol: (symbol) => names.take({ symbols: [symbol] }),
      stack: (stack) => names.take({ stacks: [stack] }),
    });
    this.#wake();
  }

  /** Resolves once it is so, or after `timeoutMs`; asked whenever records came, or `poke()` is called. */
  until(holds: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, timeoutMs);
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
      this.#wake = () => {
        if (holds()) done();
      };
      this.#wake();
    });
  }

  /** Something else than records changed. */
  poke(): void {
    this.#wake();
  }

  #of(id: number): Packet {
    const known = this.#packets.get(id);
    if (known !== undefined) return known;
    const begun: Packet = { id, hops: [], frees: [], decisions: [], lineage: [] };
    this.#packets.set(id, begun);
    return begun;
  }
}
