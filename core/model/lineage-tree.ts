/** A packet among its relatives, as a tree with a line for each: parents above, what came out of them below. */
import type { Path } from './hop.ts';
import { originsOf, wordsOf } from './lineage.ts';

/** Packets of a tree; more are counted. */
const PACKETS_MAX = 40;
/** Children of one packet that are named. */
const CHILDREN_MAX = 12;
const GENERATIONS_MAX = 16;

export type TreeLine = {
  /** For each generation above, from the first: whether its line goes on below this one. */
  readonly rails: readonly boolean[];
} & (
  | {
      readonly kind: 'packet';
      readonly packet: number;
      /** How it came out of the packet above; '' for the first, and where only the row says so. */
      readonly words: string;
      readonly isCurrent: boolean;
    }
  /** Children that are not named. */
  | { readonly kind: 'more'; readonly count: number }
);

export interface Family {
  /** 0 when none is known. */
  parentOf(packet: number): number;
  /** Children of those that are known below a packet, by their parents. */
  childrenBelow(packet: number): ReadonlyMap<number, readonly number[]>;
}

/** The tree that a packet is in, no line for one that is alone. */
export function lineageTree(path: Path, family: Family): TreeLine[] {
  const origins = originsOf(path);
  const parents = [...new Set(origins.flatMap(({ packets }) => packets))];
  if (parents.length === 0 && path.children.length === 0) return [];
  const chain = ancestry(path, parents.length === 1 ? parents[0] : undefined, family);
  const root = chain[0] ?? path.packet;
  const children = new Map([...family.childrenBelow(root)].map(([of, all]) => [of, new Set(all)]));
  const link = (parent: number, child: number) => {
    if (parent === child) return;
    children.set(parent, (children.get(parent) ?? new Set()).add(child));
  };
  chain.forEach((packet, i) => {
    link(packet, chain[i + 1] ?? path.packet);
  });
  for (const { packet } of path.children) link(path.packet, packet);
  const words = new Map<number, string>();
  for (const { packet, relation } of path.children) words.set(packet, wordsOf(relation).to);
  const onChain = new Set<number>([...chain, path.packet]);
  const lines: TreeLine[] = [];
  const seen = new Set<number>();
  // several became this one: they stand above it, side by side
  if (parents.length > 1) {
    const shown = parents.slice(0, CHILDREN_MAX);
    for (const packet of shown) seen.add(packet);
    for (const packet of shown)
      lines.push({ kind: 'packet', packet, words: '', isCurrent: false, rails: [] });
    if (parents.length > shown.length)
      lines.push({ kind: 'more', count: parents.length - shown.length, rails: [] });
  }
  const chosen = choose(root, children, onChain);
  const put = (packet: number, how: string, rails: readonly boolean[]) => {
    seen.add(packet);
    lines.push({ kind: 'packet', packet, words: how, isCurrent: packet === path.packet, rails });
    const all = [...(children.get(packet) ?? [])].filter((child) => !seen.has(child)).sort((a, b) => a - b);
    const shown = all.filter((child) => chosen.has(child));
    shown.forEach((child, i) => {
      const isLast = i === shown.length - 1 && shown.length === all.length;
      const word = child === path.packet ? (origins[0]?.words ?? '') : (words.get(child) ?? '');
      if (!seen.has(child)) put(child, word, [...rails, !isLast]);
    });
    if (all.length > shown.length)
      lines.push({ kind: 'more', count: all.length - shown.length, rails: [...rails, false] });
  };
  put(root, parents.length > 1 ? (origins[0]?.words ?? '') : '', []);
  return lines;
}

/** The packets above, oldest first; of several parents none is followed. */
function ancestry(path: Path, parent: number | undefined, { parentOf }: Family): number[] {
  const chain: number[] = [];
  for (let next = parent ?? 0; next !== 0 && next !== path.packet; next = parentOf(next)) {
    if (chain.includes(next) || chain.length === GENERATIONS_MAX) break;
    chain.unshift(next);
  }
  return chain;
}

/** The packets that are named: those that lead to the packet itself, then generation by generation. */
function choose(
  root: number,
  children: ReadonlyMap<number, ReadonlySet<number>>,
  onChain: ReadonlySet<number>,
): ReadonlySet<number> {
  const chosen = new Set<number>([root, ...onChain]);
  // a set that grows while it is walked: each packet once, generation by generation
  const waiting = new Set([root]);
  for (const packet of waiting) {
    if (chosen.size >= PACKETS_MAX) break;
    const all = [...(children.get(packet) ?? [])].sort((a, b) => a - b);
    const added = all.filter((child) => !chosen.has(child)).slice(0, CHILDREN_MAX);
    for (const child of added.slice(0, PACKETS_MAX - chosen.size)) chosen.add(child);
    for (const child of all) if (chosen.has(child)) waiting.add(child);
  }
  return chosen;
}
