/** A packet's end, prepared for the rules: what is known there, and how it is said. */
import { asNetnsInode, type NetnsInode, type Ns } from '../../base/units.ts';
import type { FactQuery } from '../../messages/facts.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import { describeDecision, outcomeOf } from '../decisions.ts';
import { type FactBook, factCommand, shellText } from '../facts.ts';
import { endpointText } from '../format.ts';
import type { Decision, Hop, PacketState, Path } from '../hop.ts';
import type { NameBook } from '../names.ts';
import type { Advice, Evidence } from './types.ts';

export type Drop = Extract<Hop, { kind: 'drop' }>;

/** A decision and its place in `path.decisions`. */
export interface Cited {
  readonly decision: Decision;
  readonly index: number;
}

export interface Scene {
  readonly path: Path;
  readonly names: NameBook;
  readonly facts: FactBook;
  /** The present, for how long a packet has been in flight; undefined when that is not known. */
  readonly nowNs: Ns | undefined;
  readonly drop: Drop | undefined;
  /** The drop, or the last hop. */
  readonly last: Hop | undefined;
  /** What is known of the packet there. */
  readonly state: PacketState;
  /** The last that is known. */
  readonly netns: NetnsInode;
  /** Interface there, '' when there is none. */
  readonly device: string;
  /** The kernel's reason without its prefix, '' when it was not dropped. */
  readonly reason: string;
  /** It was dropped, and the kernel did not say why. */
  readonly isUnspecified: boolean;
  /** Function that dropped it, without what the compiler appended; '' when not known. */
  readonly symbol: string;
  /** Names of the functions it went through. */
  readonly functions: readonly string[];
}

/** Reasons that say nothing; `reason 2` when the table of names is missing. */
const SAYS_NOTHING = /^(NOT_SPECIFIED|NOT_DROPPED_YET|reason \d+)$/;

export function prepare(path: Path, names: NameBook, facts: FactBook, nowNs: Ns | undefined): Scene {
  const drop = path.hops.findLast((hop): hop is Drop => hop.kind === 'drop');
  const last = drop ?? path.hops.at(-1);
  const reason = drop === undefined ? '' : names.reasonName(drop.reason);
  return {
    path,
    names,
    facts,
    nowNs,
    drop,
    last,
    state: last?.state ?? {},
    netns: lastKnownNetns(path, last),
    device: last === undefined ? '' : (last.state.device ?? names.interfaceName(last.netns, last.ifindex)),
    reason,
    isUnspecified: SAYS_NOTHING.test(reason),
    symbol: drop === undefined ? '' : (names.symbol(drop.location)?.name.replace(/\..*/, '') ?? ''),
    functions: path.hops.flatMap((hop) => (hop.kind === 'hop' ? [names.functionName(hop.func)] : [])),
  };
}

/** Where a hop says no namespace (a queue that has no device, an skb without socket), the packet still is where it was. */
function lastKnownNetns({ hops }: Path, last: Hop | undefined): NetnsInode {
  if (last === undefined || last.netns !== 0) return last?.netns ?? asNetnsInode(0);
  return hops.findLast(({ netns }) => netns !== 0)?.netns ?? asNetnsInode(0);
}

/** The latest decision of a kind, in the namespace of the end, that the test holds for. */
export function lastDecision(
  { path, netns }: Scene,
  kind: number | undefined,
  test: (decision: Decision) => boolean = () => true,
): Cited | undefined {
  const isHere = (one: Decision) => one.netns === netns || one.netns === 0 || netns === 0;
  const index = path.decisions.findLastIndex(
    (one) => (kind === undefined || one.decision === kind) && isHere(one) && test(one),
  );
  const decision = path.decisions[index];
  return decision === undefined ? undefined : { decision, index };
}

/** The latest decision of a kind, when it refused the packet. */
export function refusal(scene: Scene, kind: number): Cited | undefined {
  const cited = lastDecision(scene, kind);
  return cited !== undefined && outcomeOf(cited.decision) === 'refuse' ? cited : undefined;
}

/** Dropped without a reason in a function of this name. */
export const diedIn = (scene: Scene, pattern: RegExp): boolean =>
  scene.isUnspecified && pattern.test(scene.symbol);

export const cite = ({ names }: Scene, { decision, index }: Cited): Evidence => ({
  text: describeDecision(decision, names),
  decision: index,
});

/** Cites those that there are. */
export const citeAll = (scene: Scene, cited: readonly (Cited | undefined)[]): readonly Evidence[] =>
  cited.flatMap((one) => (one === undefined ? [] : [cite(scene, one)]));

/** ` in db`, ` on the host`, '' when the namespace is not known. */
export function inPlace({ names, netns }: Scene): string {
  if (netns === 0) return '';
  return names.namespaces.get(netns)?.origin === 'host' ? ' on the host' : ` in ${names.netnsName(netns)}`;
}

/** ` on eth0`, '' without an interface. */
export const onDevice = ({ device }: Scene): string => (device === '' ? '' : ` on ${device}`);

export const source = ({ state }: Scene): string => state.ip?.saddr ?? 'its source';
export const destination = ({ state }: Scene): string => state.ip?.daddr ?? 'its destination';

/** `10.1.0.3:80`; the address alone when there are no ports. */
export function target({ state: { ip, l4 } }: Scene): string {
  if (ip === undefined) return 'its destination';
  const hasPorts = l4 !== undefined && [L4_KIND.tcp, L4_KIND.udp, L4_KIND.sctp].some((k) => k === l4.kind);
  return endpointText(ip.daddr, hasPorts ? l4.dport : undefined);
}

/** `TCP`, `UDP`; '' for what has no ports. */
export function transport({ state: { l4 } }: Scene): 'tcp' | 'udp' | undefined {
  return l4?.kind === L4_KIND.tcp ? 'tcp' : l4?.kind === L4_KIND.udp ? 'udp' : undefined;
}

export const isV6 = ({ state: { ip, meta } }: Scene): boolean =>
  ip !== undefined ? ip.version === 6 : meta?.protocol === 0x86dd;

/** Advice to look with the command that answers a query. */
export const look = (scene: Scene, text: string, query: FactQuery): Advice => ({
  text,
  command: shellText(factCommand(query), scene.netns, scene.names),
});

/** Advice with a command; the words are arguments, quoted where a shell needs it. */
export const advise = (scene: Scene, text: string, ...command: readonly string[]): Advice =>
  command.length === 0 ? { text } : { text, command: shellText(command, scene.netns, scene.names) };

/** The same for a command that is to be given on the host itself, wherever the packet was. */
export const adviseHost = ({ names }: Scene, text: string, ...command: readonly string[]): Advice => ({
  text,
  command: shellText(command, asNetnsInode(0), names),
});

/** A setting below net/, of the namespace of the end. */
export const setting = ({ netns }: Scene, name: string): FactQuery => ({
  kind: 'sysctl',
  netns,
  name: `net/${name}`,
});
/** The same as people write it, for a command: `net.ipv4.ip_forward`; sysctl takes slashes as well. */
export const settingText = (name: string): string =>
  name.split('/').some((part) => part.includes('.')) ? name : name.replaceAll('/', '.');
