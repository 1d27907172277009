/** Distinct paths of a session by number: given on the session's thread, told to every page once. */
import { PacketSteps } from './analysis/steps.ts';

/** Paths that are told apart in a session at most, and steps of all of them: 1.5 MiB. */
export const PATHS_NUMBERED_MAX = 4096;
export const STEPS_NUMBERED_MAX = 1 << 17;
/** Of a row: no hop of it is kept, or not its first ones. */
export const PATH_UNKNOWN = 0;
/** Of a row: there were {@link PATHS_NUMBERED_MAX} other paths before, or it has more steps than are read. */
export const PATH_BEYOND = 0xffff_ffff;

export const isNumbered = (path: number): boolean => path !== PATH_UNKNOWN && path !== PATH_BEYOND;

/** Words of a step: function's id or {@link DROP_BIT} and reason, namespace, interface. */
export const STEP_WORDS = 3;

/** Paths that were numbered one after the other. */
export interface PathsTold {
  /** Numbers mean something only within their session. */
  readonly session: number;
  /** Number of the first of these. From 1 on they are all that there are. */
  readonly first: number;
  /** Uint32, of each path: how many steps, then {@link STEP_WORDS} words of each step. */
  readonly words: ArrayBuffer;
}

/** Gives numbers, from 1 in the order in which paths are met; whoever goes the same way has the same number. */
export class PathTable {
  readonly #numberAt = new Map<number, number>();
  /** By number - 1: where it starts in the words. */
  #starts: number[] = [];
  #words = new Uint32Array(4096);
  #end = 0;

  get size(): number {
    return this.#starts.length;
  }

  /** The number of the path that these steps are: known or new, or {@link PATH_BEYOND}. */
  numberOf(steps: PacketSteps): number {
    if (steps.length === 0) return PATH_UNKNOWN;
    if (steps.isCut) return PATH_BEYOND;
    let key = steps.fingerprint;
    for (let known = this.#numberAt.get(key); known !== undefined; known = this.#numberAt.get(key)) {
      if (this.#isSame(known, steps)) return known;
      key = (key + 1) % 2 ** 53;
    }
    const room = STEPS_NUMBERED_MAX * STEP_WORDS + PATHS_NUMBERED_MAX;
    const size = 1 + steps.length * STEP_WORDS;
    if (this.size >= PATHS_NUMBERED_MAX || this.#end + size > room) return PATH_BEYOND;
    this.#add(steps, size);
    this.#numberAt.set(key, this.size);
    return this.size;
  }

  /** Takes over the paths of a table that was kept, under their numbers: words as {@link wordsAfter} gives them. */
  load(words: Uint32Array): void {
    this.clear();
    const steps = new PacketSteps();
    for (let at = 0; at < words.length; ) {
      const length = words[at] ?? 0;
      steps.assign(words, at + 1, length);
      this.numberOf(steps);
      at += 1 + length * STEP_WORDS;
    }
  }

  /** Words of the paths after the first `count`, a copy. */
  wordsAfter(count: number): ArrayBuffer {
    return this.#words.slice(this.#starts[count] ?? this.#end, this.#end).buffer;
  }

  clear(): void {
    this.#numberAt.clear();
    this.#starts = [];
    this.#end = 0;
  }

  #isSame(number: number, { what, netns, ifindex, length }: PacketSteps): boolean {
    let at = this.#starts[number - 1] ?? 0;
    if (this.#words[at] !== length) return false;
    at += 1;
    for (let i = 0; i < length; i += 1, at += STEP_WORDS)
      if (
        this.#words[at] !== what[i] ||
        this.#words[at + 1] !== netns[i] ||
        this.#words[at + 2] !== ifindex[i]
      )
        return false;
    return true;
  }

  #add({ what, netns, ifindex, length }: PacketSteps, size: number): void {
    while (this.#end + size > this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#starts.push(this.#end);
    this.#words[this.#end] = length;
    for (let i = 0, at = this.#end + 1; i < length; i += 1, at += STEP_WORDS) {
      this.#words[at] = what[i] ?? 0;
      this.#words[at + 1] = netns[i] ?? 0;
      this.#words[at + 2] = ifindex[i] ?? 0;
    }
    this.#end += size;
  }
}

/** What was told of one session before, and what is told now. */
export function joined(before: PathsTold | undefined, now: PathsTold): PathsTold {
  if (before?.session !== now.session || now.first === 1) return now;
  const words = new Uint8Array(before.words.byteLength + now.words.byteLength);
  words.set(new Uint8Array(before.words));
  words.set(new Uint8Array(now.words), before.words.byteLength);
  return { ...before, words: words.buffer };
}
