/** What series, cells and what is left out are called. */
import { asFuncId } from '../../../core/base/units.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { levelFrom } from '../../../core/model/latency/levels.ts';
import { aboutWait, isWait } from '../../../core/model/latency/places.ts';
import type {
  Heat, HeatCell, LatencyAnalysis, LatencyLeftOut, LatencyRow, LatencySeries,
} from '../../../core/model/latency/result.ts'; // biome-ignore format: a list
import type { NameBook } from '../../../core/model/names.ts';
import type { LatencyBy, LatencySort } from '../../state/latency.ts';

export const BY_LABELS: Readonly<Record<LatencyBy, string>> = {
  place: 'By stage',
  edge: 'By edge',
  whole: 'Whole packet',
};

export function seriesName(series: LatencySeries, names: NameBook): string {
  if (series.kind === 'whole') return 'whole packet';
  if (series.kind === 'place') return series.place;
  return edgeEnds(series, names).join(' → ');
}

export function edgeEnds(
  { from, to, reason }: Extract<LatencySeries, { readonly kind: 'edge' }>,
  names: NameBook,
): readonly [from: string, to: string] {
  const drop = reason >= 0 ? `dropped: ${names.reasonName(reason)}` : undefined;
  return [names.functionName(asFuncId(from)), drop ?? names.functionName(asFuncId(to))];
}

/** What its times are, in a sentence. */
export function seriesAbout(series: LatencySeries): string {
  if (series.kind === 'whole') return 'From a packet’s first hop to its last.';
  if (series.kind === 'edge') return 'From entering the first function to entering the second.';
  return (
    aboutWait(series.place) ?? 'From a packet’s first function in this stage to its first one behind it.'
  );
}

export const isWaiting = (series: LatencySeries): boolean => series.kind === 'place' && isWait(series.place);

export function rowsBy(analysis: LatencyAnalysis, by: LatencyBy): readonly LatencyRow[] {
  if (by === 'place') return analysis.places;
  if (by === 'edge') return analysis.edges;
  return analysis.whole === undefined ? [] : [analysis.whole];
}

const VALUES: Readonly<Record<LatencySort, (row: LatencyRow) => number>> = {
  count: ({ count }) => count,
  p50: ({ p50Ns }) => p50Ns,
  p90: ({ p90Ns }) => p90Ns,
  p99: ({ p99Ns }) => p99Ns,
  max: ({ maxNs }) => maxNs,
  total: ({ totalNs }) => totalNs,
};

export const sortRows = (rows: readonly LatencyRow[], sort: LatencySort): readonly LatencyRow[] =>
  [...rows].sort((a, b) => VALUES[sort](b) - VALUES[sort](a) || b.totalNs - a.totalNs);

/** `45.3–64.0 µs`; the unit is said once where it is the same. */
export function levelText(level: number): string {
  if (level === 0) return 'up to 1 ns';
  const [from, to] = [formatDuration(levelFrom(level)), formatDuration(levelFrom(level + 1))];
  const [value = '', unit = ''] = from.split(' ');
  return to.endsWith(` ${unit}`) ? `${value}–${to}` : `${from}–${to}`;
}

export const passagesText = (count: number): string =>
  `${formatCount(count)} ${count === 1 ? 'passage' : 'passages'}`;

/** When the passages of a part of the time began: its first and last moment. */
export function binRange({ fromNs, toNs }: Heat, bin: number, bins: number): readonly [number, number] {
  const step = (toNs - fromNs) / bins;
  return [fromNs + bin * step, fromNs + (bin + 1) * step];
}

export const cellKey = ({ bin, level }: HeatCell): string => `${bin}/${level}`;

/** Packets and steps that are in none of the rows, and why; '' when there are none. */
export function leftOutText(
  { older, truncated, tooShort, tooLong, edgeSteps }: LatencyLeftOut,
  by: LatencyBy,
): string {
  const parts = [
    older > 0 && `${formatCount(older)} older packets`,
    truncated > 0 && `${formatCount(truncated)} whose first hops are no longer in memory`,
    tooShort > 0 && `${formatCount(tooShort)} with fewer than two hops`,
    tooLong > 0 && `${formatCount(tooLong)} with too many hops`,
    by === 'edge' && edgeSteps > 0 && `${formatCount(edgeSteps)} steps of further edges`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? '' : `Not in it: ${parts.join(', ')}`;
}

/** The display filter that lets these packets through and no other: `packet in {3, 7..9}`. */
export function packetsFilter(packets: Iterable<number>): string {
  const sorted = [...new Set(packets)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const packet of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === packet - 1) last[1] = packet;
    else runs.push([packet, packet]);
  }
  const text = ([from, to]: [number, number]) =>
    from === to ? String(from) : to === from + 1 ? `${from}, ${to}` : `${from}..${to}`;
  return `packet in {${runs.map(text).join(', ')}}`;
}
