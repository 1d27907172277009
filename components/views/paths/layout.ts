/**
 * Where everything of the graph goes: a lane for each namespace, functions in it from top to bottom in the order in
 * which packets reach them. In units of columns and rows; no DOM, so that it can be tested. It depends on which functions
 * and edges there are, not on how often they are passed: counts that change move nothing.
 */
import { asFuncId, asNetnsInode } from '../../../core/base/units.ts';
import type { Stage } from '../../../core/messages/source.ts';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { stageOf } from '../../../core/model/stages.ts';
import { nodeName } from './lines.ts';

export interface Lane {
  readonly name: string;
  readonly x: number;
  readonly width: number;
}

export interface Spot {
  readonly node: number;
  readonly name: string;
  readonly stage: Stage;
  readonly lane: number;
  readonly x: number;
  readonly y: number;
}

/** A drop's red end, beside its function. */
export interface Exit {
  readonly from: number;
  readonly reason: number;
  readonly x: number;
  readonly y: number;
}

/** A cubic curve: start, two handles, end. */
export interface Curve {
  readonly from: number;
  readonly to: number;
  readonly points: readonly [number, number, number, number, number, number, number, number];
}

export interface GraphLayout {
  readonly lanes: readonly Lane[];
  /** By node. */
  readonly spots: readonly Spot[];
  readonly curves: readonly Curve[];
  readonly exits: readonly Exit[];
  readonly width: number;
  readonly height: number;
}

/** Beside a lane's last column, for names. */
const LANE_ROOM = 2.6;
const LANES_PERMUTED_MAX = 6;
const BOW = 0.5;

/** The same for analyses whose graphs look alike. */
export const shapeOf = ({ nodes, edges, exits }: PathsAnalysis): string =>
  [
    ...nodes.map(({ func, netns }) => `${func}@${netns}`),
    ...edges.map(({ from, to }) => `${from}/${to}`),
    ...exits.map(({ from, reason }) => `${from}!${reason}`),
  ].join(' ');

/** What is laid out, in words instead of ids: all that another thread needs to know. */
export interface GraphParts {
  readonly nodes: readonly {
    readonly name: string;
    readonly stage: Stage;
    readonly netns: string;
    readonly place: number;
  }[];
  readonly edges: readonly { readonly from: number; readonly to: number }[];
  readonly exits: readonly { readonly from: number; readonly reason: number }[];
}

export function graphParts({ nodes, edges, exits }: PathsAnalysis, names: NameBook): GraphParts {
  return {
    nodes: nodes.map(({ func, netns, place }) => {
      const name = nodeName(func, names);
      const stage = func === 0 ? 'other' : stageOf(name, names.function(asFuncId(func))?.module);
      return { name, stage, netns: names.netnsName(asNetnsInode(netns)), place };
    }),
    edges: edges.map(({ from, to }) => ({ from, to })),
    exits: exits.map(({ from, reason }) => ({ from, reason })),
  };
}

export const layOutGraph = (analysis: PathsAnalysis, names: NameBook): GraphLayout =>
  layOutParts(graphParts(analysis, names));

export function layOutParts(parts: GraphParts): GraphLayout {
  const { nodes, edges, exits } = parts;
  const laneNames = orderLanes(
    nodes.map(({ netns }) => netns),
    edges.map(({ from, to }) => [from, to] as const),
  );
  const laneOf = nodes.map(({ netns }) => laneNames.indexOf(netns));
  const ranks = rank(parts);
  const columns = columnsOf(parts, laneOf, ranks);
  const lanes: Lane[] = [];
  let x = 0;
  laneNames.forEach((name, lane) => {
    const width = 1 + Math.max(0, ...columns.filter((_, i) => laneOf[i] === lane)) + LANE_ROOM;
    lanes.push({ name, x, width });
    x += width;
  });
  const spots = nodes.map(({ name, stage }, i): Spot => {
    const lane = laneOf[i] ?? 0;
    return {
      node: i,
      name,
      stage,
      lane,
      x: (lanes[lane]?.x ?? 0) + 0.5 + (columns[i] ?? 0),
      y: ranks[i] ?? 0,
    };
  });
  return {
    lanes,
    spots,
    curves: edges.flatMap(({ from, to }) => curve(spots[from], spots[to])),
    exits: exits.flatMap(({ from, reason }, i) => {
      const spot = spots[from];
      const above = exits.slice(0, i).filter((other) => other.from === from).length;
      return spot === undefined ? [] : [{ from, reason, x: spot.x + 0.3, y: spot.y + 0.55 + above * 0.8 }];
    }),
    width: Math.max(1, x),
    height: Math.max(1, ...ranks) + 1,
  };
}

