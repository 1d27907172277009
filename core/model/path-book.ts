/** The paths that a session's rows are on, by number, as they were told. */
import { DROP_BIT } from './analysis/steps.ts';
import { type PathsTold, STEP_WORDS } from './path-table.ts';

/** A place of a path: a function (`reason` -1), or a drop (`func` 0) there. */
export type StepVisit = (func: number, reason: number, netns: number, ifindex: number) => void;

export class PathBook {
  readonly #parts = new Map<number, { readonly words: Uint32Array; readonly at: number }>();
  #session = -1;
  #epoch = 0;

  /** Changes when the numbers stand for other paths: in another session, or when all are told anew. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Numbers run from 1 to this. */
  get size(): number {
    return this.#parts.size;
  }

  /** Takes in paths by their numbers. Who connects again is told all of them again, maybe by another server. */
  take({ session, first, words: bytes }: PathsTold): void {
    if (session !== this.#session || first === 1) {
      this.#parts.clear();
      this.#epoch += 1;
    }
    this.#session = session;
    let number = first;
    const words = new Uint32Array(bytes);
    for (let at = 0; at < words.length; at += 1 + (words[at] ?? 0) * STEP_WORDS) {
      this.#parts.set(number, { words, at });
      number += 1;
    }
  }

  /** Calls back for each step, in the order of the way; false when there is no path of that number. */
  walk(number: number, visit: StepVisit): boolean {
    const part = this.#parts.get(number);
    if (part === undefined) return false;
    const { words, at } = part;
    const end = at + 1 + (words[at] ?? 0) * STEP_WORDS;
    for (let i = at + 1; i < end; i += STEP_WORDS) {
      const what = words[i] ?? 0;
      const isDrop = what >= DROP_BIT;
      visit(isDrop ? 0 : what, isDrop ? what - DROP_BIT : -1, words[i + 1] ?? 0, words[i + 2] ?? 0);
    }
    return true;
  }
}
