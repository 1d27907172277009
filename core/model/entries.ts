import type { Ns } from '../base/units.ts';
import type { Decision } from './hop.ts';
import { DECISION_ENTRIES, decisionEntries } from './words.ts';

const DEFAULT_MAX_PACKETS = 1 << 16;
/** Entries of one function that a packet is remembered to be in at once. */
const NESTED_MAX = 16;

/**
 * How long a function that decided took: from the packet's hop at its entry to the decision, which is told when it
 * returns. A function that has no probe at its entry counts from the packet's event before.
 *
 * At most `maxPackets` are remembered; beyond that the one first seen is forgotten.
 */
export class EntryTimes {
  /** By packet: functions that were entered, and when; the innermost last. */
  readonly #entered = new Map<number, Map<string, Ns[]>>();
  readonly #maxPackets: number;

  constructor(options: { readonly maxPackets?: number } = {}) {
    this.#maxPackets = options.maxPackets ?? DEFAULT_MAX_PACKETS;
  }

  /** The packet is at the entry of a function. */
  enter(packet: number, functionName: string, timeNs: Ns): void {
    if (!DECISION_ENTRIES.has(functionName)) return;
    let entered = this.#entered.get(packet);
    if (entered === undefined) {
      if (this.#entered.size >= this.#maxPackets) {
        const oldest = this.#entered.keys().next();
        if (!oldest.done) this.#entered.delete(oldest.value);
      }
      entered = new Map();
      this.#entered.set(packet, entered);
    }
    const times = entered.get(functionName) ?? [];
    if (times.length >= NESTED_MAX) times.shift();
    times.push(timeNs);
    entered.set(functionName, times);
  }

  /** Nanoseconds that the decision took; undefined when nothing of the packet was seen before. */
  spent(decision: Decision): number | undefined {
    const entered = this.#entered.get(decision.packet);
    for (const name of decisionEntries(decision)) {
      const since = entered?.get(name)?.pop();
      if (since !== undefined) return Math.max(0, decision.timeNs - since);
    }
    return decision.index > 0 ? decision.deltaNs : undefined;
  }

  /** The packet's end. */
  end(packet: number): void {
    this.#entered.delete(packet);
  }
}
