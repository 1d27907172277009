import { VERDICT } from '../../../core/model/packet.ts';
import { rowFirstNs, rowVerdict } from '../../../core/wire/rows.ts';
import type { PacketStore } from './store.ts';

/** More bins than this are finer than a screen shows. */
const BINS_MAX = 400;
const MARK = { none: 0, packet: 1, dropped: 2 } as const;

/**
 * Packets by the time of first sight, in bins of 1, 2 or 5 × 10ⁿ ns. A packet is counted once; only rows that are new
 * or changed are looked at, until the session outgrows its bins.
 */
export class TimeHistogram {
  readonly #store: PacketStore;
  #marks = new Uint8Array(1024);
  #seen = 0;
  #seenVersion = -1;
  #forgotten = 0;
  #session = -1;
  #fromNs = 0;
  #newestNs = 0;
  #binNs = 1000;
  #packets = new Uint32Array(BINS_MAX);
  #dropped = new Uint32Array(BINS_MAX);

  constructor(store: PacketStore) {
    this.#store = store;
  }

  /** Where the first bin begins: a multiple of {@link binNs}. */
  get fromNs(): number {
    return this.#fromNs;
  }
  /** Where the newest packet's bin ends. */
  get toNs(): number {
    return this.#seen === 0 ? this.#fromNs : this.#fromNs + this.bins * this.#binNs;
  }
  get binNs(): number {
    return this.#binNs;
  }
  get bins(): number {
    return this.#seen === 0 ? 0 : Math.floor((this.#newestNs - this.#fromNs) / this.#binNs) + 1;
  }
  /** By bin, dropped ones among them. */
  get packets(): Uint32Array {
    return this.#packets.subarray(0, this.bins);
  }
  get dropped(): Uint32Array {
    return this.#dropped.subarray(0, this.bins);
  }

  /** Takes in what came since the last time. */
  update(): void {
    const store = this.#store;
    const isAnew =
      this.#session !== store.session || this.#forgotten !== store.forgotten || store.size < this.#seen;
    this.#session = store.session;
    this.#forgotten = store.forgotten;
    if (isAnew) this.#count(Number.POSITIVE_INFINITY, 0, 1000);
    if (!this.#take()) {
      const { earliest, newest } = this.#extent();
      let binNs = this.#binNs;
      while ((newest - Math.floor(earliest / binNs) * binNs) / binNs >= BINS_MAX) binNs = coarser(binNs);
      this.#count(earliest, newest, binNs);
      this.#take();
    }
    this.#seen = store.size;
    this.#seenVersion = store.version();
  }

  /** Starts counting anew from a time on. */
  #count(earliest: number, newest: number, binNs: number): void {
    this.#binNs = binNs;
    this.#fromNs = Number.isFinite(earliest)
      ? Math.floor(earliest / binNs) * binNs
      : Number.POSITIVE_INFINITY;
    this.#newestNs = newest;
    this.#packets.fill(0);
    this.#dropped.fill(0);
    this.#marks.fill(MARK.none);
    this.#seen = 0;
    this.#seenVersion = -1;
  }

  /** False when a packet is in none of the bins. */
  #take(): boolean {
    const { size, view } = this.#store;
    if (this.#marks.length < size) {
      const marks = new Uint8Array(Math.max(size, this.#marks.length * 2));
      marks.set(this.#marks);
      this.#marks = marks;
    }
    for (let i = 0; i < size; i += 1) {
      if (i < this.#seen && this.#store.stampOf(i) <= this.#seenVersion) continue;
      const at = this.#store.offsetOf(i);
      const ns = rowFirstNs(view, at);
      const bin = Math.floor((ns - this.#fromNs) / this.#binNs);
      if (!(bin >= 0 && bin < BINS_MAX)) return false;
      const mark = rowVerdict(view, at) === VERDICT.dropped ? MARK.dropped : MARK.packet;
      const before = this.#marks[i];
      if (before === mark) continue;
      if (before === MARK.none) this.#packets[bin] = (this.#packets[bin] ?? 0) + 1;
      if (mark === MARK.dropped) this.#dropped[bin] = (this.#dropped[bin] ?? 0) + 1;
      else if (before === MARK.dropped) this.#dropped[bin] = (this.#dropped[bin] ?? 0) - 1;
      this.#marks[i] = mark;
      if (ns > this.#newestNs) this.#newestNs = ns;
    }
    return true;
  }

  #extent(): { earliest: number; newest: number } {
    const { size, view } = this.#store;
    let earliest = Number.POSITIVE_INFINITY;
    let newest = 0;
    for (let i = 0; i < size; i += 1) {
      const ns = rowFirstNs(view, this.#store.offsetOf(i));
      if (ns < earliest) earliest = ns;
      if (ns > newest) newest = ns;
    }
    return { earliest, newest };
  }
}

/** The next of 1, 2, 5, 10, 20, 50 … */
function coarser(binNs: number): number {
  const digit = Math.round(binNs / 10 ** Math.floor(Math.log10(binNs) + 1e-9));
  return digit === 2 ? binNs * 2.5 : binNs * 2;
}
