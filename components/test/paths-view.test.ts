import { describe, expect, it } from 'vitest';
import { asNetnsInode } from '../../core/base/units.ts';
import type { DistinctPath, PathsAnalysis } from '../../core/model/analysis/result.ts';
import { NameBook } from '../../core/model/names.ts';
import { chooseCompared, endComparison, useComparison } from '../state/paths/compare.ts';
import { isNew, markNow, type Passage, passageIn, takeAnalysis, usePaths } from '../state/paths/store.ts';
import { align } from '../views/paths/compare/align.ts';
import { slowerOf, slowerText } from '../views/paths/compare/slower.ts';
import { layOutGraph, shapeOf } from '../views/paths/layout.ts';
import { BY_COUNT, goesThrough, heldOrder, orderLines, partsOf, pathLines } from '../views/paths/lines.ts';
import { Room } from '../views/paths/room.ts';
import { passageTerm } from '../views/paths/term.ts';
import { type Direction, walkGraph } from '../views/paths/walk.ts';
import { decisionOf, hopOf, pathOf } from './paths.ts';

const names = new NameBook();
const NAMES = ['ip_rcv', 'nf_hook_slow', 'udp_rcv'];
names.take({
  functions: NAMES.map((name, i) => ({ id: i + 1, name, module: '', argument: 1, isDefault: true })),
  reasons: [{ value: 8, name: 'NETFILTER_DROP' }],
});

const NOTHING = { count: 1, p50Ns: 10, p99Ns: 20 };
const distinct = (id: number, steps: number[], fields: Partial<DistinctPath> = {}): DistinctPath => ({
  ...NOTHING,
  id,
  number: id,
  steps,
  verdicts: [0, 1, 0, 0, 0],
  firstNs: id,
  lastNs: id,
  samples: [id],
  ...fields,
});

/** ip_rcv → nf_hook_slow → udp_rcv in one namespace, or dropped at nf_hook_slow. */
function analysis(...paths: DistinctPath[]): PathsAnalysis {
  const node = (func: number, place: number) => ({ func, netns: 5, count: 1, starts: 0, ends: 0, place });
  return {
    packets: paths.length,
    leftOut: { older: 0, truncated: 0, withoutHops: 0, beyond: 0 },
    steps: [
      { func: 1, reason: -1, netns: 5, ifindex: 2, node: 0 },
      { func: 2, reason: -1, netns: 5, ifindex: 2, node: 1 },
      { func: 3, reason: -1, netns: 5, ifindex: 2, node: 2 },
      { func: 0, reason: 8, netns: 5, ifindex: 2, node: 1 },
    ],
    paths,
    nodes: [node(1, 0), node(2, 1), node(3, 2)],
    edges: [
      { from: 0, to: 1, ...NOTHING },
      { from: 1, to: 2, ...NOTHING },
    ],
    exits: [{ from: 1, reason: 8, ...NOTHING }],
  };
}

const delivered = distinct(1, [0, 1, 2], { count: 5 });
const dropped = distinct(2, [0, 1, 3], { verdicts: [0, 0, 0, 3, 0], count: 9 });

describe('the table of paths', () => {
  it('says how most packets of each ended, and why', () => {
    const lines = pathLines(analysis(delivered, dropped), undefined, names); // biome-ignore format: pairs
    expect(lines.map(({ verdict, reason }) => `${verdict} ${reason}`)).toEqual([
      'delivered ',
      'dropped NETFILTER_DROP',
    ]);
    expect(orderLines(lines, BY_COUNT)).toEqual([2, 1]);
  });

  it('moves nothing that is read: what has come stands at the end', () => {
    expect(heldOrder([3, 1, 2], [9, 1, 2, 3])).toEqual([3, 1, 2, 9]);
    expect(heldOrder([3, 1, 2], [1, 2])).toEqual([1, 2]);
  });

  it('tells the paths through an edge, a function and a drop', () => {
    const all = analysis(delivered, dropped);
    const through = (passage: Parameters<typeof goesThrough>[2]) =>
      all.paths.filter((path) => goesThrough(all, path, passage)).map(({ id }) => id);
    expect(through({ kind: 'edge', from: 1, to: 2 })).toEqual([1]);
    expect(through({ kind: 'exit', from: 1, reason: 8 })).toEqual([2]);
    expect(through({ kind: 'node', node: 1 })).toEqual([1, 2]);
    expect([...partsOf(all, dropped)]).toEqual(['0', '1', '0/1', '1!8']);
  });
});

