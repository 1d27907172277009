/**
 * Which namespace an interface's far end is in. The kernel tells it by an id that means something only in the
 * namespace that was asked; `ip netns` knows the names of some ids, and what is not told there follows from what is.
 */
import type { Link } from '../../core/messages/topology.ts';
import type { ReadLink, ReadNamespace } from './ip-output.ts';

export interface Entered extends ReadNamespace {
  readonly inode: number;
  /** Inodes by id, where something else than the names told them. */
  readonly known: ReadonlyMap<number, number>;
}

/** Ends of one veth pair name each other; an end and the place where it must be. */
type Key = `${number}/${number}`;
const keyOf = (netns: number, ifindex: number): Key => `${netns}/${ifindex}`;

/** The interfaces of each namespace, each with its far end's namespace where that can be told. */
export function wire(
  namespaces: readonly Entered[],
  inodeOfName: (name: string) => number | undefined,
): ReadonlyMap<number, readonly Link[]> {
  const ids = new Map<number, Map<number, number>>();
  for (const { inode, ids: names, known } of namespaces) {
    const own = new Map(known);
    for (const [nsid, name] of names) {
      const found = inodeOfName(name);
      if (found !== undefined) own.set(nsid, found);
    }
    ids.set(inode, own);
  }
  for (let isNew = true; isNew; ) isNew = learnFromPairs(namespaces, ids);
  learnFromOnlyFit(namespaces, ids);
  for (let isNew = true; isNew; ) isNew = learnFromPairs(namespaces, ids);
  return new Map(
    namespaces.map(({ inode, links }) => [
      inode,
      links.map(({ link, far }) =>
        far === undefined
          ? link
          : { ...link, far: { ifindex: far.ifindex, netns: placeOf(inode, far, ids) ?? 0 } },
      ),
    ]),
  );
}

type Ids = Map<number, Map<number, number>>;

const placeOf = (inode: number, { nsid }: { readonly nsid: number }, ids: Ids): number | undefined =>
  nsid === -1 ? inode : ids.get(inode)?.get(nsid);

/** A pair is mutual: who knows where its other end is tells the other end where it is itself. */
function learnFromPairs(namespaces: readonly Entered[], ids: Ids): boolean {
  const byKey = new Map<Key, { readonly inode: number; readonly one: ReadLink }>();
  for (const { inode, links } of namespaces)
    for (const one of links) byKey.set(keyOf(inode, one.link.ifindex), { inode, one });
  let isNew = false;
  for (const { inode, links } of namespaces)
    for (const { link, far } of links) {
      const place = far === undefined ? undefined : placeOf(inode, far, ids);
      if (far === undefined || place === undefined || link.kind !== 'veth') continue;
      const other = byKey.get(keyOf(place, far.ifindex));
      const back = other?.one.far;
      if (other === undefined || back === undefined || back.nsid === -1 || back.ifindex !== link.ifindex)
        continue;
      const own = ids.get(other.inode);
      if (own === undefined || own.has(back.nsid)) continue;
      own.set(back.nsid, inode);
      isNew = true;
    }
  return isNew;
}

/** Of what is left: when only one interface anywhere has the numbers that the other end must have, it is that. */
function learnFromOnlyFit(namespaces: readonly Entered[], ids: Ids): void {
  const open = namespaces.flatMap(({ inode, links }) =>
    links.flatMap(({ link, far }) =>
      far !== undefined && link.kind === 'veth' && placeOf(inode, far, ids) === undefined
        ? [{ inode, ifindex: link.ifindex, far }]
        : [],
    ),
  );
  for (const { inode, ifindex, far } of open) {
    const fits = open.filter(
      (other) => other.inode !== inode && other.ifindex === far.ifindex && other.far.ifindex === ifindex,
    );
    const [only] = fits;
    const own = ids.get(inode);
    if (fits.length === 1 && only !== undefined && own?.has(far.nsid) === false)
      own.set(far.nsid, only.inode);
  }
}
