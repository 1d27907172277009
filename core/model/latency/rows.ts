import { Histograms } from '../analysis/histograms.ts';
import type { LatencyRow, LatencySeries } from './result.ts';

interface Measured {
  readonly series: LatencySeries;
  count: number;
  totalNs: number;
  minNs: number;
  maxNs: number;
  packet: number;
  hop: number;
  atNs: number;
}

/** What is counted of each series, by number. */
export class LatencyRows {
  readonly #rows: Measured[] = [];
  readonly #times = new Histograms();

  get size(): number {
    return this.#rows.length;
  }

  /** A new series; its number. */
  add(series: LatencySeries): number {
    this.#times.add();
    const none = { count: 0, totalNs: 0, maxNs: -1, packet: 0, hop: -1, atNs: 0 };
    return this.#rows.push({ series, minNs: Number.POSITIVE_INFINITY, ...none }) - 1;
  }

  record(number: number, packet: number, hop: number, atNs: number, tookNs: number): void {
    const row = this.#rows[number];
    if (row === undefined) return;
    row.count += 1;
    row.totalNs += tookNs;
    if (tookNs < row.minNs) row.minNs = tookNs;
    this.#times.record(number, tookNs);
    if (tookNs <= row.maxNs) return;
    row.maxNs = tookNs;
    row.packet = packet;
    row.hop = hop;
    row.atNs = atNs;
  }

  /** Of all that have any passages, in the order in which they were added. */
  result(): LatencyRow[] {
    return this.#rows.flatMap((row, number) => {
      if (row.count === 0) return [];
      const { series, count, totalNs, minNs, maxNs, packet, hop, atNs } = row;
      const quantile = (share: number) =>
        Math.max(minNs, Math.min(maxNs, this.#times.quantile(number, share)));
      return {
        series,
        count,
        totalNs,
        p50Ns: quantile(0.5),
        p90Ns: quantile(0.9),
        p99Ns: quantile(0.99),
        minNs,
        maxNs,
        slowest: { packet, hop, atNs, tookNs: maxNs },
        octaves: this.#times.octaves(number),
      };
    });
  }
}