describe('paths that came after the mark', () => {
  it('are new; those that were known are not, nor those whose first packet is older', () => {
    takeAnalysis(1, analysis(delivered, dropped));
    markNow();
    const { mark } = usePaths.getState();
    expect(isNew(mark, distinct(1, [], { firstNs: 99 }))).toBe(false);
    expect(isNew(mark, distinct(3, [], { firstNs: 1 }))).toBe(false);
    expect(isNew(mark, distinct(3, [], { firstNs: 99 }))).toBe(true);
  });

  it('are forgotten with the session', () => {
    takeAnalysis(2, analysis(dropped));
    expect(usePaths.getState().mark).toBeUndefined();
  });
});

it('finds a passage again in an answer whose nodes have other numbers', () => {
  const before = analysis(delivered);
  const [first, second, third] = before.nodes;
  if (!first || !second || !third) throw new Error('three nodes');
  const after = { ...before, nodes: [third, first, second] };
  expect(passageIn({ kind: 'edge', from: 1, to: 2 }, before, after)).toEqual({
    kind: 'edge',
    from: 2,
    to: 0,
  });
  expect(passageIn({ kind: 'node', node: 1 }, before, { ...before, nodes: [first] })).toBeUndefined();
});

describe('the keys in the graph', () => {
  const all = analysis(delivered, dropped);
  const layout = layOutGraph(all, names);
  const walked = (from: Passage | undefined, ...directions: Direction[]) =>
    directions.reduce((at, direction) => walkGraph(all, layout, at, direction), from);
  const node = (index: number): Passage => ({ kind: 'node', node: index });
  const drop: Passage = { kind: 'exit', from: 1, reason: 8 };

  it('begin on top, and go along the steps and back', () => {
    expect(walked(undefined, 'right')).toEqual(node(0));
    expect(walked(node(0), 'down', 'down')).toEqual(node(2));
    expect(walked(node(2), 'up', 'up')).toEqual(node(0));
    expect(walked(node(0), 'up')).toBeUndefined();
    expect(walked(node(2), 'down')).toBeUndefined();
  });

  it('go to a drop beside its function, or below it when nothing else follows, and back', () => {
    expect(walked(node(1), 'right')).toEqual(drop);
    expect(walked(drop, 'up')).toEqual(node(1));
    expect(walked(drop, 'left')).toEqual(node(1));
    const blind = { ...all, edges: all.edges.slice(0, 1) };
    expect(walkGraph(blind, layOutGraph(blind, names), node(1), 'down')).toEqual(drop);
  });
});

describe('the display filter for a part of the graph', () => {
  const all = analysis(delivered, dropped);

  it('has a function by its name, and edges and drops by the paths that have them', () => {
    expect(passageTerm(all, { kind: 'node', node: 1 }, names)).toBe('func == "netns 5/nf_hook_slow"');
    expect(passageTerm(all, { kind: 'edge', from: 0, to: 1 }, names)).toBe('path in {1, 2}');
    expect(passageTerm(all, { kind: 'exit', from: 1, reason: 8 }, names)).toBe('path == 2');
  });

  it('has what is known of both ends when paths have no numbers', () => {
    const beyond = analysis({ ...delivered, number: 0 }, { ...dropped, number: 0 });
    expect(passageTerm(beyond, { kind: 'edge', from: 0, to: 1 }, names)).toBe(
      'func == "netns 5/ip_rcv" and func == "netns 5/nf_hook_slow"',
    );
    expect(passageTerm(beyond, { kind: 'exit', from: 1, reason: 8 }, names)).toBe(
      'func == "netns 5/nf_hook_slow" and reason == NETFILTER_DROP',
    );
  });
});

