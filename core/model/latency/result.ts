/** How long packets took, as the server answers it. Times are ns since the capture's base time, durations ns. */
import type { Place } from './places.ts';

/** Of what times are told. */
export type LatencySeries =
  /** First to last hop. */
  | { readonly kind: 'whole' }
  /** From the first function in a part of the stack to the first that is not, or in a wait. */
  | { readonly kind: 'place'; readonly place: Place }
  /** From one function to the next; with `reason` (else -1) to a drop, and `to` is 0. */
  | { readonly kind: 'edge'; readonly from: number; readonly to: number; readonly reason: number };

/** A stretch of one packet's path. */
export interface Passage {
  readonly packet: number;
  /** Index among the hops of its path: the one at the end of the longest step in the stretch. */
  readonly hop: number;
  /** When it began. */
  readonly atNs: number;
  readonly tookNs: number;
}

/** Quantiles are right within 7 %, and never beyond the shortest and the longest. */
export interface LatencyRow {
  readonly series: LatencySeries;
  /** Passages: a packet may have several. */
  readonly count: number;
  readonly totalNs: number;
  readonly p50Ns: number;
  readonly p90Ns: number;
  readonly p99Ns: number;
  readonly minNs: number;
  readonly maxNs: number;
  readonly slowest: Passage;
  /** Passages that took 1, 2–3, 4–7, 8–15 … ns; none behind the last that has any. */
  readonly octaves: readonly number[];
}

/** Of a series: part `bin` of the time, in which passages began, and level `level` of durations. */
export interface HeatCell {
  readonly bin: number;
  readonly level: number;
  readonly count: number;
  /** How many of them are listed, those of the newest packets. */
  readonly listed: number;
}

export interface HeatColumn {
  readonly bin: number;
  readonly count: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
}

export interface Heat {
  readonly series: LatencySeries;
  readonly fromNs: number;
  readonly toNs: number;
  /** Those that have any passages, by bin; cells by bin and level. */
  readonly columns: readonly HeatColumn[];
  readonly cells: readonly HeatCell[];
  /** Float64 numbers, four for each listed {@link Passage}, cell after cell; see {@link passagesOf}. */
  readonly passages: ArrayBuffer;
}

/** Packets and steps that are in no row. */
export interface LatencyLeftOut {
  /** Asked for or kept, but older than the newest that are folded. */
  readonly older: number;
  /** Their first hops are no longer in memory. */
  readonly truncated: number;
  /** Fewer than two hops: nothing to measure between. Or no longer in memory. */
  readonly tooShort: number;
  /** With more hops than are read. */
  readonly tooLong: number;
  /** Steps between functions beyond the {@link EDGES_MAX} pairs first met: in stages, not in edges. */
  readonly edgeSteps: number;
}

export interface LatencyAnalysis {
  readonly packets: number;
  /** From one hop to the next, in all of these packets. */
  readonly steps: number;
  readonly leftOut: LatencyLeftOut;
  readonly whole: LatencyRow | undefined;
  readonly places: readonly LatencyRow[];
  readonly edges: readonly LatencyRow[];
  /** Of the series that was asked for; undefined when it has no passages. */
  readonly heat: Heat | undefined;
}

export const EDGES_MAX = 4096;
/** Parts of the time in a heat map. */
export const HEAT_BINS = 80;
/** Passages listed of a cell, and of all cells. */
export const CELL_PASSAGES_MAX = 200;
export const PASSAGES_MAX = 8192;
export const PASSAGE_NUMBERS = 4;

/** The listed passages of one cell of a heat map, in the order of packets, newest first. */
export function passagesOf(heat: Heat, cell: HeatCell): Passage[] {
  const numbers = new Float64Array(heat.passages);
  let before = 0;
  for (const other of heat.cells) {
    if (other === cell) break;
    before += other.listed;
  }
  return Array.from({ length: cell.listed }, (_, i) => {
    const at = (before + i) * PASSAGE_NUMBERS;
    return {
      packet: numbers[at] ?? 0,
      hop: numbers[at + 1] ?? -1,
      atNs: numbers[at + 2] ?? 0,
      tookNs: numbers[at + 3] ?? 0,
    };
  });
}

export const seriesKey = (series: LatencySeries): string =>
  series.kind === 'whole'
    ? 'whole'
    : series.kind === 'place'
      ? `place ${series.place}`
      : `edge ${series.from} ${series.reason >= 0 ? `!${series.reason}` : series.to}`;
