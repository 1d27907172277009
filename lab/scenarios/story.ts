/** A packet's fields along its path, where `--json` says each only when it changes. */
import { check, equal, only } from './check.ts';
import { staysOf } from './paths.ts';
import type { Line, Packet } from './trace.ts';

type Value = unknown;
/** What is known of the packet at one hop. */
export type State = ReadonlyMap<string, Value>;

const hasChanged = ({ changed }: Line, field: string) => changed?.includes(field) === true;

/** The state at each of its hops and drops, in order. */
export function statesOf(packet: Packet): readonly State[] {
  const state = new Map<string, Value>();
  return [...packet.hops, ...packet.drops].map((hop) => {
    // VLANs go with these groups, and are left out when there is no tag
    if (hop.len !== undefined || hop.eth_dst !== undefined)
      for (const field of ['vlan', 'vlan_inner']) state.delete(field);
    if (hasChanged(hop, 'inner.tunnel'))
      for (const field of [...state.keys()]) if (/^(inner_|tunnel$|vni$)/.test(field)) state.delete(field);
    for (const [field, value] of Object.entries(hop)) state.set(field, value);
    return new Map(state);
  });
}

/** The fields' values together, each time that one of them changes; `null` is one that it has not. */
export function erasOf(packet: Packet, fields: readonly string[]): readonly (readonly Value[])[] {
  const eras: Value[][] = [];
  for (const state of statesOf(packet)) {
    const era = fields.map((field) => state.get(field) ?? null);
    if (JSON.stringify(era) !== JSON.stringify(eras.at(-1))) eras.push(era);
  }
  return eras;
}

/** The packet's first hops say this of it. */
export const begins = (packet: Packet, field: string, value: Value): boolean =>
  packet.hops.find((hop) => hop[field] !== undefined)?.[field] === value;

/** Namespaces in the order of the path, that of a drop too. */
export const placesOf = (packet: Packet): string[] =>
  staysOf({ ...packet, hops: [...packet.hops, ...packet.drops] });

export const functionsOf = (packet: Packet): string[] => packet.hops.map((hop) => hop.func ?? '');

export const decisionsOf = (packet: Packet, kind: string): readonly Line[] =>
  packet.decisions.filter((one) => one.decision === kind);

/** What `--why` says of it. */
export interface Expected {
  readonly verdict: string;
  readonly rule: string;
  readonly certainty?: 'known' | 'likely';
  /** Words of the title. */
  readonly title?: RegExp;
  /** One for each piece of evidence that must be there. */
  readonly evidence?: readonly RegExp[];
}

export function explained(packet: Packet, expected: Expected, what: string): void {
  const { diagnosis } = packet;
  check(diagnosis !== undefined, `${what} is explained`, packet);
  equal([diagnosis.verdict, diagnosis.rule], [expected.verdict, expected.rule], `${what}: verdict and rule`);
  equal(diagnosis.certainty, expected.certainty ?? 'known', `${what}: certainty`);
  if (expected.title !== undefined)
    check(expected.title.test(String(diagnosis.title)), `${what}: ${expected.title}`, diagnosis.title);
  const evidence = diagnosis.evidence;
  check(Array.isArray(evidence), `${what} has evidence`, diagnosis);
  for (const pattern of expected.evidence ?? [])
    check(
      evidence.some((text) => pattern.test(text)),
      `${what}: ${pattern}`,
      evidence,
    );
}

/** It was dropped once, ended once, and where and why is this. */
export function droppedAs(packet: Packet, reason: string, place: RegExp, what: string): void {
  const drop = only(packet.drops, () => true, `drop of ${what}`);
  equal(drop.reason, reason, `${what}: the kernel's reason`);
  check(place.test(String(drop.location)), `${what}: dropped in ${place}`, drop.location);
  equal(packet.frees.length, 1, `${what}: ends`);
}

/** It ended once, in order. */
export function endedInOrder(packet: Packet, what: string): void {
  equal(packet.drops.length, 0, `${what}: drops`);
  equal(
    packet.frees.map((free) => free.dropped),
    [false],
    `${what}: ends`,
  );
}