describe('the layout of the graph', () => {
  it('goes down in the order of first visits, and is the same when only counts change', () => {
    const layout = layOutGraph(analysis(delivered), names);
    expect(layout.spots.map(({ y }) => y)).toEqual([0, 1, 2]);
    const more = analysis({ ...delivered, count: 99 });
    expect(shapeOf(more)).toBe(shapeOf(analysis(delivered)));
    expect(layOutGraph(more, names)).toEqual(layout);
  });

  it('puts no two functions in one place, and every one in the lane of its namespace', () => {
    const nodes = Array.from({ length: 60 }, (_, i) => ({
      func: 1 + (i % 3), netns: 1 + (i % 4), count: 1, starts: 0, ends: 0, place: Math.floor(i / 6),
    })); // biome-ignore format: short
    const edges = nodes.slice(1).map((_, i) => ({ from: i, to: (i * 7) % 60, ...NOTHING }));
    const { spots, lanes } = layOutGraph({ ...analysis(), nodes, edges, exits: [] }, names);
    expect(new Set(spots.map(({ x, y }) => `${x} ${y}`)).size).toBe(60);
    for (const { lane, x } of spots) {
      expect(x).toBeGreaterThan(lanes[lane]?.x ?? 0);
      expect(x).toBeLessThan((lanes[lane]?.x ?? 0) + (lanes[lane]?.width ?? 0));
    }
  });

  it('writes no label over another', () => {
    const room = new Room(300, 100);
    room.take(10, 10, 50, 12);
    expect(room.isFree(59, 12, 30, 12)).toBe(false);
    expect(room.isFree(61, 12, 30, 12)).toBe(true);
    expect(room.isFree(290, 12, 30, 12)).toBe(false);
  });
});

