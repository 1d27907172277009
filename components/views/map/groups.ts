/** Where a region's interfaces go within it: columns and rows, in units; no pixels. */
import type { MapGraph, MapNode, Region } from './graph.ts';

/** top: a wire to a region above, or the world. inner: stands on another. bar. bottom: a wire to a region below. */
export type Side = 'top' | 'inner' | 'bar' | 'bottom';

export interface Slot {
  readonly node: MapNode;
  readonly side: Side;
  /** First column, and for a bar how many. */
  readonly column: number;
  readonly span: number;
  /** Of bars: 0 is the lowest. */
  readonly level: number;
}

export interface Plan {
  readonly slots: readonly Slot[];
  readonly columns: number;
  readonly levels: number;
  readonly hasTop: boolean;
  readonly hasInner: boolean;
  readonly hasBottom: boolean;
}

interface Group {
  readonly bar: MapNode | undefined;
  readonly groups: Group[];
  readonly members: MapNode[];
}

/** Plans one region. What is plugged into the same bridge or bond stands together, all in the order of their ifindex. */
export function planRegion(region: Region, sideOf: (node: MapNode) => Exclude<Side, 'bar'>): Plan {
  const slots: Slot[] = [];
  let levels = 0;
  const place = (group: Group, from: number): { readonly width: number; readonly level: number } => {
    let at = from;
    let level = 0;
    for (const inner of group.groups) {
      const placed = place(inner, at);
      at += placed.width;
      level = Math.max(level, placed.level + 1);
    }
    const upper = group.members.filter((node) => sideOf(node) !== 'bottom');
    const lower = group.members.filter((node) => sideOf(node) === 'bottom');
    const add = (node: MapNode, column: number) =>
      slots.push({ node, side: sideOf(node), column, span: 1, level: 0 });
    lower.forEach((node, i) => {
      add(node, at + i);
    });
    upper.forEach((node, i) => {
      add(node, at + i);
    });
    const width = Math.max(at - from + Math.max(upper.length, lower.length), 1);
    if (group.bar !== undefined) {
      slots.push({ node: group.bar, side: 'bar', column: from, span: width, level });
      levels = Math.max(levels, level + 1);
    }
    return { width, level };
  };
  let columns = 0;
  for (const group of topGroups(region)) columns += place(group, columns).width;
  const has = (side: Side) => slots.some((slot) => slot.side === side);
  return {
    slots,
    columns,
    levels,
    hasTop: has('top'),
    hasInner: has('inner'),
    hasBottom: has('bottom'),
  };
}

/** Groups in the order of their first interface; those that belong to no bar are one group of their own at the end. */
function topGroups(region: Region): Group[] {
  const bars = region.nodes.filter(({ isBar }) => isBar);
  const groupOf = new Map(bars.map((bar): [MapNode, Group] => [bar, { bar, groups: [], members: [] }]));
  const loose: Group = { bar: undefined, groups: [], members: [] };
  const top: Group[] = [];
  const owner = (node: MapNode): Group | undefined => {
    const bar = bars.find((one) => one.link.name === node.link.master) ?? lowerBar(node, bars);
    return bar === undefined || bar === node ? undefined : groupOf.get(bar);
  };
  for (const node of region.nodes) {
    const home = owner(node);
    const own = groupOf.get(node);
    if (own === undefined) (home ?? loose).members.push(node);
    else if (home === undefined || isWithin(home, own)) top.push(own);
    else home.groups.push(own);
  }
  return loose.members.length === 0 ? top : [...top, loose];
}

/** A VLAN on a bond stands at that bond. */
const lowerBar = ({ link, region }: MapNode, bars: readonly MapNode[]): MapNode | undefined =>
  link.far?.netns === region.inode ? bars.find((bar) => bar.link.ifindex === link.far?.ifindex) : undefined;

const isWithin = (inner: Group, outer: Group): boolean =>
  inner === outer || outer.groups.some((group) => isWithin(inner, group));

/** How far each region is from the host (or from the best joined region, where the host cannot be reached). */
export function depths(graph: MapGraph): ReadonlyMap<Region, number> {
  const near = new Map<Region, Set<Region>>(graph.regions.map((region) => [region, new Set<Region>()]));
  for (const { from, to } of graph.joints) {
    if (from.region === to.region) continue;
    near.get(from.region)?.add(to.region);
    near.get(to.region)?.add(from.region);
  }
  const depth = new Map<Region, number>();
  const joined = (region: Region) => near.get(region)?.size ?? 0;
  const roots = [...graph.regions].sort(
    (a, b) => Number(isHost(b)) - Number(isHost(a)) || joined(b) - joined(a) || (a.key < b.key ? -1 : 1),
  );
  for (const root of roots) {
    if (depth.has(root)) continue;
    depth.set(root, 0);
    const queue = [root];
    for (const region of queue)
      for (const other of near.get(region) ?? []) {
        if (depth.has(other)) continue;
        depth.set(other, (depth.get(region) ?? 0) + 1);
        queue.push(other);
      }
  }
  return depth;
}

const isHost = (region: Region): boolean => region.name === 'host';
