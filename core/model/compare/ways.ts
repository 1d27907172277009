/**
 * Paths of two sides by what they are made of: names of functions and reasons, and the namespaces in the order of visit.
 * Namespaces and interfaces of two hosts are called otherwise; who compares two moments of one asks for these, too.
 */
import { VERDICT, type Verdict, type VerdictName } from '../packet.ts';
import type { NamedStep, Side, SidePath } from './side.ts';

export interface WayMatch {
  /** Names of namespaces and interfaces must be the same, too. */
  readonly withPlaces: boolean;
  /** Functions that make no difference: of two recordings, those that only one had probed. */
  readonly ignored: ReadonlySet<string>;
}

/** Paths of one side that are one way here. */
export interface WaySide {
  /** Of the path that most of the packets took, by which its Paths view knows it; and how many paths there are. */
  readonly id: number;
  readonly paths: number;
  readonly count: number;
  /** Of all packets on paths, 0 to 1. */
  readonly share: number;
  readonly verdict: VerdictName;
  /** Others ended otherwise. */
  readonly isMixed: boolean;
  /** Of the drop on it, '' without one. */
  readonly reason: string;
  /** Of the path that most took. */
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly steps: readonly NamedStep[];
}

/** Where a way that only one side has leaves the ways that the other side has. */
export type Parting = {
  /** The other side's way that it is held against. */
  readonly other: WaySide;
} & (
  | {
      /** They are the same up to `after`; what follows here and what there, undefined where that is the end. */
      readonly kind: 'parts';
      readonly after: NamedStep;
      readonly here: NamedStep | undefined;
      readonly there: NamedStep | undefined;
    }
  /** None of the other side begins so; `other` has most of its steps, `alike` of them. */
  | { readonly kind: 'otherwise'; readonly alike: number }
);

interface Both {
  readonly kind: 'both';
  readonly a: WaySide;
  readonly b: WaySide;
}
interface OnlyA {
  readonly kind: 'onlyA';
  readonly a: WaySide;
  readonly b: undefined;
}
interface OnlyB {
  readonly kind: 'onlyB';
  readonly a: undefined;
  readonly b: WaySide;
}
export type ComparedWay = { readonly key: string } & (Both | OnlyA | OnlyB);

const VERDICT_NAMES = Object.fromEntries(
  Object.entries(VERDICT).map(([name, number]) => [number, name]),
) as Readonly<Record<Verdict, VerdictName>>;

/** A shorter difference is how exactly a path is timed on a busy machine. */
const LEAST_NS = 1000;

/** The ways of two sides. Where one leaves the others is found when it is asked for: of thousands few are looked at. */
export class ComparedWays {
  /** What changed most first: see {@link weight}. */
  readonly all: readonly ComparedWay[];
  readonly #a: Ways;
  readonly #b: Ways;
  #treeA: WayTree | undefined;
  #treeB: WayTree | undefined;

