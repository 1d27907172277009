/**
 * What the kernel's numbers are called: verdicts, hooks, families, states. Only those that are the same on every
 * kernel (user-space ABI, or unchanged for a decade); drop reasons are read from the running one.
 *
 * Names are the kernel's own, without their prefix. JSON has those of states in lower case ({@link lower}), a page
 * in words ({@link inWords}): one table, whoever reads it.
 */
import { CHOSEN, RELATION, SOCKET_EVENT, TUNNEL } from '../wire/layout.gen.ts';

/** `seen_reply` of SEEN_REPLY: as a value in JSON. */
export const lower = (name: string): string => name.toLowerCase();
/** `seen reply` of SEEN_REPLY: within a sentence. */
export const inWords = (name: string): string => name.toLowerCase().replaceAll('_', ' ');

/** NFPROTO_* (linux/netfilter.h); named as nftables names them. */
export const PF = { unspec: 0, inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 } as const;

const PF_NAMES = new Map<number, string>([
  [PF.inet, 'inet'],
  [PF.ip, 'ip'],
  [PF.arp, 'arp'],
  [PF.netdev, 'netdev'],
  [PF.bridge, 'bridge'],
  [PF.ip6, 'ip6'],
]);

/** `ip`, `bridge`; `pf 12` when it has no common name. */
export const pfName = (pf: number): string => PF_NAMES.get(pf) ?? `pf ${pf}`;