/**
 * Rows: functions in the order in which packets are at them first. Not by what leads to them: where packets are at one
 * function on several occasions, as at netfilter's hooks, everything leads to everything.
 */
function rank({ nodes }: GraphParts): number[] {
  const places = nodes.map(({ place }) => Math.round(place));
  const rows = [...new Set(places)].sort((a, b) => a - b);
  const rowOf = new Map(rows.map((place, row) => [place, row]));
  return places.map((place) => rowOf.get(place) ?? 0);
}

/** Columns within lanes: below the nearest function that leads there, or beside it. */
function columnsOf(
  { nodes, edges }: GraphParts,
  laneOf: readonly number[],
  ranks: readonly number[],
): number[] {
  const columns = nodes.map(() => 0);
  const taken = new Set<string>();
  const order = nodes.map((_, i) => i).sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0) || a - b);
  for (const node of order) {
    const lane = laneOf[node] ?? 0;
    const above = edges
      .filter((e) => e.to === node && laneOf[e.from] === lane && (ranks[e.from] ?? 0) < (ranks[node] ?? 0))
      .map(({ from }) => from)
      .sort((a, b) => (ranks[b] ?? 0) - (ranks[a] ?? 0) || (columns[a] ?? 0) - (columns[b] ?? 0))[0];
    let column = above === undefined ? 0 : (columns[above] ?? 0);
    for (let by = 0; taken.has(`${lane} ${ranks[node]} ${column}`); by += 1)
      column =
        column - by >= 0 && !taken.has(`${lane} ${ranks[node]} ${column - by}`) ? column - by : column + 1;
    taken.add(`${lane} ${ranks[node]} ${column}`);
    columns[node] = column;
  }
  return columns;
}

/** Namespaces from left to right so that edges between them are short; by name when that leaves it open. */
function orderLanes(lanes: readonly string[], edges: readonly (readonly [number, number])[]): string[] {
  const all = [...new Set(lanes)].sort((a, b) => a.localeCompare(b));
  const pairs = [
    ...new Set(edges.map(([from, to]) => `${lanes[from]}\n${lanes[to]}`).filter((pair) => !isLoop(pair))),
  ].map((pair) => pair.split('\n'));
  const length = (order: readonly string[]) =>
    pairs.reduce((sum, [a = '', b = '']) => sum + Math.abs(order.indexOf(a) - order.indexOf(b)), 0);
  if (all.length > LANES_PERMUTED_MAX) {
    // one after the other, each where it makes the least
    return all.reduce<string[]>((order, name) => {
      const tries = Array.from({ length: order.length + 1 }, (_, at) => order.toSpliced(at, 0, name));
      return tries.reduce((best, one) => (length(one) < length(best) ? one : best));
    }, []);
  }
  return permutations(all).reduce((best, one) => (length(one) < length(best) ? one : best), all);
}

const isLoop = (pair: string): boolean => {
  const [a, b] = pair.split('\n');
  return a === b;
};

function permutations(of: readonly string[]): string[][] {
  if (of.length < 2) return [[...of]];
  return of.flatMap((first, i) => permutations(of.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}

/** Straight down; beside what is between; back up on the other side. */
function curve(from: Spot | undefined, to: Spot | undefined): Curve[] {
  if (from === undefined || to === undefined) return [];
  const span = to.y - from.y;
  const ends = { from: from.node, to: to.node };
  if (span <= 0) {
    const bow = BOW + Math.min(0.3, -span * 0.02);
    const points = [from.x, from.y, from.x + bow, from.y + 0.8, to.x + bow, to.y - 0.8, to.x, to.y] as const;
    return [{ ...ends, points }];
  }
  const isOver = span > 1 && Math.abs(from.x - to.x) < 0.01;
  const bow = isOver ? -Math.min(BOW, 0.16 + span * 0.015) : 0;
  const handle = span * (isOver ? 0.3 : 0.5);
  const points = [
    from.x, from.y, from.x + bow * 1.3, from.y + handle, to.x + bow * 1.3, to.y - handle, to.x, to.y,
  ] as const; // biome-ignore format: pairs
  return [{ ...ends, points }];
}

/** A place on a curve: `t` from 0 to 1. */
export function pointOn({ points: [x0, y0, x1, y1, x2, y2, x3, y3] }: Curve, t: number): [number, number] {
  const u = 1 - t;
  const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return [a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3];
}