  constructor(a: Side, b: Side, match: WayMatch) {
    const numbers = new StepNumbers();
    this.#a = waysOf(a, match, numbers);
    this.#b = waysOf(b, match, numbers);
    const ways: ComparedWay[] = [];
    for (const [key, { side }] of this.#a) {
      const other = this.#b.get(key);
      if (other !== undefined) ways.push({ key, kind: 'both', a: side, b: other.side });
      else ways.push({ key, kind: 'onlyA', a: side, b: undefined });
    }
    for (const [key, { side }] of this.#b)
      if (!this.#a.has(key)) ways.push({ key, kind: 'onlyB', a: undefined, b: side });
    this.all = ways.sort((x, y) => weight(y) - weight(x) || packetsOf(y) - packetsOf(x));
  }

  /** Of a way that only one side has; undefined where the other side has none, or both have it. */
  parting({ key, kind }: ComparedWay): Parting | undefined {
    if (kind === 'both') return undefined;
    const way = (kind === 'onlyA' ? this.#a : this.#b).get(key);
    if (kind === 'onlyA') this.#treeB ??= new WayTree(this.#b.values());
    else this.#treeA ??= new WayTree(this.#a.values());
    const tree = kind === 'onlyA' ? this.#treeB : this.#treeA;
    return way && tree?.parting(way);
  }
}

const packetsOf = ({ a, b }: ComparedWay): number => (a?.count ?? 0) + (b?.count ?? 0);

/**
 * How much a way changed: the share of packets that left it or came to it; of those that stayed, the part of the time
 * that came or went. Half of all packets on a way that takes twice as long weigh a quarter.
 */
export function weight({ a, b }: ComparedWay): number {
  const moved = Math.abs((b?.share ?? 0) - (a?.share ?? 0));
  if (a === undefined || b === undefined || Math.abs(a.p50Ns - b.p50Ns) < LEAST_NS) return moved;
  const part = 1 - Math.min(a.p50Ns, b.p50Ns) / Math.max(a.p50Ns, b.p50Ns);
  return moved + Math.min(a.share, b.share) * part;
}

interface Way {
  readonly side: WaySide;
  /** Of each step, in their order: {@link StepNumbers}. */
  readonly keys: readonly number[];
}

type Ways = ReadonlyMap<string, Way>;

interface Collecting {
  readonly keys: readonly number[];
  readonly steps: readonly NamedStep[];
  readonly paths: SidePath[];
}

/** By key; those with most packets first. */
function waysOf(side: Side, match: WayMatch, numbers: StepNumbers): Ways {
  const found = new Map<string, Collecting>();
  for (const path of side.paths) {
    const steps = path.steps
      .flatMap((index) => side.steps[index] ?? [])
      .filter((step) => counts(step, match));
    const keys = numbers.of(keysOf(steps, match.withPlaces));
    const key = keys.join(' ');
    const known = found.get(key);
    if (known === undefined) found.set(key, { keys, steps, paths: [path] });
    else known.paths.push(path);
  }
  return new Map(
    [...found]
      .map(
        ([key, { keys, steps, paths }]) => [key, { side: wayOf(paths, steps, side.folded), keys }] as const,
      )
      .sort(([, x], [, y]) => y.side.count - x.side.count),
  );
}

const counts = ({ func }: NamedStep, { ignored }: WayMatch): boolean => func === '' || !ignored.has(func);

/** What only one of them had probed; none where one does not tell. */
export function probedByOne(a: readonly string[] | undefined, b: readonly string[] | undefined): Set<string> {
  if (a === undefined || b === undefined) return new Set();
  const [inA, inB] = [new Set(a), new Set(b)];
  return new Set([...a.filter((name) => !inB.has(name)), ...b.filter((name) => !inA.has(name))]);
}

/** A namespace without its name is the first, second … that was visited. */
function keysOf(steps: readonly NamedStep[], withPlaces: boolean): readonly string[] {
  const visited: string[] = [];
  return steps.map(({ func, reason, netns, device }) => {
    if (!visited.includes(netns)) visited.push(netns);
    const place = withPlaces ? `${netns}/${device}` : visited.indexOf(netns);
    return reason === '' ? `${func} ${place}` : `!${reason} ${place}`;
  });
}

function wayOf(paths: readonly SidePath[], steps: readonly NamedStep[], folded: number): WaySide {
  const most = paths.reduce((one, other) => (other.count > one.count ? other : one));
  const count = paths.reduce((sum, path) => sum + path.count, 0);
  const verdicts = most.verdicts.map((_, i) => paths.reduce((sum, path) => sum + (path.verdicts[i] ?? 0), 0));
  const verdict = verdicts.indexOf(Math.max(...verdicts)) as Verdict;
  return {
    id: most.id,
    paths: paths.length,
    count,
    share: folded === 0 ? 0 : count / folded,
    verdict: VERDICT_NAMES[verdict] ?? 'inFlight',
    isMixed: verdicts.filter((one) => one > 0).length > 1,
    reason: verdict === VERDICT.dropped ? (steps.findLast(({ reason }) => reason !== '')?.reason ?? '') : '',
    p50Ns: most.p50Ns,
    p99Ns: most.p99Ns,
    steps,
  };
}

interface Node {
  /** Of those that come through here, the one with most packets. */
  readonly way: Way;
  readonly next: Map<number, Node>;
}

/** Numbers of what steps are the same by, in both sides. */
class StepNumbers {
  readonly #known = new Map<string, number>();

  of(keys: readonly string[]): readonly number[] {
    return keys.map((key) => {
      const number = this.#known.get(key) ?? this.#known.size;
      this.#known.set(key, number);
      return number;
    });
  }
}

/** Of a tree; what has no room is not found, and those with most packets come first. */
const NODES_MAX = 1 << 17;
/** Ways among which the nearest is looked for, where none begins so. */
const NEAREST_MAX = 200;

/** All ways of a side from their beginnings on. */
class WayTree {
  readonly #roots = new Map<number, Node>();
  readonly #first: readonly Way[];
  #size = 0;

  /** Those with most packets first. */
  constructor(all: Iterable<Way>) {
    const ways = [...all];
    this.#first = ways.slice(0, NEAREST_MAX);
    for (const way of ways) {
      let nodes = this.#roots;
      for (const key of way.keys) {
        let node = nodes.get(key);
        if (node === undefined) {
          if (this.#size >= NODES_MAX) break;
          this.#size += 1;
          node = { way, next: new Map() };
          nodes.set(key, node);
        }
        nodes = node.next;
      }
    }
  }

  /** Follows a way as far as any of these goes with it. */
  parting({ side: { steps }, keys }: Way): Parting | undefined {
    let nodes = this.#roots;
    let other: Way | undefined;
    let alike = 0;
    for (const key of keys) {
      const node = nodes.get(key);
      if (node === undefined) break;
      other = node.way;
      nodes = node.next;
      alike += 1;
    }
    const after = steps[alike - 1];
    if (other === undefined || after === undefined) return this.#nearest(keys);
    const { side } = other;
    return { kind: 'parts', after, here: steps[alike], there: side.steps[alike], other: side };
  }

  /** Of those with most packets the one that has most of the steps; what it has besides takes away from it. */
  #nearest(keys: readonly number[]): Parting | undefined {
    const own = countsOf(keys);
    let best: { readonly way: Way; readonly alike: number; readonly score: number } | undefined;
    for (const way of this.#first) {
      const alike = common(own, way.keys);
      const score = (2 * alike) / (keys.length + way.keys.length);
      if (best === undefined || score > best.score) best = { way, alike, score };
    }
    return best && { kind: 'otherwise', alike: best.alike, other: best.way.side };
  }
}

function countsOf(keys: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Steps that both have, whatever their order. */
function common(own: ReadonlyMap<number, number>, keys: readonly number[]): number {
  let alike = 0;
  for (const [key, count] of countsOf(keys)) alike += Math.min(count, own.get(key) ?? 0);
  return alike;
}
