/** Every field that a record decodes, as text: what was sent, and what the record says. */
import { BUFFER_BIT, L4_KIND } from '../../../wire/layout.gen.ts';
import type { Hop, SkBuffer } from '../../hop.ts';
import {
  checksumName, lower, packetTypeName, routeTypeName, tunnelName,
} from '../../kernel-names.ts'; // biome-ignore format: a list
import type { NameBook } from '../../names.ts';
import type { Datagram, End, Pair } from './types.ts';

/** A field: what it should be, and what it is at a hop; '' when the hop does not tell it. */
export interface Field {
  readonly name: string;
  readonly expected: string;
  readonly seen: (hop: Hop) => string;
}

const NO_ADDRESS = '0'.repeat(16);
const ETH_BYTES = 14;
const UDP_BYTES = 8;
const IP_BYTES = { 4: 20, 6: 40 } as const;
const ETHER_TYPE = { 4: 0x0800, 6: 0x86dd } as const;
const UDP = 17;
/** Where in a UDP header the checksum stands. */
const UDP_CHECKSUM_AT = 6;
const DF = 0x4000;
const CHECKSUM_PARTIAL = 3;

const hex = (value: number | undefined): string => (value === undefined ? '' : `0x${value.toString(16)}`);
const text = (value: number | string | undefined): string => (value === undefined ? '' : String(value));
const task = (pid: number | undefined, comm: string | undefined): string =>
  pid === undefined ? '' : `${comm ?? ''} (${pid})`;
const yesNo = (value: boolean | undefined): string => (value === undefined ? '' : value ? 'yes' : 'none');

/** Where the packet is: the same for every hop in a namespace. */
const placeFields = (end: End, names: NameBook, mtu: number): readonly Field[] => [
  { name: 'namespace', expected: `${end.netns}`, seen: ({ netns }) => `${netns}` },
  { name: 'name of the namespace', expected: end.netnsName, seen: ({ netns }) => names.netnsName(netns) },
  {
    name: 'interface',
    expected: `${end.ifname} (${end.ifindex})`,
    seen: ({ state, ifindex }) => `${state.device ?? ''} (${ifindex})`,
  },
  {
    name: 'name of the interface',
    expected: end.ifname,
    seen: ({ netns, ifindex }) => names.interfaceName(netns, ifindex),
  },
  { name: 'MTU', expected: `${mtu}`, seen: ({ state }) => text(state.mtu) },
];

