/** Rows gathered under headings: by flow, by lineage, by path, by how they ended. Typed arrays, no object for a row. */
import { VERDICT } from '../../../core/model/packet.ts';
import { ROW, rowFirstNs, rowLastNs, rowPath, rowReason, rowVerdict } from '../../../core/wire/rows.ts';
import { finish, type Job } from './job.ts';
import type { PacketStore } from './store.ts';

export const GROUPINGS = ['none', 'flow', 'lineage', 'path', 'verdict'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** By group, in the order in which the groups' first rows are listed. */
export interface Groups {
  readonly by: Grouping;
  readonly size: number;
  /** Names the group as long as it has the same first row (flow), root (lineage), or always (path, verdict). */
  readonly keys: Float64Array;
  readonly counts: Uint32Array;
  readonly drops: Uint32Array;
  readonly firstNs: Float64Array;
  readonly lastNs: Float64Array;
  /** Index of its first row in the store. */
  readonly samples: Uint32Array;
}

export interface Grouped {
  readonly groups: Groups;
  /** What is listed: a row's index, or -1 - group for a heading. */
  readonly lines: Int32Array;
}

/** Rows keep their order within a group. Of a collapsed group only the heading is listed. */
export const groupRows = (...of: Parameters<typeof gathering>): Grouped => finish(gathering(...of));

/** Rows looked at between two places where it can be interrupted. */
const STEP = 2048;

/** The same in steps. Indices are those of the beginning, whatever rows are let go meanwhile. */
export function* gathering(
  store: PacketStore,
  order: Uint32Array,
  by: Grouping,
  collapsed: ReadonlySet<number>,
): Job<Grouped> {
  const base = store.forgotten;
  const offset = (index: number) => store.offsetOf(index - (store.forgotten - base));
  const { members, samples } = yield* membership(store, offset, order, by);
  const groups = yield* summed(store, offset, order, by, members, samples);
  const starts = new Uint32Array(groups.size);
  let end = 0;
  for (let group = 0; group < groups.size; group += 1) {
    starts[group] = end;
    end += 1 + (collapsed.has(groups.keys[group] ?? 0) ? 0 : (groups.counts[group] ?? 0));
  }
  const lines = new Int32Array(end);
  yield;
  const next = starts.map((start) => start + 1);
  for (let group = 0; group < groups.size; group += 1) lines[starts[group] ?? 0] = -1 - group;
  const isOpen = Array.from(groups.keys, (key) => !collapsed.has(key));
  for (let i = 0; i < order.length; i += 1) {
    if (i % STEP === 0) yield;
    const group = members[i] ?? 0;
    if (!isOpen[group]) continue;
    lines[next[group] ?? 0] = order[i] ?? 0;
    next[group] = (next[group] ?? 0) + 1;
  }
  return { groups, lines };
}

type Offset = (index: number) => number;

/** Of each row of the order, the number of its group; and each group's first row. */
function* membership(
  store: PacketStore,
  offset: Offset,
  order: Uint32Array,
  by: Grouping,
): Job<{ readonly members: Uint32Array; readonly samples: Uint32Array }> {
  const members = new Uint32Array(order.length);
  const samples: number[] = [];
  const known = new Map<number, number>();
  const { view } = store;
  const keyOf = KEYS[by];
  for (let i = 0; i < order.length; i += 1) {
    if (i % STEP === 0) yield;
    const index = order[i] ?? 0;
    const at = offset(index);
    let key = keyOf(store, at);
    let group = known.get(key);
    // two flows may have one hash: the next is tried
    while (by === 'flow' && group !== undefined && !isSameFlow(view, at, offset(samples[group] ?? 0))) {
      key += 1;
      group = known.get(key);
    }
    if (group === undefined) {
      group = samples.length;
      samples.push(index);
      known.set(key, group);
    }
    members[i] = group;
  }
  return { members, samples: Uint32Array.from(samples) };
}

function* summed(
  store: PacketStore,
  offset: Offset,
  order: Uint32Array,
  by: Grouping,
  members: Uint32Array,
  samples: Uint32Array,
): Job<Groups> {
  const size = samples.length;
  const groups = {
    by,
    size,
    samples,
    keys: new Float64Array(size),
    counts: new Uint32Array(size),
    drops: new Uint32Array(size),
    firstNs: new Float64Array(size).fill(Number.POSITIVE_INFINITY),
    lastNs: new Float64Array(size),
  };
  const { view } = store;
  for (let group = 0; group < size; group += 1) {
    if (group % STEP === 0) yield;
    const at = offset(samples[group] ?? 0);
    groups.keys[group] = KEYS[by](store, at);
  }
  for (let i = 0; i < order.length; i += 1) {
    if (i % STEP === 0) yield;
    const group = members[i] ?? 0;
    const at = offset(order[i] ?? 0);
    groups.counts[group] = (groups.counts[group] ?? 0) + 1;
    if (rowVerdict(view, at) === VERDICT.dropped) groups.drops[group] = (groups.drops[group] ?? 0) + 1;
    groups.firstNs[group] = Math.min(groups.firstNs[group] ?? 0, rowFirstNs(view, at));
    groups.lastNs[group] = Math.max(groups.lastNs[group] ?? 0, rowLastNs(view, at));
  }
  return groups;
}

const endOf = ({ view }: PacketStore, at: number): number =>
  rowVerdict(view, at) * 2 ** 32 + (rowVerdict(view, at) === VERDICT.dropped ? rowReason(view, at) : 0);

/** Longer lines of descent are cut; there are none. */
const DEPTH_MAX = 64;

/** The packet that it all came out of, as far as it is known. */
function rootOf(store: PacketStore, from: number): number {
  const { view } = store;
  let at = from;
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    const parent = view.getFloat64(at + ROW.parent, true);
    if (parent === 0) break;
    const index = store.indexOf(parent);
    if (index < 0) return parent;
    at = store.offsetOf(index);
  }
  return view.getFloat64(at + ROW.packet, true);
}

