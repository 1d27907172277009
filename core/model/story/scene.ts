/** A path prepared for telling: names by index, and the few facts that every chapter needs. */
import type { NetnsInode } from '../../base/units.ts';
import type { Hop, PacketState, Path } from '../hop.ts';
import type { NameBook } from '../names.ts';
import { slowFrom } from '../slow.ts';

export interface Scene {
  readonly path: Path;
  readonly names: NameBook;
  /** These are not its first hops: it had begun before. */
  readonly isBegun: boolean;
  /** Function of each hop, '' for a drop. */
  readonly functions: readonly string[];
  /** Namespace of each hop; where one says none, the packet still is where it was. */
  readonly namespaces: readonly NetnsInode[];
  /** Interface of each hop, '' without one. */
  readonly devices: readonly string[];
  /** The least time between two hops that is slow. */
  readonly slowNs: number;
}

export function prepare(path: Path, names: NameBook, isBegun = false): Scene {
  const { hops } = path;
  const functions = hops.map((hop) =>
    hop.kind === 'hop' ? names.functionName(hop.func).replace(/\..*/, '') : '',
  );
  const namespaces: NetnsInode[] = [];
  let last = hops.find(({ netns }) => netns !== 0)?.netns;
  for (const { netns } of hops) {
    if (netns !== 0) last = netns;
    namespaces.push(last ?? netns);
  }
  const times = [...hops, ...path.decisions].map(({ timeNs }) => timeNs).sort((a, b) => a - b);
  return {
    path,
    names,
    isBegun,
    functions,
    namespaces,
    devices: hops.map((hop) => deviceOf(hop, names)),
    slowNs: slowFrom(times.slice(1).map((time, i) => time - (times[i] ?? time))),
  };
}

const deviceOf = (hop: Hop, names: NameBook): string =>
  hop.ifindex === 0 ? '' : hop.state.device || names.interfaceName(hop.netns, hop.ifindex);

/** The last interface named among some hops. */
export const lastDevice = ({ devices }: Scene, from: number, to: number): string =>
  devices.slice(from, to + 1).findLast((device) => device !== '') ?? '';

/** The first interface named among some hops. */
export const firstDevice = ({ devices }: Scene, from: number, to: number): string =>
  devices.slice(from, to + 1).find((device) => device !== '') ?? '';

/** What is known at a hop, {} when there is none. */
export const stateAt = ({ path }: Scene, hop: number): PacketState => path.hops[hop]?.state ?? {};

/** `web`, `the host`; '' when it is not known. */
export function placeName({ names, namespaces }: Scene, hop: number): string {
  const netns = namespaces[hop] ?? 0;
  if (netns === 0) return '';
  return names.namespaces.get(netns as NetnsInode)?.origin === 'host'
    ? 'the host'
    : names.netnsName(netns as NetnsInode);
}

/** ` in web`, ` on the host`; '' when it is not known. */
export function inPlace(scene: Scene, hop: number): string {
  const name = placeName(scene, hop);
  return name === '' ? '' : name === 'the host' ? ' on the host' : ` in ${name}`;
}

export const has = ({ functions }: Scene, from: number, to: number, pattern: RegExp): boolean =>
  functions.slice(from, to + 1).some((name) => pattern.test(name));
