/** Where a packet came from and what came out of it, in words. */
import { RELATION } from '../wire/layout.gen.ts';
import type { Hop, Lineage, Path } from './hop.ts';

interface Words {
  /** Before the packets that this one came out of. */
  readonly from: string;
  /** Before one packet, and before several, that came out of this one. */
  readonly to: string;
  readonly toMany: string;
}
const same = (from: string, to: string): Words => ({ from, to, toMany: to });
const RELATIONS = new Map<number, Words>([
  [RELATION.clone, { from: 'cloned from', to: 'clone', toMany: 'clones' }],
  [RELATION.copy, { from: 'copied from', to: 'copy', toMany: 'copies' }],
  [RELATION.segment, { from: 'segment of', to: 'segment', toMany: 'segments' }],
  [RELATION.merge, same('merged from', 'merged into')],
  [RELATION.fragment, { from: 'fragment of', to: 'fragment', toMany: 'fragments' }],
  [RELATION.reassembly, same('reassembled from', 'reassembled into')],
  [RELATION.morph, same('took over', 'taken over by')],
  [RELATION.xdp, same('rebuilt by XDP from', 'rebuilt by XDP as')],
  [RELATION.retransmit, same('retransmission of', 'sent again as')],
]);
/** How packets of a relation stand to each other, in words. */
export const wordsOf = (relation: number): Words =>
  RELATIONS.get(relation) ?? same(`relation ${relation} from`, `relation ${relation} to`);

/** Packets of one relation, each once, in the order of times. */
export interface Relatives {
  readonly words: string;
  readonly packets: readonly number[];
}

/** What it came out of; a reallocated head is the same packet, and no parent. */
export function originsOf({ origins }: Pick<Path, 'origins'>): Relatives[] {
  return groups(
    origins.filter(({ relation }) => relation !== RELATION.head),
    ({ parent }) => parent,
    ({ from }) => from,
  );
}

/** What came out of it. */
export function childrenOf({ children }: Pick<Path, 'children'>): Relatives[] {
  return groups(
    children,
    ({ packet }) => packet,
    ({ to, toMany }, count) => (count === 1 ? to : toMany),
  );
}

function groups(
  lineages: readonly Lineage[],
  packetOf: (lineage: Lineage) => number,
  words: (words: Words, count: number) => string,
): Relatives[] {
  const relations = [...new Set(lineages.map(({ relation }) => relation))];
  return relations.map((relation) => {
    const packets = [...new Set(lineages.filter((one) => one.relation === relation).map(packetOf))];
    return { words: words(wordsOf(relation), packets.length), packets };
  });
}

/** Ids named one by one in a note; more are counted. */
const NAMED_MAX = 3;

/** What happened to the packet's identity at a hop: `clone #15`, `12 segments`, `head reallocated`. */
export function lineageNotes(origins: readonly Lineage[], children: readonly Lineage[]): string[] {
  const text = ({ words, packets }: Relatives) =>
    packets.length > NAMED_MAX
      ? `${packets.length} ${words}`
      : `${words} ${packets.map((packet) => `#${packet}`).join(', ')}`;
  const heads = origins.filter(({ relation }) => relation === RELATION.head).length;
  return [
    ...originsOf({ origins }).map(text),
    ...childrenOf({ children }).map(text),
    ...(heads === 0 ? [] : [heads === 1 ? 'head reallocated' : `head reallocated ${heads} times`]),
  ];
}

/** Packets above the parent, nearest first, as far as they are known. */
export function ancestorsOf(parent: number, parentOf: (packet: number) => number): number[] {
  const found: number[] = [];
  let next = parentOf(parent);
  while (next !== 0 && next !== parent && !found.includes(next) && found.length < 4) {
    found.push(next);
    next = parentOf(next);
  }
  return found;
}

/** Index of the hop that came last before a time, or at it; -1 before the first. Hops are in the order of their times. */
export function hopAtTime(hops: readonly Hop[], timeNs: number): number {
  let low = 0;
  let high = hops.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((hops[middle]?.timeNs ?? 0) <= timeNs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What comes out while the packet itself goes on: two are where there was one. */
const SPLITTING: ReadonlySet<number> = new Set([
  RELATION.clone,
  RELATION.copy,
  RELATION.segment,
  RELATION.fragment,
]);

/** Hops (indices) at which others split off from it, in order, each with the packets that did. */
export function splitsOf({
  hops,
  children,
}: Pick<Path, 'hops' | 'children'>): { readonly hop: number; readonly packets: readonly number[] }[] {
  const splits = new Map<number, number[]>();
  for (const { timeNs, packet, relation } of children) {
    if (!SPLITTING.has(relation) || hops.length === 0) continue;
    const hop = Math.max(0, hopAtTime(hops, timeNs));
    splits.set(hop, [...(splits.get(hop) ?? []), packet]);
  }
  return [...splits].map(([hop, packets]) => ({ hop, packets }));
}
