/** What the records of the self-test say, held against what was sent. */
import type { PlannedProgram } from '../../../messages/source.ts';
import { DECISION_KIND } from '../../../wire/layout.gen.ts';
import { verdictWord } from '../../decisions.ts';
import type { Hop } from '../../hop.ts';
import type { NameBook } from '../../names.ts';
import {
  arrivingFields, type Field, leavingFields, localFields, ownedFields, routedFields,
} from './fields.ts'; // biome-ignore format: a list
import type { Check, Datagram, Pair, Probed, SeenCapture, SeenPacket } from './types.ts';

/** Functions that each datagram comes through, in this order, on 6.1 as on 6.12. */
const LEAVES = {
  4: ['ip_output', 'ip_finish_output', 'ip_finish_output2'],
  6: ['ip6_output', 'ip6_finish_output', 'ip6_finish_output2'],
} as const;
const CROSSES = [
  '__dev_queue_xmit',
  'dev_hard_start_xmit',
  'veth_xmit',
  'enqueue_to_backlog',
  '__netif_receive_skb',
];
const ARRIVES = {
  4: ['ip_rcv', 'ip_local_deliver', 'ip_protocol_deliver_rcu', 'udp_rcv', '__udp4_lib_rcv'],
  6: ['ipv6_rcv', 'ip6_input', 'udpv6_rcv', '__udp6_lib_rcv'],
} as const; // biome-ignore format: a table
const IS_TAKEN = {
  4: ['udp_queue_rcv_one_skb', '__udp_enqueue_schedule_skb', 'skb_consume_udp'],
  6: ['udpv6_queue_rcv_one_skb', '__udp_enqueue_schedule_skb', 'skb_consume_udp'],
} as const;

/** At the first of these that is probed the fields are compared. */
const AT = {
  routed: { 4: ['ip_finish_output2', 'ip_finish_output', 'ip_output'], 6: ['ip6_finish_output2', 'ip6_finish_output', 'ip6_output'] },
  leaving: { 4: ['dev_hard_start_xmit', '__dev_queue_xmit'], 6: ['dev_hard_start_xmit', '__dev_queue_xmit'] },
  arriving: { 4: ['ip_rcv', 'ip_rcv_core', 'ip_rcv_finish'], 6: ['ipv6_rcv', 'ip6_rcv_core', 'ip6_rcv_finish'] },
  local: { 4: ['ip_local_deliver', 'udp_rcv', '__udp4_lib_rcv'], 6: ['ip6_input', 'udpv6_rcv', '__udp6_lib_rcv'] },
  owned: { 4: ['skb_consume_udp'], 6: ['skb_consume_udp'] },
} as const; // biome-ignore format: a table

const LISTENER_PROGRAM = { 4: 'skbt_listener_udp4', 6: 'skbt_listener_udp6' } as const;

/** `UDP over IPv4 to an open port`. */
export const groupOf = ({ version, isTaken }: Datagram): string =>
  `UDP over IPv${version} to ${isTaken ? 'an open' : 'a closed'} port`;

const compare = (group: string, name: string, expected: string, seen: string): Check => ({
  group,
  name,
  expected,
  seen,
  isOk: expected === seen,
});

/** Of the packets that were seen, those that are this datagram: by IP version and ports, wherever they are told. */
export const packetsOf = (
  packets: Iterable<SeenPacket>,
  { version, sport, dport }: Datagram,
): readonly SeenPacket[] =>
  [...packets].filter(({ hops }) =>
    hops.some(
      ({ state: { ip, l4 } }) => ip?.version === version && l4?.sport === sport && l4.dport === dport,
    ),
  );

/** Compares everything that is known of one datagram. */
export function checkDatagram(
  pair: Pair,
  sent: Datagram,
  packets: Iterable<SeenPacket>,
  probed: Probed,
  names: NameBook,
): readonly Check[] {
  const group = groupOf(sent);
  const found = packetsOf(packets, sent);
  const [packet] = found;
  const count = compare(group, 'packets', '1', `${found.length}`);
  if (packet === undefined) return [count];
  const { version } = sent;
  const functions = packet.hops.map((hop) => functionOf(hop, names));
  const fieldsAt = (any: readonly string[], where: string, fields: readonly Field[]): readonly Check[] => {
    const func = any.find((name) => probed.functions.has(name));
    if (func === undefined)
      return [compare(group, `fields ${where}`, `a probe on ${any.join(' or ')}`, 'none')];
    const hop = packet.hops.find((_, i) => functions[i] === func);
    return fields.map(({ name, expected, seen }) =>
      compare(group, `${name} ${where}`, expected, hop === undefined ? '' : seen(hop)),
    );
  };
  return [
    count,
    ...wayChecks(pair, sent, packet, probed, functions),
    ...fieldsAt(AT.routed[version], 'on its way out', routedFields(pair, sent)),
    ...fieldsAt(AT.leaving[version], 'as it leaves', leavingFields(pair, sent, names)),
    ...fieldsAt(AT.arriving[version], 'as it arrives', arrivingFields(pair, sent, names)),
    ...fieldsAt(AT.local[version], 'on its way in', localFields(sent)),
    ...(sent.isTaken ? fieldsAt(AT.owned[version], 'as it is read', ownedFields(pair)) : []),
    ...endChecks(pair, sent, packet, probed, names),
  ];
}

