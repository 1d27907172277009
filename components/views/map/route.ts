/** The way of a line between two interfaces: straight down where it can be, in channels between regions where not. */
import type { JointKind } from './graph.ts';
import type { Spot } from './size.ts';

export type Point = readonly [number, number];

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
interface End {
  readonly spot: Spot;
  readonly box: Rect;
}

const LANES = 9;
const LANE = 4;

export function routeJoint(
  kind: JointKind,
  from: End,
  to: End,
  boxes: readonly Rect[],
  lane: number,
): Point[] {
  if (from.box === to.box) return within(from.spot, to.spot);
  if (kind === 'tunnel') return [center(from.spot), center(to.spot)];
  const isDown = from.box.y <= to.box.y;
  const points = isDown ? between(from, to, boxes, lane) : between(to, from, boxes, lane).reverse();
  return points;
}

/** Inside a region: to a bar straight; between two stations by a corner. */
export function within(a: Spot, b: Spot): Point[] {
  if (b.side === 'bar') return toBar(a, b);
  if (a.side === 'bar') return toBar(b, a).reverse();
  if (a.x === b.x || a.y === b.y) return [center(a), center(b)];
  const y = (a.y + b.y) / 2;
  return [center(a), [a.x, y], [b.x, y], center(b)];
}

function toBar(spot: Spot, bar: Spot): Point[] {
  const x = Math.max(bar.x + 4, Math.min(bar.x + bar.width - 4, spot.x));
  return x === spot.x ? [center(spot), [x, bar.y]] : [center(spot), [spot.x, bar.y], [x, bar.y]];
}

/** From a region to one below it, or beside it. */
function between(upper: End, lower: End, boxes: readonly Rect[], lane: number): Point[] {
  const [x0, y0] = center(upper.spot);
  const [x1, y1] = center(lower.spot);
  const shift = (lane % LANES) * LANE;
  const bottom = upper.box.y + upper.box.height;
  if (lower.spot.side === 'bottom') {
    const y = Math.max(bottom, lower.box.y + lower.box.height) + 12 + shift;
    return [[x0, y0], [x0, y], [x1, y], [x1, y1]];
  }
  if (upper.spot.side === 'top' || lower.box.y < bottom + 20) {
    const x = Math.max(upper.box.x + upper.box.width, lower.box.x + lower.box.width) + 12 + shift;
    const [from, to] = [upper.spot.side === 'top' ? upper.box.y - 12 : bottom + 12, lower.box.y - 12];
    return [[x0, y0], [x0, from], [x, from], [x, to], [x1, to], [x1, y1]];
  }
  const channel = bottom + 10 + shift;
  const isFree = (x: number, from: number, to: number) =>
    !boxes.some((box) => box !== upper.box && box !== lower.box && box.x < x && x < box.x + box.width && box.y < to && from < box.y + box.height);
  if (isFree(x1, channel, y1)) return Math.abs(x0 - x1) < 1 ? [[x0, y0], [x1, y1]] : [[x0, y0], [x0, channel], [x1, channel], [x1, y1]];
  const gutter = lower.box.x - 6 - (lane % 5) * LANE;
  const above = lower.box.y - 8 - shift / 2;
  return [[x0, y0], [x0, channel], [gutter, channel], [gutter, above], [x1, above], [x1, y1]];
} // biome-ignore format: points

const center = ({ x, y }: Spot): Point => [x, y];

/** An SVG path with rounded corners. */
export function pathOf(points: readonly Point[], radius = 7): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let d = `M${first[0]},${first[1]}`;
  rest.forEach((point, i) => {
    const next = rest[i + 1];
    const before = points[i] ?? first;
    if (next === undefined) {
      d += `L${point[0]},${point[1]}`;
      return;
    }
    const r = Math.min(radius, distance(before, point) / 2, distance(point, next) / 2);
    const [a, b] = [towards(point, before, r), towards(point, next, r)];
    d += `L${a[0]},${a[1]}Q${point[0]},${point[1]} ${b[0]},${b[1]}`;
  });
  return d;
}

export const distance = (a: Point, b: Point): number => Math.hypot(b[0] - a[0], b[1] - a[1]);

/** The point so far from `from` on the way to `to`. */
export function towards(from: Point, to: Point, by: number): Point {
  const whole = distance(from, to);
  if (whole === 0) return from;
  const share = by / whole;
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}

export const lengthOf = (points: readonly Point[]): number =>
  points.reduce((sum, point, i) => sum + distance(points[i - 1] ?? point, point), 0);

/** The point at a distance along a line; its end beyond that. */
export function pointAt(points: readonly Point[], at: number): Point {
  let left = at;
  for (const [i, point] of points.entries()) {
    const next = points[i + 1];
    if (next === undefined) return point;
    const step = distance(point, next);
    if (left <= step) return towards(point, next, left);
    left -= step;
  }
  return points.at(-1) ?? [0, 0];
}