describe('two paths beside each other', () => {
  const hops = (...funcs: number[]) => funcs.map((func, i) => hopOf({ func, time: i * 100 }));

  it('are aligned, and the first difference is what was decided', () => {
    const verdict = (value: number) => decisionOf(1, { decision: 1, value, time: 150 });
    const left = pathOf({ hops: hops(1, 2, 3), decisions: [verdict(1)] });
    const right = pathOf({ hops: hops(1, 2), decisions: [verdict(-1)] });
    const { rows, firstDifference, alike } = align({ path: left }, { path: right }, names);
    expect(rows.map(({ relation }) => relation)).toEqual(['same', 'same', 'otherwise', 'apart']);
    expect(firstDifference).toBe(2);
    expect(alike).toBe(2);
    expect(rows[2]?.right).toMatchObject({ kind: 'decision', isRefusal: true });
    expect(rows[3]).toMatchObject({ left: { text: 'udp_rcv' }, right: undefined });
  });

  it('are told apart by time: which is slower, and the step that cost it most, where both went alike or not', () => {
    const at = (...times: [func: number, time: number][]) =>
      pathOf({ hops: times.map(([func, time]) => hopOf({ func, time })) });
    // nf_hook_slow alone took longer on the left; the right lost most ahead of a function that both have
    const left = at([1, 0], [2, 40_000], [3, 50_000]);
    const right = at([1, 0], [2, 1000], [1, 20_001_000], [3, 20_002_000]);
    const slower = slowerOf(align({ path: left }, { path: right }, names).rows);
    expect(slower).toMatchObject({ side: 'right', leftNs: 50_000, rightNs: 20_002_000, tookNs: 20_000_000 });
    expect(slower && slowerText(slower)).toMatch(
      /^20\.0 ms against 50\.0 µs\. 20\.0 ms of it .*: from nf_hook_slow to ip_rcv$/,
    );
    expect(slowerOf(align({ path: right }, { path: left }, names).rows)?.side).toBe('left');
    expect(slowerOf(align({ path: left }, { path: left }, names).rows)).toBeUndefined();
    // a decision that is told after the last hop is none of the packet's time
    const late = pathOf({ hops: left.hops, decisions: [decisionOf(2, { time: 90_000_000 })] });
    expect(slowerOf(align({ path: left }, { path: late }, names).rows)).toBeUndefined();
  });

  it('are aligned from sender to receiver though their namespaces are others', () => {
    const way = (...inodes: number[]) =>
      pathOf({
        hops: inodes.map((netns, i) => ({ ...hopOf({ func: 1, time: i }), netns: asNetnsInode(netns) })),
      });
    const { rows, firstDifference } = align({ path: way(1, 9, 2) }, { path: way(3, 9, 1, 1) }, names);
    expect(rows.map(({ relation }) => relation)).toEqual(['elsewhere', 'same', 'elsewhere', 'apart']);
    expect(firstDifference).toBe(3);
  });

  it('belong together where another interface is all that differs', () => {
    const left = pathOf({ hops: [hopOf({ func: 1, ifindex: 2 })] });
    const right = pathOf({ hops: [hopOf({ func: 1, ifindex: 3 })] });
    expect(align({ path: left }, { path: right }, names)).toMatchObject({
      firstDifference: -1,
      rows: [{ relation: 'elsewhere' }],
    });
  });

  it('of which one is compared by its ends say so where hops are left out, and how long these took', () => {
    const at = (...funcs: number[]) =>
      pathOf({ hops: funcs.map((func, i) => hopOf({ func, time: i < 2 ? i * 100 : 9000 + i * 100 })) });
    const long = { path: at(1, 2, 3), between: { hops: 7000, before: 2 } };
    const { rows, firstDifference, alike, isPartial } = align(long, { path: at(1, 2, 3) }, names);
    expect(rows.map(({ left, relation }) => [left?.kind, relation])).toEqual([
      ['hop', 'same'],
      ['hop', 'same'],
      ['between', 'apart'],
      ['hop', 'same'],
    ]);
    expect(rows[2]?.left).toMatchObject({ text: '7,000 hops that are not compared', deltaNs: 9100 });
    expect(rows[3]?.left?.deltaNs).toBeUndefined();
    expect([firstDifference, alike, isPartial]).toEqual([2, 2, true]);
    // two that leave out as many are the same as far as is known
    expect(align(long, long, names)).toMatchObject({ firstDifference: -1, isPartial: true });
  });

  it('with too little in common are not put beside each other behind what they share', () => {
    const way = (first: number, ...rest: number[]) =>
      pathOf({ hops: [first, ...rest].map((func, i) => hopOf({ func, time: i })) });
    const many = (from: number) => Array.from({ length: 600 }, (_, i) => from + i);
    const { rows, isUnaligned, alike } = align(
      { path: way(1, ...many(100)) },
      { path: way(1, ...many(900)) },
      names,
    );
    expect([rows.length, isUnaligned, alike]).toEqual([601, true, 1]);
    expect(rows.slice(1).every(({ left, right, relation }) => left && right && relation === 'apart')).toBe(
      true,
    );
  });

  it('are chosen one after the other; the third choice begins anew', () => {
    endComparison();
    for (const packet of [1, 1, 2]) chooseCompared({ packet, path: 0 });
    expect(useComparison.getState()).toMatchObject({ left: { packet: 1 }, right: { packet: 2 } });
    chooseCompared({ packet: 3, path: 0 });
    expect(useComparison.getState()).toEqual({ left: { packet: 3, path: 0 }, right: undefined });
  });
});
