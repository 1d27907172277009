/** What scenarios ask of a packet as `--json --why` tells it. */
import { check, equal } from './check.ts';
import { type Line, noPacket, type Packet } from './trace.ts';

/** A trace with a line for every packet's end. */
export const WHY = ['--keep', '--route', '--why'] as const;

export const functionsOf = (packet: Packet): string[] => packet.hops.map((hop) => hop.func ?? '');

/** All that was said of a field, each value once, in order. */
export const said = (packet: Packet, field: string): unknown[] => [
  ...new Set(packet.hops.flatMap((hop) => (hop[field] === undefined ? [] : [hop[field]]))),
];

/** The field's value at a hop: it is said when it changes. */
export const saidAt = (packet: Packet, hop: Line, field: string): unknown =>
  packet.hops.slice(0, packet.hops.indexOf(hop) + 1).findLast((one) => one[field] !== undefined)?.[field];

export const hopIn = (packet: Packet, func: string): Line => {
  const hop = packet.hops.find((one) => one.func === func);
  check(hop !== undefined, `packet ${packet.id} is at ${func}`, functionsOf(packet));
  return hop;
};

/** `relation of parent` of all that it came out of. */
export const originsOf = (packet: Packet): string[] =>
  packet.origins.map(({ relation, parent }) => `${relation} of ${parent}`);

export const childrenOf = (
  packets: ReadonlyMap<number, Packet>,
  parent: Packet,
  relation: string,
): Packet[] =>
  [...packets.values()].filter((packet) =>
    packet.origins.some((one) => one.relation === relation && one.parent === parent.id && packet !== parent),
  );

export interface Ending {
  readonly verdict: 'dropped' | 'delivered' | 'forwarded' | 'consumed';
  /** The kernel's word; only for what was dropped. */
  readonly reason?: string;
  /** Functions that may have dropped it: which one it is may depend on what the compiler made of them. */
  readonly location?: RegExp;
  readonly rule: string;
  readonly certainty?: 'known' | 'likely';
  readonly tone?: 'problem' | 'notice' | 'ordinary';
  /** Key words of the sentence. */
  readonly title: RegExp;
}

/** The packet has ended, once, and in this way. */
export function ends(packet: Packet = noPacket(0), expected: Ending): void {
  const { verdict, reason, location, rule, certainty = 'known', tone, title } = expected;
  const { diagnosis } = packet;
  equal(packet.frees.length, 1, `ends of packet ${packet.id}`);
  equal(
    packet.drops.map((drop) => drop.reason),
    verdict === 'dropped' ? [reason] : [],
    `drops of packet ${packet.id}, which is ${verdict}`,
  );
  equal(packet.frees[0]?.dropped, verdict === 'dropped', 'a consume is no drop, and a drop is one');
  check(
    location === undefined || location.test(String(packet.drops[0]?.location).replace(/\+0x.*$/, '')),
    `dropped in ${location}`,
    packet.drops[0]?.location,
  );
  check(diagnosis !== undefined, `packet ${packet.id} is explained`);
  equal(
    [diagnosis.verdict, diagnosis.rule, diagnosis.certainty],
    [verdict, rule, certainty],
    `verdict, rule and certainty of packet ${packet.id} (${diagnosis.title})`,
  );
  check(tone === undefined || diagnosis.tone === tone, `its tone is ${tone}`, diagnosis.tone);
  check(title.test(String(diagnosis.title)), `its title says ${title}`, diagnosis.title);
}

/** These fields are the same all along each of the packets: no path has a hop of another packet. */
export function steady(packets: Iterable<Packet>, ...fields: readonly string[]): void {
  for (const packet of packets)
    for (const field of fields)
      check(
        said(packet, field).length <= 1,
        `${field} of packet ${packet.id} is constant`,
        said(packet, field),
      );
}