const INET_HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING', 'INGRESS'];
const HOOKS = new Map<number, readonly string[]>([
  [PF.arp, ['INPUT', 'OUTPUT', 'FORWARD']],
  [PF.netdev, ['INGRESS', 'EGRESS']],
  [PF.bridge, ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING', 'BROUTING']],
]);

/** `FORWARD`; the numbers mean different hooks in different families. */
export const hookName = (pf: number, hook: number): string =>
  (HOOKS.get(pf) ?? INET_HOOKS)[hook] ?? `hook ${hook}`;

const NF_NAMES = ['DROP', 'ACCEPT', 'STOLEN', 'QUEUE', 'REPEAT', 'STOP'];
/** NF_VERDICT_MASK: what stands above it is an errno or a queue's number. */
const NF_MASK = 0xff;
export const NF = { drop: 0, accept: 1, stolen: 2, queue: 3, repeat: 4, stop: 5 } as const;

/** The verdict itself. Since 6.7 nftables drops by itself and returns STOLEN with an errno: that is a DROP. */
export function nfVerdict(value: number): number {
  const verdict = value & NF_MASK;
  return verdict === NF.stolen && value >>> 16 !== 0 ? NF.drop : verdict;
}

/** `DROP`, `QUEUE`. */
export const nfVerdictName = (value: number): string =>
  NF_NAMES[nfVerdict(value)] ?? `verdict ${nfVerdict(value)}`;

/** `DROP`, `DROP (EPERM)`, `QUEUE 7`. */
export function nfVerdictText(value: number): string {
  const verdict = nfVerdict(value);
  const high = value >>> 16;
  const name = nfVerdictName(value);
  if (verdict === NF.queue) return `${name} ${high}`;
  return verdict === NF.drop && high !== 0 ? `${name} (${errnoName(high)})` : name;
}

function named(prefix: string, entries: readonly (readonly [number, string])[]): (value: number) => string {
  const names = new Map(entries);
  return (value) => names.get(value) ?? `${prefix} ${value}`;
}

/** TC_ACT_* without the prefix; those of tcx programs have the same numbers. */
export const tcActionName = (value: number): string =>
  value > 9 && value >>> 28 === 2 ? 'GOTO_CHAIN' : TC_ACTIONS(value);
const TC_ACTIONS = named('TC_ACT', [
  [-1, 'UNSPEC'],
  [0, 'OK'],
  [1, 'RECLASSIFY'],
  [2, 'SHOT'],
  [3, 'PIPE'],
  [4, 'STOLEN'],
  [5, 'QUEUED'],
  [6, 'REPEAT'],
  [7, 'REDIRECT'],
  [8, 'TRAP'],
  [9, 'CONSUMED'],
]);
export const TC_ACT = { shot: 2, stolen: 4, queued: 5, redirect: 7, trap: 8, consumed: 9 } as const;

/** XDP_* without the prefix. */
export const xdpActionName = named('XDP', [
  [0, 'ABORTED'],
  [1, 'DROP'],
  [2, 'PASS'],
  [3, 'TX'],
  [4, 'REDIRECT'],
]);
export const XDP = { aborted: 0, drop: 1, pass: 2, tx: 3, redirect: 4 } as const;

/** NET_RX_*. */
export const netRxName = named('NET_RX', [
  [0, 'SUCCESS'],
  [1, 'DROP'],
]);

/** NET_XMIT_*, with the bits that qdiscs tell each other. */
export const netXmitName = named('NET_XMIT', [
  [0, 'SUCCESS'],
  [1, 'DROP'],
  [2, 'CN'],
  [0x10000, 'STOLEN'],
  [0x10001, 'DROP'],
  [0x20000, 'BYPASS'],
  [0x20001, 'DROP'],
]);

/** Routing types RTN_* (linux/rtnetlink.h). */
export const routeTypeName = named('RTN', [
  [0, 'UNSPEC'],
  [1, 'UNICAST'],
  [2, 'LOCAL'],
  [3, 'BROADCAST'],
  [4, 'ANYCAST'],
  [5, 'MULTICAST'],
  [6, 'BLACKHOLE'],
  [7, 'UNREACHABLE'],
  [8, 'PROHIBIT'],
  [9, 'THROW'],
  [10, 'NAT'],
  [11, 'XRESOLVE'],
]);

/** A neighbour's state NUD_* (linux/neighbour.h). */
export const neighbourStateName = named('NUD', [
  [0, 'NONE'],
  [1, 'INCOMPLETE'],
  [2, 'REACHABLE'],
  [4, 'STALE'],
  [8, 'DELAY'],
  [16, 'PROBE'],
  [32, 'FAILED'],
  [64, 'NOARP'],
  [128, 'PERMANENT'],
]);
export const NUD = { incomplete: 1, failed: 32 } as const;

/** enum ip_conntrack_info. */
export const conntrackInfoName = named('ctinfo', [
  [0, 'ESTABLISHED'],
  [1, 'RELATED'],
  [2, 'NEW'],
  [3, 'ESTABLISHED_REPLY'],
  [4, 'RELATED_REPLY'],
  [5, 'NEW_REPLY'],
  [7, 'UNTRACKED'],
]);

const CONNTRACK_BITS = [
  'EXPECTED', 'SEEN_REPLY', 'ASSURED', 'CONFIRMED', 'SRC_NAT', 'DST_NAT', 'SEQ_ADJUST', 'SRC_NAT_DONE',
  'DST_NAT_DONE', 'DYING', 'FIXED_TIMEOUT', 'TEMPLATE', 'NAT_CLASH', 'HELPER', 'OFFLOAD', 'HW_OFFLOAD',
]; // biome-ignore format: a table

/** The IPS_* bits, lowest first. */
export const conntrackStatusNames = (status: number): readonly string[] =>
  CONNTRACK_BITS.filter((_, bit) => (status & (1 << bit)) !== 0);

/** How far the checksum was seen to, CHECKSUM_*. */
export const checksumName = named('CHECKSUM', [
  [0, 'NONE'],
  [1, 'UNNECESSARY'],
  [2, 'COMPLETE'],
  [3, 'PARTIAL'],
]);

/** Direction of an IPsec policy, XFRM_POLICY_*. */
export const policyDirectionName = named('direction', [
  [0, 'in'],
  [1, 'out'],
  [2, 'fwd'],
]);

/** skb->pkt_type, PACKET_*. */
export const packetTypeName = named('PACKET', [
  [0, 'HOST'],
  [1, 'BROADCAST'],
  [2, 'MULTICAST'],
  [3, 'OTHERHOST'],
  [4, 'OUTGOING'],
  [5, 'LOOPBACK'],
]);

/** The names of an enum of wire/layout.gen.ts, by number. */
const enumNamed = (prefix: string, names: Readonly<Record<string, number>>): ((value: number) => string) =>
  named(
    prefix,
    Object.entries(names).map(([name, value]) => [value, name] as const),
  );

/** How a packet came out of another: `clone`, `segment` … */
export const relationName = enumNamed('relation', RELATION);

/** Why a packet is told in tail mode: `dropped`, `slow`, `new`, `sampled`. */
export const chosenName = enumNamed('chosen', CHOSEN);

/** `vxlan`, `gre` …; `none`. */
export const tunnelName = enumNamed('tunnel', TUNNEL);

/** `connect`, `accept`, `close`, `fail`. */
export const socketEventName = enumNamed('event', SOCKET_EVENT);

/** TCP_* (net/tcp_states.h). */
export const tcpStateName = named('state', [
  [1, 'ESTABLISHED'],
  [2, 'SYN_SENT'],
  [3, 'SYN_RECV'],
  [4, 'FIN_WAIT1'],
  [5, 'FIN_WAIT2'],
  [6, 'TIME_WAIT'],
  [7, 'CLOSE'],
  [8, 'CLOSE_WAIT'],
  [9, 'LAST_ACK'],
  [10, 'LISTEN'],
  [11, 'CLOSING'],
  [12, 'NEW_SYN_RECV'],
]);

const ECN = ['NOT-ECT', 'ECT1', 'ECT0', 'CE'];
/** The last two bits of the IPv4 TOS or IPv6 traffic class (RFC 3168). */
export const ecnName = (tos: number): string => ECN[tos & 3] ?? '';

/** The bits SKB_GSO_*, lowest first, where they stand since 5.x. */
const GSO_BITS = [
  'TCPv4', 'dodgy', 'ECN', 'fixed id', 'TCPv6', 'FCoE', 'GRE', 'GRE csum', 'IP in IPv4', 'IP in IPv6', 'UDP tunnel',
  'UDP tunnel csum', 'partial', 'remcsum', 'SCTP', 'ESP', 'UDP', 'UDP L4', 'frag list', 'AccECN',
]; // biome-ignore format: a table

/** Lowest first; `bit 20` for one without a name. */
export const gsoNames = (bits: number): readonly string[] =>
  Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => (bits & (1 << bit)) !== 0)
    .map((bit) => GSO_BITS[bit] ?? `bit ${bit}`);

