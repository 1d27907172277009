/**
 * Packets at each interface and on each wire, out of the packed rows. A row says where its packet was first and last
 * seen; between these it is counted along the wires.
 */
import { VERDICT } from '../../../core/model/packet.ts';
import { ROW, rowFirstNs, rowPacket, rowVerdict } from '../../../core/wire/rows.ts';
import { nodeKey } from './graph.ts';
import type { Ways } from './ways.ts';

/** Rows as the page's store has them. */
export interface Rows {
  readonly size: number;
  readonly view: DataView;
  offsetOf(index: number): number;
}

export interface Count {
  packets: number;
  /** Of those: dropped at this very place. */
  dropped: number;
}

export interface Traffic {
  /** By key of an interface, of a joint, and (`netns INODE`) of a namespace. */
  readonly counts: ReadonlyMap<string, Count>;
  /** The busiest joint's packets: what the thickest line stands for. */
  readonly most: number;
  readonly packets: number;
  readonly dropped: number;
}

export const NO_TRAFFIC: Traffic = { counts: new Map(), most: 0, packets: 0, dropped: 0 };
export const netnsKey = (inode: number): string => `netns ${inode}`;

/** Rows are in the order of first sight but for stragglers: this many that are too old in a row end a look back. */
const STRAGGLERS = 2048;

interface Pair {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  packets: number;
  dropped: number;
}

/** Counts packets first seen at or after `sinceNs`, newest first; all of them without. Nothing is made per row. */
export function countTraffic(rows: Rows, ways: Ways, sinceNs?: number): Traffic {
  const pairs = new Map<number, Map<number, Pair>>();
  const { view } = rows;
  let old = 0;
  let packets = 0;
  let dropped = 0;
  for (let i = rows.size - 1; i >= 0 && old < STRAGGLERS; i -= 1) {
    const at = rows.offsetOf(i);
    if (sinceNs !== undefined && rowFirstNs(view, at) < sinceNs) {
      old += 1;
      continue;
    }
    old = 0;
    const pair = pairAt(pairs, view, at);
    pair.packets += 1;
    packets += 1;
    if (rowVerdict(view, at) !== VERDICT.dropped) continue;
    pair.dropped += 1;
    dropped += 1;
  }
  return { ...along(pairs, ways), packets, dropped };
}

/** A number of its own for an interface of a namespace; ifindex is small, inodes are below 2^32. */
const placeNumber = (netns: number, ifindex: number): number => netns * 2 ** 20 + (ifindex % 2 ** 20);

function pairAt(pairs: Map<number, Map<number, Pair>>, view: DataView, at: number): Pair {
  const [fromNetns, fromIf] = [
    view.getUint32(at + ROW.firstNetns, true),
    view.getUint32(at + ROW.firstIfindex, true),
  ];
  const [toNetns, toIf] = [
    view.getUint32(at + ROW.lastNetns, true),
    view.getUint32(at + ROW.lastIfindex, true),
  ];
  let ends = pairs.get(placeNumber(fromNetns, fromIf));
  if (ends === undefined) {
    ends = new Map();
    pairs.set(placeNumber(fromNetns, fromIf), ends);
  }
  let pair = ends.get(placeNumber(toNetns, toIf));
  if (pair === undefined) {
    pair = { from: [fromNetns, fromIf], to: [toNetns, toIf], packets: 0, dropped: 0 };
    ends.set(placeNumber(toNetns, toIf), pair);
  }
  return pair;
}

function along(
  pairs: ReadonlyMap<number, ReadonlyMap<number, Pair>>,
  ways: Ways,
): Pick<Traffic, 'counts' | 'most'> {
  const counts = new Map<string, Count>();
  const add = (key: string, packets: number, dropped: number) => {
    const count = counts.get(key);
    if (count === undefined) counts.set(key, { packets, dropped });
    else {
      count.packets += packets;
      count.dropped += dropped;
    }
  };
  let most = 0;
  for (const ends of pairs.values())
    for (const { from, to, packets, dropped } of ends.values()) {
      const way = ways.between(...from, ...to);
      for (const key of way.nodes) add(key, packets, 0);
      for (const key of way.joints) add(key, packets, 0);
      add(nodeKey(...to), 0, dropped);
      const places = new Set([from[0], to[0], ...way.nodes.map((key) => Number(key.split('/')[0]))]);
      for (const inode of places) add(netnsKey(inode), packets, inode === to[0] ? dropped : 0);
    }
  for (const [key, { packets }] of counts)
    if (key.includes(' ') && !key.startsWith('netns ')) most = Math.max(most, packets);
  return { counts, most };
}

/** What a person asks to see the packets of. */
export interface Wanted {
  /** Key of an interface, a joint or a namespace, as counted. */
  readonly key: string;
  readonly droppedOnly: boolean;
}

/** Ids of the newest packets that were counted there, at most `max`. */
export function packetsAt(rows: Rows, ways: Ways, { key, droppedOnly }: Wanted, max: number): number[] {
  const found: number[] = [];
  const fits = new Map<number, Map<number, boolean>>();
  const { view } = rows;
  const inode = key.startsWith('netns ') ? Number(key.slice(6)) : -1;
  for (let i = rows.size - 1; i >= 0 && found.length < max; i -= 1) {
    const at = rows.offsetOf(i);
    if (droppedOnly && rowVerdict(view, at) !== VERDICT.dropped) continue;
    const from = [
      view.getUint32(at + ROW.firstNetns, true),
      view.getUint32(at + ROW.firstIfindex, true),
    ] as const;
    const to = [
      view.getUint32(at + ROW.lastNetns, true),
      view.getUint32(at + ROW.lastIfindex, true),
    ] as const;
    const ends = fits.get(placeNumber(...from)) ?? new Map<number, boolean>();
    fits.set(placeNumber(...from), ends);
    let isThere = ends.get(placeNumber(...to));
    if (isThere === undefined) {
      const way = ways.between(...from, ...to);
      if (droppedOnly) isThere = inode >= 0 ? to[0] === inode : nodeKey(...to) === key;
      else if (inode >= 0)
        isThere =
          from[0] === inode || to[0] === inode || way.nodes.some((one) => one.startsWith(`${inode}/`));
      else isThere = way.nodes.includes(key) || way.joints.includes(key);
      ends.set(placeNumber(...to), isThere);
    }
    if (isThere) found.push(rowPacket(view, at));
  }
  return found;
}
