/** The time strip's geometry: times to pixels and back, bars as one path. */
import { scaleLinear } from 'd3';
import type { TimeRange } from '../../state/packets/visible.ts';

export interface StripScale {
  readonly fromNs: number;
  readonly toNs: number;
  readonly width: number;
}

export const xOf = ({ fromNs, toNs, width }: StripScale, ns: number): number =>
  toNs <= fromNs ? 0 : ((ns - fromNs) / (toNs - fromNs)) * width;

export function nsAt({ fromNs, toNs, width }: StripScale, x: number): number {
  return width <= 0 ? fromNs : fromNs + (Math.max(0, Math.min(width, x)) / width) * (toNs - fromNs);
}

/**
 * Bars of a histogram as one path. Heights go by the square root, so that a single packet beside thousands is seen.
 * @param most what has the whole height
 */
export function barsPath(counts: Uint32Array, most: number, width: number, height: number): string {
  if (most === 0 || counts.length === 0) return '';
  const step = width / counts.length;
  const gap = step > 4 ? 1 : 0;
  const two = (value: number) => Math.round(value * 100) / 100;
  let path = '';
  for (let i = 0; i < counts.length; i += 1) {
    const count = counts[i] ?? 0;
    if (count === 0) continue;
    const top = height - Math.max(2, Math.sqrt(count / most) * height);
    path += `M${two(i * step)} ${height}V${two(top)}H${two((i + 1) * step - gap)}V${height}Z`;
  }
  return path;
}

export interface Tick {
  readonly x: number;
  readonly label: string;
}

/** Round times since `originNs`, as far apart as their labels need. */
export function ticksOf(scale: StripScale, originNs: number): readonly Tick[] {
  const [from, to] = [(scale.fromNs - originNs) / 1e9, (scale.toNs - originNs) / 1e9];
  if (!(to > from)) return [];
  const axis = scaleLinear().domain([from, to]);
  const count = Math.max(1, Math.floor(scale.width / 110));
  const step = (to - from) / count;
  const unit =
    step < 1e-3
      ? { factor: 1e6, name: 'µs' }
      : step < 0.5
        ? { factor: 1e3, name: 'ms' }
        : { factor: 1, name: 's' };
  return axis
    .ticks(count)
    .map((seconds) => ({
      x: xOf(scale, originNs + seconds * 1e9),
      label: `${Number((seconds * unit.factor).toPrecision(6))} ${unit.name}`,
    }))
    .filter(({ x, label }) => x >= 0 && x + label.length * 6 + 4 <= scale.width);
}

/** What a drag from one place to another means; undefined for one too short to be meant. */
export function brushed(scale: StripScale, x0: number, x1: number): TimeRange | undefined {
  if (Math.abs(x1 - x0) < 3) return undefined;
  return { fromNs: nsAt(scale, Math.min(x0, x1)), toNs: nsAt(scale, Math.max(x0, x1)) };
}

/** One edge set to a time; an edge never passes the other. */
export function withEdge(range: TimeRange, edge: 'from' | 'to', ns: number, leastNs: number): TimeRange {
  return edge === 'from'
    ? { ...range, fromNs: Math.min(ns, range.toNs - leastNs) }
    : { ...range, toNs: Math.max(ns, range.fromNs + leastNs) };
}

/** The range moved as a whole, without leaving the strip. */
export function movedBy(range: TimeRange, byNs: number, { fromNs, toNs }: StripScale): TimeRange {
  const by = Math.max(fromNs - range.fromNs, Math.min(toNs - range.toNs, byNs));
  return { fromNs: range.fromNs + by, toNs: range.toNs + by };
}
