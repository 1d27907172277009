/** A long path's hops in bins of a pixel's width, by lane. No DOM, so that it can be tested. */
import { HOP_KIND, type HopColumns } from '../../../../core/wire/hops.ts';

/** Lanes beyond so many are one. */
export const LANES_MAX = 24;

export interface LongLane {
  readonly netns: number;
  readonly ifindex: number;
  /** It stands for all that are visited first after it. */
  readonly isRest: boolean;
}

export interface LongPath {
  readonly hops: HopColumns;
  readonly lanes: readonly LongLane[];
  /** By hop. */
  readonly laneOf: Uint8Array;
  readonly drops: Uint32Array;
}

/** Lanes in the order of first visit; a hop without an interface or namespace is where the hop before was. */
export function laneHops(hops: HopColumns): LongPath {
  const lanes: LongLane[] = [];
  const known = new Map<number, number>();
  const laneOf = new Uint8Array(hops.count);
  const drops: number[] = [];
  let [netns, ifindex] = [0, 0];
  for (let i = 0; i < hops.count; i += 1) {
    const own = hops.netns[i] ?? 0;
    if (own !== 0 && own !== netns) [netns, ifindex] = [own, 0];
    if (hops.ifindex[i] !== 0) ifindex = hops.ifindex[i] ?? 0;
    if (hops.kind[i] === HOP_KIND.drop) drops.push(i);
    const key = netns * 2 ** 20 + (ifindex % 2 ** 20);
    let lane = known.get(key);
    if (lane === undefined) {
      lane = Math.min(lanes.length, LANES_MAX - 1);
      if (lanes.length < LANES_MAX) lanes.push({ netns, ifindex, isRest: lanes.length === LANES_MAX - 1 });
      known.set(key, lane);
    }
    laneOf[i] = lane;
  }
  return { hops, lanes, laneOf, drops: Uint32Array.from(drops) };
}

export type LongScale = 'sequence' | 'linear';

/** Where a hop is on the scale: its number, or the time since the first in ns. */
export const placeOf = ({ hops }: LongPath, index: number, scale: LongScale): number =>
  scale === 'sequence' ? index : (hops.timeNs[index] ?? 0) - (hops.timeNs[0] ?? 0);

export const lengthOf = (path: LongPath, scale: LongScale): number =>
  Math.max(1, placeOf(path, path.hops.count - 1, scale));

/** The first hop at or after a place of the scale; the number of hops when there is none. */
export function hopAt(path: LongPath, place: number, scale: LongScale): number {
  const { count } = path.hops;
  if (scale === 'sequence') return Math.max(0, Math.min(count, Math.ceil(place)));
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (placeOf(path, middle, scale) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Bins {
  /** By lane and then bin. */
  readonly counts: Uint32Array;
  readonly most: number;
  /** Hops that are in any of them. */
  readonly hops: number;
}

/** Counts the hops from one place of the scale to before another, in so many bins. */
export function binHops(path: LongPath, scale: LongScale, from: number, to: number, bins: number): Bins {
  const { lanes, laneOf, hops } = path;
  const counts = new Uint32Array(lanes.length * bins);
  const first = hopAt(path, from, scale);
  const end = hopAt(path, to, scale);
  const perPlace = bins / (to - from);
  const start = from + (scale === 'sequence' ? 0 : (hops.timeNs[0] ?? 0));
  let most = 0;
  for (let i = first; i < end; i += 1) {
    const place = scale === 'sequence' ? i : (hops.timeNs[i] ?? 0);
    const bin = Math.min(bins - 1, Math.floor((place - start) * perPlace));
    const at = (laneOf[i] ?? 0) * bins + bin;
    const count = (counts[at] ?? 0) + 1;
    counts[at] = count;
    if (count > most) most = count;
  }
  return { counts, most, hops: end - first };
}