const functionOf = (hop: Hop, names: NameBook): string =>
  hop.kind === 'hop' ? names.functionName(hop.func) : '';

/** Its identity, its way, and its times. */
function wayChecks(
  pair: Pair,
  sent: Datagram,
  { hops, lineage }: SeenPacket,
  probed: Probed,
  functions: readonly string[],
): readonly Check[] {
  const group = groupOf(sent);
  const { version, isTaken } = sent;
  const way = [
    ...LEAVES[version],
    ...CROSSES,
    ...ARRIVES[version],
    ...(isTaken ? IS_TAKEN[version] : []),
  ].filter((name) => probed.functions.has(name));
  const walked: string[] = [];
  for (const name of functions) if (name === way[walked.length]) walked.push(name);
  const stays = hops.map(({ netns }) => netns).filter((netns, i, all) => netns !== 0 && netns !== all[i - 1]);
  const isInTime = hops.every(({ timeNs }, i) => timeNs >= (hops[i - 1]?.timeNs ?? 0));
  return [
    compare(group, 'functions, in this order', way.join(' '), walked.join(' ')),
    compare(group, 'namespaces', `${pair.a.netns} ${pair.b.netns}`, stays.join(' ')),
    compare(group, 'times', 'ascending', isInTime ? 'ascending' : 'not ascending'),
    compare(group, 'packets that it came out of', '0', `${lineage.length}`),
  ];
}

/** How it ended, and where. */
function endChecks(
  { b }: Pair,
  sent: Datagram,
  { hops, frees, decisions }: SeenPacket,
  { programs }: Probed,
  names: NameBook,
): readonly Check[] {
  const group = groupOf(sent);
  const ends = frees.map(({ dropped }) => (dropped ? 'dropped' : 'not dropped')).join(', ');
  const drops = hops.filter((hop) => hop.kind === 'drop');
  const common = [
    compare(group, 'its end', sent.isTaken ? 'not dropped' : 'dropped', ends),
    compare(group, 'drops', sent.isTaken ? '0' : '1', `${drops.length}`),
  ];
  if (sent.isTaken) return common;
  const [drop] = drops;
  const listener = decisions.filter(({ decision }) => decision === DECISION_KIND.listener);
  const where = `${b.ifname} (${b.ifindex}) in ${b.netns}`;
  return [
    ...common,
    compare(group, 'reason of the drop', 'NO_SOCKET', drop ? names.reasonName(drop.reason) : ''),
    compare(
      group,
      'function that dropped it',
      `__udp${sent.version}_lib_rcv`,
      drop ? names.locationName(drop.location).replace(/[+ ].*$/, '') : '',
    ),
    compare(
      group,
      'where it was dropped',
      where,
      drop ? `${drop.state.device ?? ''} (${drop.ifindex}) in ${drop.netns}` : '',
    ),
    ...(has(programs, LISTENER_PROGRAM[sent.version])
      ? [compare(group, 'listener', 'NONE', listener.map((one) => verdictWord(one)).join(', '))]
      : []),
  ];
}

const has = (programs: readonly PlannedProgram[], wanted: string): boolean =>
  programs.some(({ name }) => name === wanted);

const CAPTURE = 'The capture';

/** Nothing was lost, and the receiver got what it should. */
export const checkCapture = ({ lost, missing, malformed, received, taken }: SeenCapture): readonly Check[] => [
  compare(CAPTURE, 'datagrams that the receiver got', `${taken}`, `${received}`),
  compare(CAPTURE, 'events lost', '0', `${lost}`),
  compare(CAPTURE, 'events missing', '0', `${missing}`),
  compare(CAPTURE, 'records not understood', '0', `${malformed}`),
]; // biome-ignore format: a table
