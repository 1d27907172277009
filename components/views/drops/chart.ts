/** Drops over time as stacked bars: maths only. */
import { scaleLinear, scaleTime } from 'd3';
import { DROP_BINS, type DropGroup, type DropSummary } from '../../../core/model/aggregate/drops.ts';

/** Groups that are told apart; all others are one. */
export const SERIES_MAX = 6;

export interface Series {
  /** '' for all others together. */
  readonly key: string;
  readonly count: number;
  readonly bins: Uint32Array;
  /** Groups in it: one, but for the others. */
  readonly groups: number;
}

/** The largest groups, and one of all others when there are any. */
export function seriesOf(groups: readonly DropGroup[]): readonly Series[] {
  const largest = groups
    .slice(0, SERIES_MAX)
    .map(({ key, count, bins }) => ({ key, count, bins, groups: 1 }));
  const others = groups.slice(SERIES_MAX);
  if (others.length === 0) return largest;
  const bins = new Uint32Array(DROP_BINS);
  for (const group of others) for (const [i, count] of group.bins.entries()) bins[i] = (bins[i] ?? 0) + count;
  const count = others.reduce((sum, group) => sum + group.count, 0);
  return [...largest, { key: '', count, bins, groups: others.length }];
}

export interface Bar {
  readonly series: number;
  readonly bin: number;
  readonly count: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Stack {
  readonly bars: readonly Bar[];
  readonly ticks: readonly { readonly y: number; readonly count: number }[];
  /** Most drops in one part. */
  readonly most: number;
}

/** Bars from below, the largest series at the bottom; each is at least a pixel high. */
export function stackBars(series: readonly Series[], width: number, height: number): Stack {
  const totals = Array.from({ length: DROP_BINS }, (_, bin) =>
    series.reduce((sum, { bins }) => sum + (bins[bin] ?? 0), 0),
  );
  const most = Math.max(1, ...totals);
  const y = scaleLinear([0, most], [height, 0]).nice(3);
  const step = width / DROP_BINS;
  const bars: Bar[] = [];
  for (let bin = 0; bin < DROP_BINS; bin += 1) {
    let below = 0;
    for (const [i, { bins }] of series.entries()) {
      const count = bins[bin] ?? 0;
      if (count === 0) continue;
      const top = y(below + count);
      bars.push({
        series: i, bin, count,
        x: bin * step + 0.5, y: top,
        width: Math.max(1, step - 1), height: Math.max(1, y(below) - top),
      }); // biome-ignore format: short
      below += count;
    }
  }
  const ticks = y.ticks(3).filter((count) => Number.isInteger(count) && count > 0);
  return { bars, most, ticks: ticks.map((count) => ({ y: y(count), count })) };
}

/** For a time with seconds, and with milliseconds; pixels. */
const TICK_ROOM = 110;
const FINE_TICK_ROOM = 160;

/** Where whole parts of the wall clock are, and what they are called: `14:03:10`, below a second `14:03:10.5`. */
export function timeTicks(
  { fromNs, toNs }: Pick<DropSummary, 'fromNs' | 'toNs'>,
  baseUnixMs: number,
  width: number,
): readonly { readonly x: number; readonly label: string }[] {
  if (toNs <= fromNs || width <= 0) return [];
  const x = scaleTime([baseUnixMs + fromNs / 1e6, baseUnixMs + toNs / 1e6], [0, width]);
  const ticksOf = (room: number) => x.ticks(Math.max(2, Math.floor(width / room)));
  const isFine = ticksOf(TICK_ROOM).some((tick) => tick.getMilliseconds() !== 0);
  const ticks = ticksOf(isFine ? FINE_TICK_ROOM : TICK_ROOM);
  const two = (value: number) => String(value).padStart(2, '0');
  return ticks.map((tick) => ({
    x: x(tick),
    label: `${two(tick.getHours())}:${two(tick.getMinutes())}:${two(tick.getSeconds())}${isFine ? `.${String(tick.getMilliseconds()).padStart(3, '0')}` : ''}`,
  }));
}

/** A group's drops over the same time as one shape for a line of text. */
export function sparkPath(bins: Uint32Array, width: number, height: number): string {
  const most = Math.max(1, ...bins);
  const step = width / bins.length;
  let path = '';
  for (const [i, count] of bins.entries()) {
    if (count === 0) continue;
    const bar = Math.max(2, (count / most) * height);
    path += `M${(i * step).toFixed(1)} ${height}v${(-bar).toFixed(1)}h${Math.max(1.5, step).toFixed(1)}v${bar.toFixed(1)}z`;
  }
  return path;
}
