/** Which part of the graph is the next one for the arrow keys: functions and drops, no DOM. */
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import type { Passage } from '../../state/paths/store.ts';
import type { GraphLayout } from './layout.ts';
import { passageKey } from './scene.ts';

export type Direction = 'left' | 'right' | 'up' | 'down';

interface Stop {
  readonly passage: Passage;
  readonly x: number;
  readonly y: number;
}

function stopsOf({ spots, exits }: GraphLayout): Stop[] {
  return [
    ...spots.map(({ node, x, y }): Stop => ({ passage: { kind: 'node', node }, x, y })),
    ...exits.map(({ from, reason, x, y }): Stop => ({ passage: { kind: 'exit', from, reason }, x, y })),
  ];
}

/** Where it is in the layout; undefined when it is not there, or an edge. */
export function placeOf(
  layout: GraphLayout,
  passage: Passage,
): { readonly x: number; readonly y: number } | undefined {
  const key = passageKey(passage);
  return stopsOf(layout).find((stop) => passageKey(stop.passage) === key);
}

/**
 * Down and up along the step that most packets take, to a drop where nothing else leads on; left and right to what
 * stands beside it, from a drop to its function. The topmost function when there is no place to start from; undefined where nothing follows.
 */
export function walkGraph(
  analysis: PathsAnalysis,
  layout: GraphLayout,
  from: Passage | undefined,
  direction: Direction,
): Passage | undefined {
  const here = from && placeOf(layout, from);
  if (from === undefined || here === undefined) return topmost(layout);
  if (from.kind === 'exit' && (direction === 'up' || direction === 'left'))
    return { kind: 'node', node: from.from };
  if (direction === 'left' || direction === 'right') return beside(layout, from, here, direction);
  if (from.kind !== 'node') return undefined;
  const { node } = from;
  const y = (index: number) => layout.spots[index]?.y ?? 0;
  const ways = analysis.edges
    .map((edge) => ({ ...edge, at: direction === 'down' ? edge.to : edge.from }))
    .filter((edge) =>
      direction === 'down'
        ? edge.from === node && y(edge.at) > here.y
        : edge.to === node && y(edge.at) < here.y,
    )
    .sort((a, b) => b.count - a.count || y(a.at) - y(b.at));
  const [most] = ways;
  if (most !== undefined) return { kind: 'node', node: most.at };
  const drop = analysis.exits.filter((exit) => exit.from === node).sort((a, b) => b.count - a.count)[0];
  return direction === 'down' && drop !== undefined
    ? { kind: 'exit', from: node, reason: drop.reason }
    : undefined;
}

function topmost({ spots }: GraphLayout): Passage | undefined {
  const [first] = [...spots].sort((a, b) => a.y - b.y || a.x - b.x);
  return first && { kind: 'node', node: first.node };
}

/** The nearest on that side; a row up or down counts as much as two columns. */
function beside(
  layout: GraphLayout,
  from: Passage,
  here: { readonly x: number; readonly y: number },
  direction: 'left' | 'right',
): Passage | undefined {
  const sign = direction === 'right' ? 1 : -1;
  const own = passageKey(from);
  let best: Stop | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const stop of stopsOf(layout)) {
    const along = (stop.x - here.x) * sign;
    if (along < 0.05 || passageKey(stop.passage) === own) continue;
    const cost = along + 2 * Math.abs(stop.y - here.y);
    if (cost >= least) continue;
    best = stop;
    least = cost;
  }
  return best?.passage;
}
