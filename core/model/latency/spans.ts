import { DROP_BIT, type PacketSteps, STEPS_MAX } from '../analysis/steps.ts';
import { type PlaceTable, WAITS } from './places.ts';

/** What a stretch from step `from` to step `to` is counted as: a place. */
export type VisitPlace = (place: number, from: number, to: number) => void;

type Steps = Pick<PacketSteps, 'what' | 'netns' | 'ifindex' | 'length'>;

/**
 * Where one packet was from each of its hops to the next: at the part of the stack of the function that it came to,
 * or in a wait that the functions at both ends tell. Arrays are used again for the next packet.
 */
export class Spans {
  readonly #table: PlaceTable;
  readonly #places = new Uint8Array(STEPS_MAX);

  constructor(table: PlaceTable) {
    this.#table = table;
  }

  /** Calls back for each stretch, in their order; steps in one place that follow each other are one. */
  visit(steps: Steps, visit: VisitPlace): void {
    const last = endOf(steps);
    const places = this.#places;
    for (let i = 0; i < last; i += 1) places[i] = this.#table.stage(steps.what[i] ?? 0);
    for (let i = 0; i < last; ) {
      const { wait, to } = this.#waitAt(steps, i, last);
      if (to > i) places.fill(wait, i, to);
      i = Math.max(i + 1, to);
    }
    let from = 0;
    for (let i = 1; i <= last; i += 1) {
      if (i < last && places[i] === places[from]) continue;
      visit(places[from] ?? 0, from, i);
      from = i;
    }
  }

  /** The wait that begins at a step, and the step at which it is over; `to` 0 when none is told. */
  #waitAt(steps: Steps, from: number, last: number): { readonly wait: number; readonly to: number } {
    const table = this.#table;
    const entered = table.enters(steps.what[from] ?? 0);
    if (entered !== 0)
      for (let wait = 0; wait < WAITS.length; wait += 1) {
        const bit = 1 << wait;
        if ((entered & bit) === 0) continue;
        for (let i = from + 1; i <= last; i += 1) {
          const what = steps.what[i] ?? 0;
          if (what >= DROP_BIT) break;
          if ((table.leaves(what) & bit) !== 0) {
            if (WAITS[wait]?.isInPlace && !isSamePlace(steps, from, i)) break;
            return { wait, to: i };
          }
          if ((table.enters(what) & bit) === 0 && !table.isThrough(wait, what)) break;
        }
      }
    return { wait: 0, to: 0 };
  }
}

const isSamePlace = ({ netns, ifindex }: Steps, one: number, other: number): boolean =>
  netns[one] === netns[other] && ifindex[one] === ifindex[other];

/** Index of the last step: a drop ends it, whatever came of it behind that. */
export function endOf({ what, length }: Steps): number {
  for (let i = 0; i < length; i += 1) if ((what[i] ?? 0) >= DROP_BIT) return i;
  return length - 1;
}