/** asm-generic/errno: those that the network stack returns, with what they say. */
const ERRNOS = new Map<number, readonly [name: string, text: string]>([
  [1, ['EPERM', 'not permitted']],
  [2, ['ENOENT', 'no such entry']],
  [3, ['ESRCH', 'no such process']],
  [5, ['EIO', 'input or output error']],
  [6, ['ENXIO', 'no such device or address']],
  [11, ['EAGAIN', 'try again']],
  [12, ['ENOMEM', 'out of memory']],
  [13, ['EACCES', 'prohibited']],
  [14, ['EFAULT', 'bad address']],
  [16, ['EBUSY', 'busy']],
  [17, ['EEXIST', 'exists already']],
  [18, ['EXDEV', 'wrong device']],
  [19, ['ENODEV', 'no such device']],
  [22, ['EINVAL', 'invalid']],
  [28, ['ENOSPC', 'no space left']],
  [33, ['EDOM', 'out of range']],
  [40, ['ELOOP', 'too many levels']],
  [61, ['ENODATA', 'no data']],
  [71, ['EPROTO', 'protocol error']],
  [74, ['EBADMSG', 'bad message']],
  [90, ['EMSGSIZE', 'message too long']],
  [92, ['ENOPROTOOPT', 'protocol not available']],
  [93, ['EPROTONOSUPPORT', 'protocol not supported']],
  [95, ['EOPNOTSUPP', 'not supported']],
  [97, ['EAFNOSUPPORT', 'address family not supported']],
  [98, ['EADDRINUSE', 'address in use']],
  [99, ['EADDRNOTAVAIL', 'address not available']],
  [100, ['ENETDOWN', 'the network is down']],
  [101, ['ENETUNREACH', 'network unreachable']],
  [103, ['ECONNABORTED', 'connection aborted']],
  [104, ['ECONNRESET', 'connection reset']],
  [105, ['ENOBUFS', 'no buffer space']],
  [110, ['ETIMEDOUT', 'timed out']],
  [111, ['ECONNREFUSED', 'connection refused']],
  [112, ['EHOSTDOWN', 'host is down']],
  [113, ['EHOSTUNREACH', 'no route to host']],
  [115, ['EINPROGRESS', 'in progress']],
]);

/** `EHOSTUNREACH`, of a positive or negative errno. */
export const errnoName = (errno: number): string =>
  ERRNOS.get(Math.abs(errno))?.[0] ?? `errno ${Math.abs(errno)}`;

/** `no route to host (EHOSTUNREACH)`. */
export function errnoText(errno: number): string {
  const known = ERRNOS.get(Math.abs(errno));
  return known === undefined ? `errno ${Math.abs(errno)}` : `${known[1]} (${known[0]})`;
}
