import type { Grouping } from '../../state/packets/groups.ts';
import { goOn, type Job, SLICE_MS } from '../../state/packets/job.ts';
import type { Sorting } from '../../state/packets/order.ts';
import type { PacketStore } from '../../state/packets/store.ts';
import { type Lines, listing, plain } from './lines.ts';

/** How to list; what changes here is wanted at once. */
export interface Form {
  readonly sorting: Sorting;
  readonly grouping: Grouping;
  readonly collapsed: ReadonlySet<number>;
  readonly pausedAt: number | null;
}

/** Sorting and grouping anew is not done at every change of the rows, and takes a tenth of the time at most. */
const REORDER_MS = 400;
const COST_SHARE = 10;

/**
 * Lists rows in another order than that of their coming. Few are done at once; many in slices that let the page draw,
 * while what was listed before stays.
 */
export class LinesMaker {
  readonly #store: PacketStore;
  readonly #sliceMs: number;
  readonly #listeners = new Set<() => void>();
  #lines: Lines = plain(0);
  #era = -1;
  #form: Form | undefined;
  /** What the lines, or the job's, are made of; and what is to be listed next. */
  #made: unknown[] = [];
  #wanted:
    | { readonly visible: Uint32Array | null; readonly size: number; readonly key: unknown[] }
    | undefined;
  #job: Job<Lines> | undefined;
  #costMs = 0;
  #restUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: PacketStore, sliceMs = SLICE_MS) {
    this.#store = store;
    this.#sliceMs = sliceMs;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  /** Newest lines that are made. */
  readonly lines = (): Lines => this.#lines;

  /**
   * What to list from now on; the lines that are made by then.
   * @param stamp of the rows: another one means that they are listed anew, when it is time
   */
  ask(form: Form, visible: Uint32Array | null, size: number, stamp: number): Lines {
    const before = this.#form;
    const { era } = this.#store;
    if (era !== this.#era) this.#lines = plain(0);
    const isOther =
      era !== this.#era ||
      before?.sorting !== form.sorting ||
      before.grouping !== form.grouping ||
      before.collapsed !== form.collapsed ||
      before.pausedAt !== form.pausedAt;
    this.#era = era;
    this.#form = form;
    this.#wanted = { visible, size, key: [visible === null, stamp] };
    if (isOther) {
      this.#stop();
      this.#begin();
    } else if (this.#isStale()) this.#soon();
    return this.#lines;
  }

  #isStale(): boolean {
    return this.#wanted?.key.some((part, i) => part !== this.#made[i]) === true;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#job = undefined;
    this.#made = [];
  }

  #soon(): void {
    if (this.#job !== undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#begin()) this.#tell();
      },
      Math.max(0, this.#restUntil - performance.now()),
    );
  }

  /** Whether it was done at once. */
  #begin(): boolean {
    const [form, wanted] = [this.#form, this.#wanted];
    if (form === undefined || wanted === undefined) return false;
    this.#made = wanted.key;
    this.#costMs = 0;
    const { sorting, grouping, collapsed } = form;
    this.#job = listing(this.#store, wanted.size, wanted.visible, sorting, grouping, collapsed);
    return this.#slice();
  }

  #slice(): boolean {
    if (this.#job === undefined) return false;
    const began = performance.now();
    const done = goOn(this.#job, this.#sliceMs);
    const now = performance.now();
    this.#costMs += now - began;
    if (done === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        if (this.#slice()) this.#tell();
      });
      return false;
    }
    this.#lines = done.value;
    this.#job = undefined;
    this.#restUntil = now + Math.max(REORDER_MS, this.#costMs * COST_SHARE);
    if (this.#isStale()) this.#soon();
    return true;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
