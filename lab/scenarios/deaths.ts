/** A way to die, and all that must be told about it: the kernel's reason, the place, the decisions, the diagnosis. */
import { check, equal, only } from './check.ts';
import { kernelVersion, type Line, type Packet, type Trace } from './trace.ts';

export const IS_6_1 = kernelVersion().startsWith('6.1.');
/** What is the same on both kernels, or what each has. */
export type PerKernel<T> = T | { readonly on61: T; readonly on612: T };

const isPerKernel = <T>(value: PerKernel<T>): value is { readonly on61: T; readonly on612: T } =>
  typeof value === 'object' && value !== null && 'on61' in value;
export const here = <T>(value: PerKernel<T>): T =>
  isPerKernel(value) ? (IS_6_1 ? value.on61 : value.on612) : value;

const isList = (value: unknown): value is readonly string[] => Array.isArray(value);
/** Where nftables' drop happens: releases of one series differ in who gives the packet back. */
export const AT_NFT: readonly string[] = ['nft_do_chain', 'nf_hook_slow'];

/** `kind verdict`, as `route EXDEV`; with the state of a connection or neighbour, where that is told. */
export const decisionsOf = (packet: Packet, netns: string): string[] =>
  packet.decisions
    .filter((one) => one.netns_name === netns)
    .map(({ decision, verdict, state }) =>
      [decision, verdict, state].filter((word) => word !== undefined).join(' '),
    );

export interface Told {
  readonly rule: string;
  readonly certainty?: 'known' | 'likely';
  readonly tone?: 'problem' | 'notice' | 'ordinary';
  readonly title: string | RegExp;
  /** Each is part of a line of the evidence. */
  readonly evidence?: readonly string[];
}

export interface Death {
  readonly reason: PerKernel<string>;
  /** Functions of which one dropped it, without what the compiler appended. */
  readonly at: PerKernel<string> | readonly string[];
  readonly netns: string;
  /** Decisions of that namespace, in order, with others between them. */
  readonly decisions?: PerKernel<readonly string[]>;
  readonly told: PerKernel<Told>;
}

/** Every hop is this packet's, and none another's: what nothing on its way changes is the same everywhere. */
export function isOnePacket(packet: Packet, fields: Readonly<Record<string, unknown>>): void {
  for (const [field, value] of Object.entries(fields)) {
    const said = [...packet.hops, ...packet.drops]
      .map((hop) => hop[field])
      .filter((one) => one !== undefined);
    check(said.length > 0, `${field} is told`, packet.hops[0]);
    equal([...new Set(said)], [value], `${field} of packet ${packet.id}`);
  }
}

/** The one packet with this IP id; ICMP errors that quote it have their own. */
export const packetWithId = ({ packets }: Pick<Trace, 'packets'>, id: number): Packet =>
  only(
    [...packets.values()],
    (packet) => packet.hops.some((hop) => hop.ip_id === id),
    `packet with IP id ${id}`,
  );

export function checkTold(diagnosis: Line | undefined, verdict: string, told: Told): void {
  const { rule, certainty = 'known', tone = 'problem', title, evidence = [] } = told;
  check(diagnosis !== undefined, 'there is a diagnosis');
  const said = String(diagnosis.title);
  equal(
    [diagnosis.verdict, diagnosis.rule, diagnosis.certainty, diagnosis.tone, said],
    [verdict, rule, certainty, tone, typeof title === 'string' || title.test(said) ? said : title.source],
    'diagnosis',
  );
  if (typeof title === 'string') equal(said, title, 'title');
  const lines = Array.isArray(diagnosis.evidence) ? diagnosis.evidence.map(String) : [];
  for (const part of evidence)
    check(
      lines.some((line) => line.includes(part)),
      `evidence says ${part}`,
      lines,
    );
}

/** One drop, one end, and all that is told about them. */
export function checkDeath(packet: Packet, death: Death): void {
  const drop = only(packet.drops, () => true, 'drop');
  equal(drop.reason, here(death.reason), "the kernel's reason");
  const at = String(drop.location).replace(/[.+].*$/, '');
  if (isList(death.at)) check(death.at.includes(at), `dropped in ${death.at.join(' or ')}`, at);
  else equal(at, here(death.at), 'function that dropped it');
  equal(drop.netns_name, death.netns, 'namespace of the drop');
  equal(
    packet.frees.map((free) => free.dropped),
    [true],
    'ends',
  );
  const decided = decisionsOf(packet, death.netns);
  let next = 0;
  const wanted = here(death.decisions ?? []);
  for (const one of decided) if (one === wanted[next]) next += 1;
  check(next === wanted.length, `decision ${wanted[next]}`, decided);
  checkTold(packet.diagnosis, 'dropped', here(death.told));
}