/** What its headers say, and what stays as it is on all of the way. */
function headerFields({ a, b }: Pair, sent: Datagram): readonly Field[] {
  const [from, to] = sent.version === 4 ? [a.ip4, b.ip4] : [a.ip6, b.ip6];
  // the kernel counts an IPv6 packet's header in, as it does IPv4's
  const length = IP_BYTES[sent.version] + UDP_BYTES + sent.payload;
  return [
    { name: 'MAC addresses', expected: `${a.mac} > ${b.mac}`, seen: ({ state: { eth } }) => (eth ? `${eth.src} > ${eth.dst}` : '') },
    { name: 'EtherType of the frame', expected: hex(ETHER_TYPE[sent.version]), seen: ({ state }) => hex(state.eth?.type) },
    { name: 'VLAN tags in the frame', expected: '0, 0', seen: ({ state: { eth } }) => (eth ? `${eth.vlanTci}, ${eth.innerVlanTci}` : '') },
    { name: 'VLAN tag of the skb', expected: '0', seen: ({ state }) => text(state.meta?.vlanProto) },
    { name: 'protocol of the skb', expected: hex(ETHER_TYPE[sent.version]), seen: ({ state }) => hex(state.meta?.protocol) },
    { name: 'packet type', expected: 'HOST', seen: ({ state }) => (state.meta ? packetTypeName(state.meta.pktType) : '') },
    { name: 'IP version', expected: `${sent.version}`, seen: ({ state }) => text(state.ip?.version) },
    { name: 'IP addresses', expected: `${from} > ${to}`, seen: ({ state: { ip } }) => (ip ? `${ip.saddr} > ${ip.daddr}` : '') },
    { name: 'IP protocol', expected: `${UDP}`, seen: ({ state }) => text(state.ip?.protocol) },
    { name: 'IP length', expected: `${length}`, seen: ({ state }) => text(state.ip?.length) },
    { name: 'IP id', expected: `${sent.id}`, seen: ({ state }) => text(state.ip?.id) },
    { name: 'fragment', expected: '0', seen: ({ state: { ip } }) => (ip ? `${ip.frag & ~DF}` : '') },
    { name: sent.version === 4 ? 'TTL' : 'hop limit', expected: `${sent.ttl}`, seen: ({ state }) => text(state.ip?.ttl) },
    { name: sent.version === 4 ? 'TOS' : 'traffic class', expected: hex(sent.tos), seen: ({ state }) => hex(state.ip?.tos) },
    { name: 'transport', expected: 'udp', seen: ({ state: { l4 } }) => (l4 ? nameOf(L4_KIND, l4.kind) : '') },
    { name: 'ports', expected: `${sent.sport} > ${sent.dport}`, seen: ({ state: { l4 } }) => (l4 ? `${l4.sport} > ${l4.dport}` : '') },
    { name: 'paged bytes', expected: '0', seen: ({ state }) => text(state.meta?.dataLen) },
    { name: 'checksum', expected: checksumOf(sent), seen: ({ state: { buffer } }) => (buffer ? checksumText(buffer) : '') },
    { name: 'fragments of the buffer', expected: '0', seen: ({ state }) => text(state.buffer?.nrFrags) },
    { name: 'GSO size, segments, type', expected: '0, 0, 0', seen: ({ state: { buffer } }) => (buffer ? `${buffer.gsoSize}, ${buffer.gsoSegs}, ${buffer.gsoType}` : '') },
    { name: 'cloned', expected: 'no', seen: ({ state: { buffer } }) => bitText(buffer, BUFFER_BIT.cloned) },
    { name: 'without header', expected: 'no', seen: ({ state: { buffer } }) => bitText(buffer, BUFFER_BIT.nohdr) },
    { name: 'list of fragments', expected: 'no', seen: ({ state: { buffer } }) => bitText(buffer, BUFFER_BIT.fragList) },
    { name: 'connection tracking', expected: 'none', seen: ({ state }) => yesNo(state.conntrack !== undefined && state.conntrack.ct !== NO_ADDRESS) },
    { name: 'tunnel', expected: 'none', seen: ({ state }) => tunnelName(state.inner?.tunnel ?? 0) },
    { name: 'control block', expected: 'none', seen: ({ state }) => yesNo(state.control !== undefined) },
  ]; // biome-ignore format: a table
}

/** One socket has its checksum written by the sender, the other's is left to the device. */
const checksumOf = ({ version }: Datagram): string =>
  version === 4 ? 'none, 0 levels' : `partial, 0 levels, goes to ${UDP_CHECKSUM_AT}`;

function checksumText({ ipSummed, csumLevel, csum }: SkBuffer): string {
  const goesTo = ipSummed === CHECKSUM_PARTIAL ? `, goes to ${csum >>> 16}` : '';
  return `${lower(checksumName(ipSummed))}, ${csumLevel} levels${goesTo}`;
}

const bitText = (buffer: SkBuffer | undefined, bit: number): string =>
  buffer === undefined ? '' : (buffer.bits & bit) === 0 ? 'no' : 'yes';

const nameOf = (names: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);

const cgroupFields = ({ cgroup }: End): readonly Field[] =>
  cgroup === 0
    ? []
    : [
        {
          name: 'control group of the owner',
          expected: `${cgroup}`,
          seen: ({ state }) => text(state.owner?.cgroup),
        },
      ];

