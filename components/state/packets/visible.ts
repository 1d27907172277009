'use client';

import { useSyncExternalStore } from 'react';
import type { RowTest } from '../../../core/model/display/compile.ts';
import { rowFirstNs } from '../../../core/wire/rows.ts';
import { type PacketStore, packets } from './store.ts';

/** First sight from `fromNs` on and before `toNs`, in the records' time. */
export interface TimeRange {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Rows are judged at most this often while they come; a new filter or range counts at once. */
const JUDGE_MS = 250;

/**
 * Which rows the display filter and the time range let through, in the order of arrival. Only rows that are new or
 * changed are judged again; the list grows at its end until an older row changes sides.
 */
export class VisibleRows {
  readonly #store: PacketStore;
  #test: RowTest | null = null;
  #range: TimeRange | null = null;
  /** By index: whether the row passes. */
  #passes = new Uint8Array(1024);
  /** Rows that pass; what was given out is never written to again, except behind its end. */
  #rows = new Uint32Array(1024);
  #count = 0;
  #judged = 0;
  #judgedVersion = -1;
  #session = -1;
  #forgotten = 0;
  #version = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();
  #unsubscribe: (() => void) | undefined;
  #view: Uint32Array | null = null;

  constructor(store: PacketStore) {
    this.#store = store;
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
    return this.#session !== this.#store.session || this.#forgotten !== this.#store.forgotten;
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#update();
    }, JUDGE_MS);
  }

  #restart(): void {
    this.#judged = 0;
    this.#judgedVersion = -1;
    this.#begin();
  }

  #begin(): void {
    this.#rows = new Uint32Array(this.#rows.length);
    this.#count = 0;
  }

  #update(): void {
    const store = this.#store;
    const gone = store.forgotten - this.#forgotten;
    const isAnew = this.#session !== store.session || gone < 0 || gone > this.#judged;
    this.#session = store.session;
    this.#forgotten = store.forgotten;
    if (isAnew) this.#restart();
    else if (gone > 0) {
      this.#passes.copyWithin(0, gone, this.#judged);
      this.#judged -= gone;
    }
    if (this.isOpen) this.#view = null;
    else this.#judge(gone > 0);
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }

  #judge(hasShifted: boolean): void {
    const store = this.#store;
    const { size } = store;
    if (this.#passes.length < size) this.#passes = grown(this.#passes, size);
    const before = Math.min(this.#judged, size);
    let hasTurned = hasShifted || size < this.#judged;
    for (let i = 0; i < size; i += 1) {
      if (i < before && store.stampOf(i) <= this.#judgedVersion) continue;
      const passes = this.#lets(i) ? 1 : 0;
      if (i < before && this.#passes[i] !== passes) hasTurned = true;
      this.#passes[i] = passes;
    }
    if (hasTurned) this.#begin();
    for (let i = hasTurned ? 0 : before; i < size; i += 1) if (this.#passes[i] === 1) this.#add(i);
    this.#judged = size;
    this.#judgedVersion = store.version();
    this.#view = this.#rows.subarray(0, this.#count);
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
