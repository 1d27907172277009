/**
 * Where everything of the map goes, in pixels; no DOM. Each region stands below the one that it is plugged into, where
 * possible right below its port. What has a place keeps it: what is new is put where there is room.
 */
import type { Joint, MapGraph, MapNode, Region } from './graph.ts';
import { depths, type Side } from './groups.ts';
import { type Point, routeJoint } from './route.ts';
import { GAP, type Sized, type Spot, sizeRegion, titleWidth } from './size.ts';

export interface Place {
  readonly x: number;
  readonly y: number;
}
export type Places = ReadonlyMap<string, Place>;

export interface Box extends Place {
  readonly region: Region;
  readonly width: number;
  readonly height: number;
  /** Width of its name's column. */
  readonly title: number;
}

export interface Wire {
  readonly joint: Joint;
  readonly points: readonly Point[];
}

export interface MapLayout {
  readonly graph: MapGraph;
  readonly boxes: readonly Box[];
  /** By node key, in the page of the map. */
  readonly spots: ReadonlyMap<string, Spot>;
  readonly wires: readonly Wire[];
  /** By region key, of those that are plugged in: what to remember. */
  readonly places: Places;
  readonly bounds: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
}

const CHANNEL = 72;
const ROW_GAP = 56;
/** What is about as wide as a page is, measured in the areas that the regions need. */
const ASPECT = 2.1;
const WIDTH_MIN = 1100;

export function layOutMap(graph: MapGraph, known: Places): MapLayout {
  const depth = depths(graph);
  const sized = sizeAll(graph, depth);
  const ideal = placeAll(graph, depth, sized);
  const boxes = settle(graph, sized, ideal, known);
  const inNetwork = joined(graph);
  const byRegion = new Map(boxes.map((box) => [box.region, box]));
  const spots = new Map<string, Spot>();
  for (const box of boxes)
    for (const spot of sized.get(box.region)?.spots ?? [])
      spots.set(spot.node.key, { ...spot, x: spot.x + box.x, y: spot.y + box.y });
  const wires = routeAll(graph, boxes, byRegion, spots);
  const xs = boxes.flatMap(({ x, width }) => [x, x + width]);
  const ys = boxes.flatMap(({ y, height }) => [y, y + height]);
  const [left, top] = [Math.min(0, ...xs), Math.min(0, ...ys)];
  return {
    graph,
    boxes,
    spots,
    wires,
    places: new Map(
      boxes.filter(({ region }) => inNetwork.has(region)).map(({ region, x, y }) => [region.key, { x, y }]),
    ),
    bounds: { x: left, y: top, width: Math.max(1, ...xs) - left, height: Math.max(1, ...ys) - top },
  };
}

/** Regions that a wire leads to; a namespace that is not plugged in yet has no place of its own. */
const joined = ({ joints }: MapGraph): ReadonlySet<Region> =>
  new Set(joints.flatMap(({ from, to }) => (from.region === to.region ? [] : [from.region, to.region])));

type Depths = ReadonlyMap<Region, number>;

/** Which way an interface's wire leads. */
function sideOf(node: MapNode, graph: MapGraph, depth: Depths): Exclude<Side, 'bar'> {
  const { link, region } = node;
  if (link.kind === 'physical') return 'top';
  if (link.kind !== 'veth') return 'inner';
  const far = link.far === undefined ? undefined : graph.nodes.get(`${link.far.netns}/${link.far.ifindex}`);
  if (far === undefined) return 'top';
  return (depth.get(far.region) ?? 0) >= (depth.get(region) ?? 0) ? 'bottom' : 'top';
}

/** From the deepest regions up: a port is as wide as what stands below it. */
function sizeAll(graph: MapGraph, depth: Depths): ReadonlyMap<Region, Sized> {
  const sized = new Map<Region, Sized>();
  const order = [...graph.regions].sort((a, b) => (depth.get(b) ?? 0) - (depth.get(a) ?? 0));
  const titles = new Map<number, number>();
  for (const region of order) {
    const row = depth.get(region) ?? 0;
    titles.set(row, Math.max(titles.get(row) ?? 0, titleWidth(region)));
  }
  for (const region of order) {
    const seen = new Set<Region>();
    sized.set(
      region,
      sizeRegion(
        region,
        (node) => sideOf(node, graph, depth),
        ({ link }) => {
          const far =
            link.far === undefined ? undefined : graph.nodes.get(`${link.far.netns}/${link.far.ifindex}`);
          if (far === undefined || far.region === region || seen.has(far.region)) return 0;
          seen.add(far.region);
          return sized.get(far.region)?.width ?? 0;
        },
        titles.get(depth.get(region) ?? 0) ?? 0,
      ),
    );
  }
  return sized;
}

