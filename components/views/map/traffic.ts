/** Packets at each interface, on each wire and in each namespace, out of the packed rows. */
import { VERDICT } from '../../../core/model/packet.ts';
import { rowFirstNs, rowPacket, rowVerdict } from '../../../core/wire/rows.ts';
import type { TimeRange } from '../../state/packets/visible.ts';
import type { Sights } from './sights.ts';

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
  /** Of the packets: those of which only the first and the last place are known. */
  readonly endsOnly: number;
  /** In which all of them were first seen; null for any time. */
  readonly within: TimeRange | null;
}

export const NO_TRAFFIC: Traffic = {
  counts: new Map(),
  most: 0,
  packets: 0,
  dropped: 0,
  endsOnly: 0,
  within: null,
};

/** Rows are in the order of first sight but for stragglers: this many that are too old in a row end a look back. */
const STRAGGLERS = 2048;

/**
 * Counts packets, newest first. Nothing is made per row.
 * @param shown indices of the rows that count, ascending; null for all
 * @param recent only those first seen in it, or behind it, for the present is told after its packets; without, all are
 */
export function countTraffic(
  rows: Rows,
  shown: Uint32Array | null,
  sights: Sights,
  recent?: TimeRange,
): Traffic {
  sights.refresh();
  const { view } = rows;
  const tallies: Tally[] = [];
  let old = 0;
  let packets = 0;
  let dropped = 0;
  let endsOnly = 0;
  let newestNs = 0;
  for (let i = (shown?.length ?? rows.size) - 1; i >= 0 && old < STRAGGLERS; i -= 1) {
    const at = rows.offsetOf(shown?.[i] ?? i);
    const firstNs = rowFirstNs(view, at);
    if (recent !== undefined && firstNs < recent.fromNs) {
      old += 1;
      continue;
    }
    old = 0;
    newestNs = Math.max(newestNs, firstNs);
    const { index, through, last, isEndsOnly } = sights.of(view, at);
    let tally = tallies[index];
    if (tally === undefined) {
      tally = { through, last, packets: 0, dropped: 0 };
      tallies[index] = tally;
    }
    tally.packets += 1;
    packets += 1;
    if (isEndsOnly) endsOnly += 1;
    if (rowVerdict(view, at) !== VERDICT.dropped) continue;
    tally.dropped += 1;
    dropped += 1;
  }
  const within = recent === undefined ? null : { ...recent, toNs: Math.max(recent.toNs, newestNs + 1) };
  return { ...sum(tallies), packets, dropped, endsOnly, within };
}

interface Tally extends Count {
  readonly through: ReadonlySet<string>;
  readonly last: ReadonlySet<string>;
}

/** @param tallies with holes, where rows of a combination were not among those counted */
function sum(tallies: readonly Tally[]): Pick<Traffic, 'counts' | 'most'> {
  const counts = new Map<string, Count>();
  const add = (key: string, packets: number, dropped: number) => {
    const count = counts.get(key);
    if (count === undefined) counts.set(key, { packets, dropped });
    else {
      count.packets += packets;
      count.dropped += dropped;
    }
  };
  for (const { through, last, packets, dropped } of Object.values(tallies)) {
    for (const key of through) add(key, packets, 0);
    for (const key of last) add(key, 0, dropped);
  }
  let most = 0;
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
export function packetsAt(
  rows: Rows,
  shown: Uint32Array | null,
  sights: Sights,
  { key, droppedOnly }: Wanted,
  max: number,
): number[] {
  sights.refresh();
  const found: number[] = [];
  const { view } = rows;
  for (let i = (shown?.length ?? rows.size) - 1; i >= 0 && found.length < max; i -= 1) {
    const at = rows.offsetOf(shown?.[i] ?? i);
    if (droppedOnly && rowVerdict(view, at) !== VERDICT.dropped) continue;
    const { through, last } = sights.of(view, at);
    if ((droppedOnly ? last : through).has(key)) found.push(rowPacket(view, at));
  }
  return found;
}
