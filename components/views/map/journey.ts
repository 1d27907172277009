/** The selected packet's way over the map: the places that it was at, in order, and the lines between them. */
import type { Hop, Path } from '../../../core/model/hop.ts';
import { nodeKey } from './graph.ts';
import type { MapLayout } from './layout.ts';
import { type Point, within } from './route.ts';
import type { Ways } from './ways.ts';

/** A stay at one interface, or ('' as key) in a namespace at none. */
export interface Visit {
  readonly key: string;
  readonly inode: number;
  readonly firstHop: number;
  readonly lastHop: number;
  readonly isDrop: boolean;
  readonly at: Point;
  /** From the visit before to this one. */
  readonly line: readonly Point[];
}

/** Undefined places are passed over: the packet was where this map has nothing. */
export function journeyOf(path: Path, layout: MapLayout, ways: Ways): Visit[] {
  const visits: Visit[] = [];
  for (const stay of staysOf(path.hops, layout)) {
    const at = pointOf(stay, layout);
    if (at === undefined) continue;
    const before = visits.at(-1);
    const line = before === undefined ? [at] : lineBetween(before, { ...stay, at }, layout, ways);
    visits.push({ ...stay, at: line.at(-1) ?? at, line });
  }
  return visits;
}

/** The visit during which a hop was, -1 when it was nowhere on the map. */
export const visitOf = (visits: readonly Visit[], hop: number): number =>
  visits.findLastIndex((visit) => visit.firstHop <= hop);

type Stay = Omit<Visit, 'at' | 'line'>;

function staysOf(hops: readonly Hop[], layout: MapLayout): Stay[] {
  const stays: Stay[] = [];
  let inode = hops.find(({ netns }) => netns !== 0)?.netns ?? 0;
  for (const hop of hops) {
    if (hop.netns !== 0) inode = hop.netns as typeof inode;
    const key = layout.graph.nodes.has(nodeKey(inode, hop.ifindex)) ? nodeKey(inode, hop.ifindex) : '';
    const isDrop = hop.kind === 'drop';
    const last = stays.at(-1);
    // without an interface it is where it was, in the same namespace
    if (last !== undefined && last.inode === inode && (last.key === key || key === ''))
      stays[stays.length - 1] = { ...last, lastHop: hop.index, isDrop: last.isDrop || isDrop };
    else stays.push({ key, inode, firstHop: hop.index, lastHop: hop.index, isDrop });
  }
  // made in a namespace and given to its interface at once: the interface says it
  return stays
    .filter((stay, i) => stay.key !== '' || stay.isDrop || stays[i + 1]?.inode !== stay.inode)
    .map((stay, i) => (i === 0 ? { ...stay, firstHop: 0 } : stay));
}

function pointOf({ key, inode }: Stay, { spots, boxes }: MapLayout): Point | undefined {
  const spot = spots.get(key);
  if (spot !== undefined) return spot.side === 'bar' ? [spot.x + spot.width / 2, spot.y] : [spot.x, spot.y];
  const box = boxes.find(({ region }) => region.inode === inode);
  return box === undefined ? undefined : [box.x + box.title - 14, box.y + box.height / 2];
}

function lineBetween(a: Visit, b: Stay & { readonly at: Point }, layout: MapLayout, ways: Ways): Point[] {
  const indexOf = (key: string) => Number(key.split('/')[1] ?? 0);
  const way = ways.between(a.inode, indexOf(a.key), b.inode, indexOf(b.key));
  const keys = way.nodes[0] === a.key ? [...way.nodes] : [a.key, ...way.nodes];
  if (keys.at(-1) !== b.key) keys.push(b.key);
  const points: Point[] = [a.at];
  keys.forEach((key, i) => {
    const next = keys[i + 1];
    if (next !== undefined) extend(points, legOf(key, next, layout));
  });
  // a bar is reached where the line meets it
  if (layout.spots.get(b.key)?.side !== 'bar' || points.length === 1) extend(points, [b.at]);
  return points;
}

/** Along the wire that joins two interfaces; within a namespace from one to the other. */
function legOf(from: string, to: string, { wires, spots }: MapLayout): readonly Point[] {
  const wire = wires.find(
    ({ joint }) =>
      (joint.from.key === from && joint.to.key === to) || (joint.from.key === to && joint.to.key === from),
  );
  if (wire !== undefined) return wire.joint.from.key === from ? wire.points : [...wire.points].reverse();
  const [a, b] = [spots.get(from), spots.get(to)];
  return a === undefined || b === undefined ? [] : within(a, b);
}

/** Goes on along a line; a bar is walked from where it was reached to where it is left. */
function extend(points: Point[], leg: readonly Point[]): void {
  for (const point of leg) {
    const last = points.at(-1);
    if (last === undefined || last[0] !== point[0] || last[1] !== point[1]) points.push(point);
  }
}