/** Where each region would be if nothing had a place yet. */
function placeAll(
  graph: MapGraph,
  depth: Depths,
  sized: ReadonlyMap<Region, Sized>,
): ReadonlyMap<Region, Place> {
  const inNetwork = joined(graph);
  const placed = new Map<Region, Place>();
  const width = (region: Region) => sized.get(region)?.width ?? 0;
  const height = (region: Region) => sized.get(region)?.height ?? 0;
  const area = graph.regions.reduce((sum, one) => sum + (width(one) + GAP) * (height(one) + ROW_GAP), 0);
  const widest = Math.max(WIDTH_MIN, Math.sqrt(area * ASPECT));
  let y = 0;
  const deepest = Math.max(0, ...depth.values());
  for (let d = 0; d <= deepest; d += 1) {
    const row = graph.regions
      .filter((region) => depth.get(region) === d && (inNetwork.has(region) || region.name === 'host'))
      .map((region) => ({ region, width: width(region), wanted: wantedX(region, graph, placed, sized) }))
      .sort((a, b) => a.wanted - b.wanted || (a.region.key < b.region.key ? -1 : 1));
    const total = row.reduce((sum, one) => sum + one.width + GAP, -GAP);
    if (row.length === 0) continue;
    if (total <= widest) {
      spread(row).forEach((x, i) => {
        const one = row[i];
        if (one !== undefined) placed.set(one.region, { x, y });
      });
      y += Math.max(...row.map(({ region }) => height(region))) + CHANNEL;
    } else
      y =
        grid(
          row.map(({ region }) => region),
          sized,
          widest,
          y,
          placed,
        ) +
        CHANNEL -
        ROW_GAP;
  }
  const loose = graph.regions
    .filter((region) => !placed.has(region))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  grid(loose, sized, widest, y, placed);
  return placed;
}

/** Left edge with which its own port is right below the other one's. */
function wantedX(
  region: Region,
  graph: MapGraph,
  placed: ReadonlyMap<Region, Place>,
  sized: ReadonlyMap<Region, Sized>,
): number {
  for (const { from, to } of graph.joints) {
    const [own, other] = from.region === region ? [from, to] : [to, from];
    const place = placed.get(other.region);
    if (own.region !== region || other.region === region || place === undefined) continue;
    const port = sized.get(other.region)?.spots.find(({ node }) => node === other)?.x ?? 0;
    const mine = sized.get(region)?.spots.find(({ node }) => node === own)?.x ?? 0;
    return place.x + port - mine;
  }
  return 0;
}

/** As near to where they want to be as they can without touching: pushed right, then all moved back by the mean push. */
function spread(row: readonly { readonly width: number; readonly wanted: number }[]): number[] {
  let end = Number.NEGATIVE_INFINITY;
  const xs = row.map(({ width, wanted }) => {
    const x = Math.max(wanted, end);
    end = x + width + GAP;
    return x;
  });
  const push = xs.reduce((sum, x, i) => sum + x - (row[i]?.wanted ?? x), 0) / Math.max(1, xs.length);
  return xs.map((x) => Math.round(x - push));
}

/** Rows of columns of one width, so that wires find their way between. Returns where the next may begin. */
function grid(
  regions: readonly Region[],
  sized: ReadonlyMap<Region, Sized>,
  widest: number,
  top: number,
  placed: Map<Region, Place>,
): number {
  const cell = Math.max(1, ...regions.map((region) => sized.get(region)?.width ?? 0)) + GAP;
  const columns = Math.max(1, Math.floor((widest + GAP) / cell));
  let y = top;
  for (let i = 0; i < regions.length; i += columns) {
    const row = regions.slice(i, i + columns);
    row.forEach((region, column) => {
      placed.set(region, { x: column * cell, y });
    });
    y += Math.max(...row.map((region) => sized.get(region)?.height ?? 0)) + ROW_GAP;
  }
  return y;
}

/** Known places are kept; of two that grew into each other the later gives way, and so does what is new. */
function settle(
  graph: MapGraph,
  sized: ReadonlyMap<Region, Sized>,
  ideal: ReadonlyMap<Region, Place>,
  known: Places,
): Box[] {
  const boxes: Box[] = [];
  const order = [...graph.regions].sort((a, b) => Number(known.has(b.key)) - Number(known.has(a.key)));
  for (const region of order) {
    const { width = 0, height = 0, title = 0 } = sized.get(region) ?? {};
    const at = known.get(region.key) ?? ideal.get(region) ?? { x: 0, y: 0 };
    boxes.push({ region, width, height, title, ...freePlace({ ...at, width, height }, boxes) });
  }
  return boxes;
}

type Rect = Place & { readonly width: number; readonly height: number };
const touches = (a: Rect, b: Rect): boolean =>
  a.x < b.x + b.width + 8 && b.x < a.x + a.width + 8 && a.y < b.y + b.height + 8 && b.y < a.y + a.height + 8;

/** The place asked for; taken: the first free one to its right, then in the rows below. */
function freePlace(wanted: Rect, taken: readonly Rect[]): Place {
  for (let down = 0; down < 200; down += 1) {
    let x = wanted.x;
    const y = wanted.y + down * ROW_GAP;
    for (let tries = 0; tries < 12; tries += 1) {
      const hit = taken.find((other) => touches({ ...wanted, x, y }, other));
      if (hit === undefined) return { x, y };
      x = hit.x + hit.width + GAP;
    }
  }
  return { x: wanted.x, y: wanted.y };
}

function routeAll(
  graph: MapGraph,
  boxes: readonly Box[],
  byRegion: ReadonlyMap<Region, Box>,
  spots: ReadonlyMap<string, Spot>,
): Wire[] {
  const lanes = new Map<Region, number>();
  return graph.joints.flatMap((joint): Wire[] => {
    const [from, to] = [spots.get(joint.from.key), spots.get(joint.to.key)];
    const [a, b] = [byRegion.get(joint.from.region), byRegion.get(joint.to.region)];
    if (from === undefined || to === undefined || a === undefined || b === undefined) return [];
    const upper = a.y <= b.y ? a.region : b.region;
    const lane = lanes.get(upper) ?? 0;
    if (a !== b) lanes.set(upper, lane + 1);
    return [
      { joint, points: routeJoint(joint.kind, { spot: from, box: a }, { spot: to, box: b }, boxes, lane) },
    ];
  });
}