/** At the device that it leaves by: the headers are whole, and all is as the sender's socket had it. */
export const leavingFields = (pair: Pair, sent: Datagram, names: NameBook): readonly Field[] => [
  ...placeFields(pair.a, names, pair.mtu),
  { name: 'running task', expected: task(pair.a.pid, pair.a.comm), seen: ({ pid, state }) => task(pid, state.comm) },
  { name: 'owner of the socket', expected: task(pair.a.pid, pair.a.comm), seen: ({ state: { owner } }) => task(owner?.pid, owner?.comm) },
  { name: 'user of the owner', expected: `${pair.a.uid}`, seen: ({ state }) => text(state.owner?.uid) },
  ...cgroupFields(pair.a),
  { name: 'queue', expected: '0', seen: ({ state }) => text(state.buffer?.queueMapping) },
  { name: 'skb length', expected: `${ETH_BYTES + IP_BYTES[sent.version] + UDP_BYTES + sent.payload}`, seen: ({ state }) => text(state.meta?.len) },
  { name: 'mark', expected: hex(sent.mark), seen: ({ state }) => hex(state.meta?.mark) },
  { name: 'priority', expected: `${sent.priority}`, seen: ({ state }) => text(state.meta?.priority) },
  ...headerFields(pair, sent),
]; // biome-ignore format: a table

/** At the IP layer of the other namespace. Mark and priority do not cross namespaces (skb_scrub_packet). */
export const arrivingFields = (pair: Pair, sent: Datagram, names: NameBook): readonly Field[] => [
  ...placeFields(pair.b, names, pair.mtu),
  { name: 'received on', expected: `${pair.b.ifindex}`, seen: ({ state }) => text(state.iif) },
  { name: 'skb length', expected: `${IP_BYTES[sent.version] + UDP_BYTES + sent.payload}`, seen: ({ state }) => text(state.meta?.len) },
  { name: 'mark', expected: '0x0', seen: ({ state }) => hex(state.meta?.mark) },
  { name: 'priority', expected: '0', seen: ({ state }) => text(state.meta?.priority) },
  ...headerFields(pair, sent),
]; // biome-ignore format: a table

/** The type of an IPv6 route, and its gateway, are in no record. */
const typeField = ({ version }: Datagram, type: number): readonly Field[] =>
  version === 6
    ? []
    : [
        {
          name: 'route',
          expected: lower(routeTypeName(type)),
          seen: ({ state: { route } }) => (route ? lower(routeTypeName(route.type)) : ''),
        },
      ];

const noError: Field = {
  name: 'error of the route',
  expected: '0',
  seen: ({ state }) => text(state.route?.error),
};

/** RTN_*. */
const UNICAST = 1;
const LOCAL = 2;

/** Where IP sends it out. The route of a raw socket names the destination itself as the next hop (rt_set_nexthop). */
export const routedFields = ({ a, b }: Pair, sent: Datagram): readonly Field[] => [
  ...typeField(sent, UNICAST),
  noError,
  { name: 'route’s interface', expected: `${a.ifindex}`, seen: ({ state }) => text(state.route?.ifindex) },
  {
    name: 'next hop',
    expected: sent.version === 4 ? b.ip4 : 'on the link',
    seen: ({ state: { route } }) => (route ? route.gateway || 'on the link' : ''),
  },
];

/** Where IP hands it to the transport. */
export const localFields = (sent: Datagram): readonly Field[] => [...typeField(sent, LOCAL), noError];

/** Once a socket has taken it in. */
export const ownedFields = ({ b }: Pair): readonly Field[] => [
  {
    name: 'owner of the socket',
    expected: task(b.pid, b.comm),
    seen: ({ state: { owner } }) => task(owner?.pid, owner?.comm),
  },
  { name: 'user of the owner', expected: `${b.uid}`, seen: ({ state }) => text(state.owner?.uid) },
  ...cgroupFields(b),
];
