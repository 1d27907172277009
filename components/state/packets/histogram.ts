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
  /** By index: when it was first seen, and as what it is counted. */
  #firstNs = new Float64Array(1024);
  #marks = new Uint8Array(1024);
  #seen = 0;
  /** A row is in none of the bins. */
  #isOutside = false;
  #seenVersion = -1;
  #forgotten = 0;
  #era = -1;
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
    const gone = store.forgotten - this.#forgotten;
    const isAnew = this.#era !== store.era || gone < 0 || gone > this.#seen;
    this.#era = store.era;
    this.#forgotten = store.forgotten;
    if (isAnew) this.#empty();
    else if (gone > 0) this.#moveDown(gone);
    this.#read();
    if (gone > 0 || this.#isOutside) this.#countAll();
  }

  #empty(): void {
    this.#binNs = 1000;
    this.#fromNs = Number.POSITIVE_INFINITY;
    this.#newestNs = 0;
    this.#seen = 0;
    this.#isOutside = false;
    this.#seenVersion = -1;
    this.#packets.fill(0);
    this.#dropped.fill(0);
  }

  #moveDown(gone: number): void {
    this.#firstNs.copyWithin(0, gone, this.#seen);
    this.#marks.copyWithin(0, gone, this.#seen);
    this.#seen -= gone;
  }

  /** Reads rows that are new or changed, and counts those that are in a bin. */
  #read(): void {
    const store = this.#store;
    const { size } = store;
    if (this.#marks.length < size) {
      const room = Math.max(size, this.#marks.length * 2);
      const [firstNs, marks] = [new Float64Array(room), new Uint8Array(room)];
      firstNs.set(this.#firstNs);
      marks.set(this.#marks);
      [this.#firstNs, this.#marks] = [firstNs, marks];
    }
    this.#firstNs.fill(0, this.#seen, size);
    this.#marks.fill(MARK.none, this.#seen, size);
    store.eachChanged(this.#seenVersion, 0, size, this.#readRow);
    this.#seen = size;
    this.#seenVersion = store.version();
  }

  readonly #readRow = (index: number): void => {
    const { view } = this.#store;
    const at = this.#store.offsetOf(index);
    const mark = rowVerdict(view, at) === VERDICT.dropped ? MARK.dropped : MARK.packet;
    const before = this.#marks[index];
    if (before === mark) return;
    this.#marks[index] = mark;
    const ns = before === MARK.none ? rowFirstNs(view, at) : (this.#firstNs[index] ?? 0);
    this.#firstNs[index] = ns;
    if (ns > this.#newestNs) this.#newestNs = ns;
    const bin = Math.floor((ns - this.#fromNs) / this.#binNs);
    if (!(bin >= 0 && bin < BINS_MAX)) {
      this.#isOutside = true;
      return;
    }
    if (before === MARK.none) this.#packets[bin] = (this.#packets[bin] ?? 0) + 1;
    if (mark === MARK.dropped) this.#dropped[bin] = (this.#dropped[bin] ?? 0) + 1;
    else if (before === MARK.dropped) this.#dropped[bin] = (this.#dropped[bin] ?? 0) - 1;
  };

  /** Counts all rows anew, in bins that hold them all: out of what was read of them, side by side in memory. */
  #countAll(): void {
    let earliest = Number.POSITIVE_INFINITY;
    let newest = 0;
    for (let i = 0; i < this.#seen; i += 1) {
      const ns = this.#firstNs[i] ?? 0;
      if (ns < earliest) earliest = ns;
      if (ns > newest) newest = ns;
    }
    let binNs = this.#binNs;
    while ((newest - Math.floor(earliest / binNs) * binNs) / binNs >= BINS_MAX) binNs = coarser(binNs);
    const fromNs = Number.isFinite(earliest)
      ? Math.floor(earliest / binNs) * binNs
      : Number.POSITIVE_INFINITY;
    this.#packets.fill(0);
    this.#dropped.fill(0);
    for (let i = 0; i < this.#seen; i += 1) {
      const bin = Math.floor(((this.#firstNs[i] ?? 0) - fromNs) / binNs);
      this.#packets[bin] = (this.#packets[bin] ?? 0) + 1;
      if (this.#marks[i] === MARK.dropped) this.#dropped[bin] = (this.#dropped[bin] ?? 0) + 1;
    }
    this.#binNs = binNs;
    this.#fromNs = fromNs;
    this.#newestNs = newest;
    this.#isOutside = false;
  }
}

/** The next of 1, 2, 5, 10, 20, 50 … */
function coarser(binNs: number): number {
  const digit = Math.round(binNs / 10 ** Math.floor(Math.log10(binNs) + 1e-9));
  return digit === 2 ? binNs * 2.5 : binNs * 2;
}
