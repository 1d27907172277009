/** Counts of a server's whole life, for monitoring: they only grow, whatever a session lets go or begins anew. */
import { asKernelAddress, asNetnsInode, type KernelAddress, type NetnsInode } from '../base/units.ts';
import { VERDICT, type Verdict } from './packet.ts';

/** Upper bounds of durations, ns: 1, 2.5 and 5 of each power of ten from 1 µs to 10 s. */
export const DURATION_BOUNDS_NS: readonly number[] = [3, 4, 5, 6, 7, 8, 9]
  .flatMap((power) => [1, 2.5, 5].map((factor) => factor * 10 ** power))
  .concat(1e10);

/** Kinds of drops that are told apart; those beyond are one. */
const DROP_KINDS_MAX = 2048;

export interface DropKind {
  readonly reason: number;
  readonly netns: NetnsInode;
  /** Of the call that dropped it; all zeros for the kinds that are not told apart. */
  readonly location: KernelAddress;
}

export interface Durations {
  /** How many were at most as long as each of {@link DURATION_BOUNDS_NS}, and not as the one before; the last: longer. */
  readonly counts: readonly number[];
  readonly sumNs: number;
}

export interface Totals {
  readonly packets: number;
  readonly hops: number;
  /** Packets that have ended, by the number of their verdict. */
  readonly ended: Readonly<Record<Verdict, number>>;
  readonly drops: readonly (DropKind & { readonly count: number })[];
  /** From a packet's hop to its next one. */
  readonly between: Durations;
  /** From a packet's first hop to its last, of those that have ended. */
  readonly lives: Durations;
}

class Histogram {
  readonly #counts = new Float64Array(DURATION_BOUNDS_NS.length + 1);
  #sumNs = 0;

  add(ns: number): void {
    let low = 0;
    let high = DURATION_BOUNDS_NS.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ns <= (DURATION_BOUNDS_NS[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    this.#counts[low] = (this.#counts[low] ?? 0) + 1;
    this.#sumNs += ns;
  }

  get durations(): Durations {
    return { counts: [...this.#counts], sumNs: this.#sumNs };
  }
}

/** Of drops that are not told apart any more. */
export const NOWHERE = asKernelAddress('0'.repeat(16));

export class Tally {
  readonly #ended: Record<Verdict, number> = {
    [VERDICT.inFlight]: 0,
    [VERDICT.delivered]: 0,
    [VERDICT.forwarded]: 0,
    [VERDICT.dropped]: 0,
    [VERDICT.consumed]: 0,
  };
  /** By reason, namespace and lower half of the location. */
  readonly #drops = new Map<number, Map<number, Map<number, CountedDrop>>>();
  #kinds = 0;
  #otherDrops = 0;
  readonly #between = new Histogram();
  readonly #lives = new Histogram();
  #packets = 0;
  #hops = 0;

  began(): void {
    this.#packets += 1;
  }

  /** `sinceNs`: since the packet's hop before, negative without one. */
  hop(sinceNs: number): void {
    this.#hops += 1;
    if (sinceNs >= 0) this.#between.add(sinceNs);
  }

  /** The location as two halves, as rows have it. Makes nothing for a kind that is known. */
  dropped(reason: number, netns: NetnsInode, low: number, high: number): void {
    // of one kernel's code all that differs is in the lower half
    let known = this.#drops.get(reason)?.get(netns)?.get(low);
    if (known === undefined && this.#kinds < DROP_KINDS_MAX) {
      known = { kind: { reason, netns, location: addressOf(low, high) }, count: 0 };
      inside(inside(this.#drops, reason), netns).set(low, known);
      this.#kinds += 1;
    }
    if (known === undefined) this.#otherDrops += 1;
    else known.count += 1;
  }

  ended(verdict: Verdict, livedNs: number): void {
    this.#ended[verdict] += 1;
    this.#lives.add(Math.max(0, livedNs));
  }

  get totals(): Totals {
    return {
      packets: this.#packets,
      hops: this.#hops,
      ended: { ...this.#ended },
      drops: this.#dropCounts(),
      between: this.#between.durations,
      lives: this.#lives.durations,
    };
  }

  #dropCounts(): Totals['drops'] {
    const kinds = [...this.#drops.values()].flatMap((of) =>
      [...of.values()].flatMap((at) => [...at.values()]),
    );
    const counts = kinds.map(({ kind, count }) => ({ ...kind, count }));
    if (this.#otherDrops === 0) return counts;
    return [...counts, { reason: 0, netns: asNetnsInode(0), location: NOWHERE, count: this.#otherDrops }];
  }
}

interface CountedDrop {
  readonly kind: DropKind;
  count: number;
}

function inside<V>(maps: Map<number, Map<number, V>>, key: number): Map<number, V> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

const half = (word: number) => word.toString(16).padStart(8, '0');
const addressOf = (low: number, high: number) => asKernelAddress(`${half(high)}${half(low)}`);
