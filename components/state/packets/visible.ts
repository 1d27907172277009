'use client';

import { useSyncExternalStore } from 'react';
import type { RowTest } from '../../../core/model/display/compile.ts';
import { rowFirstNs } from '../../../core/wire/rows.ts';
import { SLICE_MS } from './job.ts';
import { type PacketStore, packets } from './store.ts';

/** First sight from `fromNs` on and before `toNs`, in the records' time. */
export interface TimeRange {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Rows are judged at most this often while they come; a new filter or range counts at once. */
const JUDGE_MS = 250;
/** Rows looked at between two looks at the clock. */
const STEP = 8192;

/**
 * Which rows the display filter and the time range let through, in the order of arrival. Only rows that are new or
 * changed are judged again; the list grows at its end until an older row changes sides. With very many to judge that is
 * done in slices, and the list has those that were judged by then.
 */
export class VisibleRows {
  readonly #store: PacketStore;
  readonly #sliceMs: number;
  #test: RowTest | null = null;
  #range: TimeRange | null = null;
  /** By index: whether the row passes. */
  #passes = new Uint8Array(1024);
  /** Rows that pass; what was given out is never written to again, except behind its end. */
  #rows = new Uint32Array(1024);
  #count = 0;
  /** Rows from the first on that were judged at all, and the next that the present pass looks at. */
  #judged = 0;
  #at = 0;
  /** What was changed later is judged by the pass to come; what since then, by the present one. */
  #passVersion = -1;
  #judgedVersion = -1;
  /** A row that is listed may no longer pass, or the other way round. */
  #hasTurned = false;
  #era = -1;
  #forgotten = 0;
  #version = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();
  #unsubscribe: (() => void) | undefined;
  #view: Uint32Array | null = null;

  /** @param sliceMs for how long rows are judged at a time */
  constructor(store: PacketStore, sliceMs = SLICE_MS) {
    this.#store = store;
    this.#sliceMs = sliceMs;
  }

  /** Indices of rows that pass, ascending; null: all do. Never of rows that were let go. */
  readonly rows = (): Uint32Array | null => {
    if (this.#hasMoved()) this.#update();
    return this.#view;
  };

  /** Changes when the rows, or what they say, may have changed; a few times a second at most while packets come. */
  readonly version = (): number => this.#version;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#unsubscribe ??= this.#store.subscribe(() => this.#soon());
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
    };
  };

  /** Whether everything is let through. */
  get isOpen(): boolean {
    return this.#test === null && this.#range === null;
  }

  /** null lets everything through. */
  set(test: RowTest | null, range: TimeRange | null): void {
    this.#test = test;
    this.#range = range;
    this.#restart();
    this.#update();
  }

  /** Judges what came since the last time, now. */
  update(): void {
    this.#update();
  }

  #hasMoved(): boolean {
    return this.#era !== this.#store.era || this.#forgotten !== this.#store.forgotten;
  }

  #soon(ms = JUDGE_MS): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#update();
    }, ms);
  }

  #restart(): void {
    this.#judged = 0;
    this.#judgedVersion = -1;
    this.#at = 0;
    this.#hasTurned = false;
    this.#begin();
  }

  #begin(): void {
    this.#rows = new Uint32Array(this.#rows.length);
    this.#count = 0;
  }

  #update(): void {
    const store = this.#store;
    const gone = store.forgotten - this.#forgotten;
    const isAnew = this.#era !== store.era || gone < 0 || gone > this.#judged;
    this.#era = store.era;
    this.#forgotten = store.forgotten;
    if (isAnew) this.#restart();
    else if (gone > 0) this.#moveDown(gone);
    if (this.isOpen) this.#view = null;
    else if (!this.#judge()) this.#soon(0);
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }

  #moveDown(gone: number): void {
    this.#passes.copyWithin(0, gone, this.#judged);
    this.#judged -= gone;
    this.#at = Math.max(0, this.#at - gone);
    this.#hasTurned = false;
    this.#list();
  }

  /** Goes on judging; whether everything is judged. */
  #judge(): boolean {
    const store = this.#store;
    const { size } = store;
    const until = performance.now() + this.#sliceMs;
    if (this.#passes.length < size) this.#passes = grown(this.#passes, size);
    if (this.#at === 0) this.#passVersion = store.version();
    do {
      const to = Math.min(size, this.#at + STEP);
      const known = Math.min(to, this.#judged);
      store.eachChanged(this.#judgedVersion, this.#at, known, this.#again);
      for (let i = Math.max(this.#at, known); i < to; i += 1) {
        const passes = this.#lets(i) ? 1 : 0;
        this.#passes[i] = passes;
        if (passes === 1) this.#add(i);
      }
      this.#judged = Math.max(this.#judged, to);
      this.#at = to;
    } while (this.#at < size && performance.now() < until);
    const isDone = this.#at === size;
    if (isDone) {
      this.#at = 0;
      this.#judgedVersion = this.#passVersion;
    }
    if (this.#hasTurned && isDone) this.#list();
    this.#view = this.#rows.subarray(0, this.#count);
    return isDone;
  }

  readonly #again = (index: number): void => {
    const passes = this.#lets(index) ? 1 : 0;
    if (this.#passes[index] === passes) return;
    this.#passes[index] = passes;
    this.#hasTurned = true;
  };

  /** The list anew, of what was judged. */
  #list(): void {
    this.#begin();
    this.#hasTurned = false;
    for (let i = 0; i < this.#judged; i += 1) if (this.#passes[i] === 1) this.#add(i);
  }

  #lets(index: number): boolean {
    const { view } = this.#store;
    const at = this.#store.offsetOf(index);
    if (this.#range !== null) {
      const firstNs = rowFirstNs(view, at);
      if (firstNs < this.#range.fromNs || firstNs >= this.#range.toNs) return false;
    }
    return this.#test === null || this.#test(view, at);
  }

  #add(index: number): void {
    if (this.#count === this.#rows.length) {
      const rows = new Uint32Array(this.#rows.length * 2);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    this.#rows[this.#count] = index;
    this.#count += 1;
  }
}

function grown(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const more = new Uint8Array(Math.max(size, bytes.length * 2));
  more.set(bytes);
  return more;
}

export const visible = new VisibleRows(packets);

/** Indices in {@link packets} of the rows that display filter and time range let through; null: all rows. */
export const visibleRows = (): Uint32Array | null => visible.rows();
export const visibleVersion = (): number => visible.version();

export interface Visible {
  readonly rows: Uint32Array | null;
  /** Of `rows` and of what they say: the thing to memoise on. */
  readonly version: number;
}

/** What the view is to show, a few times a second. */
export function useVisible(): Visible {
  const version = useSyncExternalStore(visible.subscribe, visible.version, () => 0);
  return { rows: visible.rows(), version };
}
