/**
 * What of the map a packet went through: by its path, and where it was first and last seen. By the names of places, as
 * the display filter finds them, so that what is counted somewhere is what that lists (term.ts).
 */
import { asNetnsInode } from '../../../core/base/units.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { isNumbered } from '../../../core/model/path-table.ts';
import { ROW, rowPath } from '../../../core/wire/rows.ts';
import type { MapGraph } from './graph.ts';

/** Of all packets on one path with the same ends. */
export interface Sight {
  /** Its place among those that there are. */
  readonly index: number;
  /** Keys of interfaces, joints and namespaces. */
  readonly through: ReadonlySet<string>;
  /** Of the interface and the namespace where it was last seen. */
  readonly last: ReadonlySet<string>;
  /** Its path has no number: of what is between its ends nothing is known. */
  readonly isEndsOnly: boolean;
  readonly ends: Ends;
}

type Ends = readonly [fromNetns: number, fromIfindex: number, toNetns: number, toIfindex: number];

export const netnsKey = (inode: number): string => `netns ${inode}`;

/** A number of its own for an interface of a namespace; ifindex is small, inodes are below 2^32. */
const placeNumber = (netns: number, ifindex: number): number => netns * 2 ** 20 + (ifindex % 2 ** 20);

/** Looks each combination of path and ends up once. */
export class Sights {
  readonly #names: NameBook;
  /** Keys by name of an interface with its namespace, and of a namespace. */
  readonly #nodesAt = new Map<string, string[]>();
  readonly #regionsAt = new Map<string, string[]>();
  /** Keys of bars by the names of their ports; joints by those of all ends that a packet must have been at. */
  readonly #barsAt = new Map<string, string[]>();
  readonly #joints: { readonly key: string; readonly at: readonly string[] }[];
  #epoch = -1;
  /** By path: the one looked up last, which most of its packets have; and all by both ends. */
  #recent = new Map<number, Sight>();
  #known = new Map<number, Map<number, Map<number, Sight>>>();
  #count = 0;

  constructor(graph: MapGraph, names: NameBook) {
    this.#names = names;
    for (const region of graph.regions)
      add(this.#regionsAt, this.#netnsName(region.inode), netnsKey(region.inode));
    const nameOf = new Map(
      [...graph.nodes.values()].map(({ key, region, link }) => [
        key,
        this.#placeName(region.inode, link.ifindex),
      ]),
    );
    for (const [key, name] of nameOf) add(this.#nodesAt, name, key);
    for (const { kind, from, to } of graph.joints)
      if (kind === 'port') add(this.#barsAt, nameOf.get(from.key) ?? '', to.key);
    this.#joints = graph.joints.map(({ key, kind, from, to }) => ({
      key,
      // what is at a port goes to or comes from its bridge, which need not be seen itself
      at: (kind === 'port' ? [from] : [from, to]).map((end) => nameOf.get(end.key) ?? ''),
    }));
  }

  /** Forgets what is said of paths that are other ones now. Indices begin anew. */
  refresh(): void {
    if (this.#epoch === this.#names.paths.epoch) return;
    this.#epoch = this.#names.paths.epoch;
    this.#recent = new Map();
    this.#known = new Map();
    this.#count = 0;
  }

  /** Of the row that starts at byte `at`. */
  of(view: DataView, at: number): Sight {
    const path = rowPath(view, at);
    const fromNetns = view.getUint32(at + ROW.firstNetns, true);
    const fromIfindex = view.getUint32(at + ROW.firstIfindex, true);
    const toNetns = view.getUint32(at + ROW.lastNetns, true);
    const toIfindex = view.getUint32(at + ROW.lastIfindex, true);
    const recent = this.#recent.get(path);
    if (
      recent?.ends[0] === fromNetns &&
      recent.ends[1] === fromIfindex &&
      recent.ends[2] === toNetns &&
      recent.ends[3] === toIfindex
    )
      return recent;
    return this.#lookUp(path, [fromNetns, fromIfindex, toNetns, toIfindex]);
  }

  #lookUp(path: number, ends: Ends): Sight {
    const from = inner(inner(this.#known, path), placeNumber(ends[0], ends[1]));
    const to = placeNumber(ends[2], ends[3]);
    let sight = from.get(to);
    if (sight === undefined) {
      sight = this.#look(path, ends);
      this.#count += 1;
      // a path that is yet to be told is asked for again
      if (isNumbered(path) && sight.isEndsOnly) return sight;
      from.set(to, sight);
    }
    this.#recent.set(path, sight);
    return sight;
  }

  #look(path: number, ends: Ends): Sight {
    const [fromNetns, fromIfindex, toNetns, toIfindex] = ends;
    const last = new Set<string>();
    this.#addPlace(last, new Set(), toNetns, toIfindex);
    const through = new Set<string>();
    const names = new Set<string>();
    this.#addPlace(through, names, fromNetns, fromIfindex);
    this.#addPlace(through, names, toNetns, toIfindex);
    const isTold =
      isNumbered(path) &&
      this.#names.paths.walk(path, (_func, _reason, netns, ifindex) =>
        this.#addPlace(through, names, netns, ifindex),
      );
    for (const name of names) for (const key of this.#barsAt.get(name) ?? []) through.add(key);
    for (const { key, at } of this.#joints) if (at.every((name) => names.has(name))) through.add(key);
    return { index: this.#count, through, last, isEndsOnly: !isTold, ends };
  }

  #addPlace(keys: Set<string>, names: Set<string>, netns: number, ifindex: number): void {
    if (netns !== 0) for (const key of this.#regionsAt.get(this.#netnsName(netns)) ?? []) keys.add(key);
    if (ifindex === 0) return;
    const name = this.#placeName(netns, ifindex);
    names.add(name);
    for (const key of this.#nodesAt.get(name) ?? []) keys.add(key);
  }

  #netnsName(inode: number): string {
    return this.#names.netnsName(asNetnsInode(inode)).toLowerCase();
  }

  #placeName(inode: number, ifindex: number): string {
    const name = this.#names.interfaceName(asNetnsInode(inode), ifindex);
    return `${this.#netnsName(inode)}/${name.toLowerCase()}`;
  }
}

function add(lists: Map<string, string[]>, name: string, key: string): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [key]);
  else list.push(key);
}

function inner<T>(outer: Map<number, Map<number, T>>, key: number): Map<number, T> {
  const known = outer.get(key);
  if (known !== undefined) return known;
  const made = new Map<number, T>();
  outer.set(key, made);
  return made;
}