/** Addresses and ports are 36 bytes in a row. */
const TUPLE_WORDS = 9;
/** IP version, protocol and kind of layer 4, without the TCP flags beside them. */
const protocolWord = (view: DataView, at: number) => view.getUint32(at + ROW.ipVersion, true) & 0xffffff;
const echoId = (view: DataView, at: number) => view.getUint16(at + ROW.icmpId, true);

/** 5-tuple and namespace; of pings the id, too. */
function flowHash({ view }: PacketStore, at: number): number {
  let high = 0x811c9dc5;
  let low = 0x9747b28c;
  const mix = (word: number) => {
    high = Math.imul(high ^ word, 0x01000193);
    high ^= high >>> 15;
    low = Math.imul(low ^ word, 0x5bd1e995);
    low ^= low >>> 13;
  };
  mix(view.getUint32(at + ROW.firstNetns, true));
  for (let i = 0; i < TUPLE_WORDS; i += 1) mix(view.getUint32(at + ROW.saddr + i * 4, true));
  mix(protocolWord(view, at));
  mix(echoId(view, at));
  return (high >>> 0) * 2 ** 20 + (low & 0xfffff);
}

function isSameFlow(view: DataView, a: number, b: number): boolean {
  for (let i = 0; i < TUPLE_WORDS; i += 1)
    if (view.getUint32(a + ROW.saddr + i * 4) !== view.getUint32(b + ROW.saddr + i * 4)) return false;
  return (
    view.getUint32(a + ROW.firstNetns) === view.getUint32(b + ROW.firstNetns) &&
    protocolWord(view, a) === protocolWord(view, b) &&
    echoId(view, a) === echoId(view, b)
  );
}

/** What rows of one group have in common; two flows may have the same. */
const KEYS: Readonly<Record<Grouping, (store: PacketStore, at: number) => number>> = {
  none: () => 0,
  flow: flowHash,
  lineage: rootOf,
  path: ({ view }, at) => rowPath(view, at),
  verdict: endOf,
};
