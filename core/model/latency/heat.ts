import { Histograms } from '../analysis/histograms.ts';
import { LEVELS, levelOf } from './levels.ts';
import {
  CELL_PASSAGES_MAX,
  HEAT_BINS,
  type Heat,
  type HeatCell,
  type HeatColumn,
  type LatencySeries,
  PASSAGE_NUMBERS,
  PASSAGES_MAX,
} from './result.ts';

/** The passages of one series over time and duration: counts of all, and of each cell the first that came. */
export class HeatMap {
  readonly series: LatencySeries;
  readonly #fromNs: number;
  readonly #toNs: number;
  readonly #counts = new Uint32Array(HEAT_BINS * LEVELS);
  readonly #listed = new Uint16Array(HEAT_BINS * LEVELS);
  readonly #times = new Histograms();
  /** By bin: shortest and longest, which quantiles do not go beyond. */
  readonly #least = new Float64Array(HEAT_BINS).fill(Number.POSITIVE_INFINITY);
  readonly #most = new Float64Array(HEAT_BINS);
  /** Numbers of passages as they came, and the cell of each. */
  readonly #passages = new Float64Array(PASSAGES_MAX * PASSAGE_NUMBERS);
  readonly #cellOf = new Uint16Array(PASSAGES_MAX);
  #size = 0;

  constructor(series: LatencySeries, fromNs: number, toNs: number) {
    this.series = series;
    this.#fromNs = fromNs;
    this.#toNs = Math.max(toNs, fromNs + 1);
    for (let bin = 0; bin < HEAT_BINS; bin += 1) this.#times.add();
  }

  record(packet: number, hop: number, atNs: number, tookNs: number): void {
    const share = (atNs - this.#fromNs) / (this.#toNs - this.#fromNs);
    const bin = Math.max(0, Math.min(HEAT_BINS - 1, Math.floor(share * HEAT_BINS)));
    const cell = bin * LEVELS + levelOf(tookNs);
    this.#counts[cell] = (this.#counts[cell] ?? 0) + 1;
    this.#times.record(bin, tookNs);
    this.#least[bin] = Math.min(this.#least[bin] ?? 0, tookNs);
    this.#most[bin] = Math.max(this.#most[bin] ?? 0, tookNs);
    const listed = this.#listed[cell] ?? 0;
    if (listed >= CELL_PASSAGES_MAX || this.#size >= PASSAGES_MAX) return;
    this.#listed[cell] = listed + 1;
    this.#cellOf[this.#size] = cell;
    this.#passages.set([packet, hop, atNs, tookNs], this.#size * PASSAGE_NUMBERS);
    this.#size += 1;
  }

  result(): Heat | undefined {
    const cells: HeatCell[] = [];
    const columns: HeatColumn[] = [];
    const starts = new Float64Array(HEAT_BINS * LEVELS);
    let listedBefore = 0;
    for (let bin = 0; bin < HEAT_BINS; bin += 1) {
      let inColumn = 0;
      for (let level = 0; level < LEVELS; level += 1) {
        const cell = bin * LEVELS + level;
        const count = this.#counts[cell] ?? 0;
        if (count === 0) continue;
        const listed = this.#listed[cell] ?? 0;
        starts[cell] = listedBefore;
        listedBefore += listed;
        inColumn += count;
        cells.push({ bin, level, count, listed });
      }
      if (inColumn === 0) continue;
      const within = (ns: number) => Math.max(this.#least[bin] ?? 0, Math.min(this.#most[bin] ?? ns, ns));
      columns.push({
        bin,
        count: inColumn,
        p50Ns: within(this.#times.quantile(bin, 0.5)),
        p99Ns: within(this.#times.quantile(bin, 0.99)),
      });
    }
    if (cells.length === 0) return undefined;
    const { series } = this;
    return {
      series,
      fromNs: this.#fromNs,
      toNs: this.#toNs,
      columns,
      cells,
      passages: this.#inOrder(starts, listedBefore),
    };
  }

  /** Cell after cell, in each as they came. */
  #inOrder(starts: Float64Array, size: number): ArrayBuffer {
    const ordered = new Float64Array(size * PASSAGE_NUMBERS);
    for (let i = 0; i < this.#size; i += 1) {
      const cell = this.#cellOf[i] ?? 0;
      const to = starts[cell] ?? 0;
      starts[cell] = to + 1;
      const from = i * PASSAGE_NUMBERS;
      ordered.set(this.#passages.subarray(from, from + PASSAGE_NUMBERS), to * PASSAGE_NUMBERS);
    }
    return ordered.buffer;
  }
}
