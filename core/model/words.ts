/**
 * Words for the kernel's numbers that are the same on every kernel. What differs from kernel to kernel (functions,
 * drop reasons) is told by the source; see names.ts.
 */
import type { Stage } from '../messages/source.ts';
import { DECISION_KIND, RELATION, SOCKET_EVENT, TUNNEL } from '../wire/layout.gen.ts';
import type { Decision } from './hop.ts';

/** The names of an enum of layout.gen.ts by their numbers. */
const byNumber = (names: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(names).map(([name, number]) => [number, name]));

const RELATIONS = byNumber(RELATION);
const TUNNELS = byNumber(TUNNEL);
const SOCKET_EVENTS = byNumber(SOCKET_EVENT);
const DECISIONS = byNumber(DECISION_KIND);

/** How a packet came out of another: `clone`, `segment`, `retransmit` … */
export const relationWord = (relation: number): string => RELATIONS.get(relation) ?? `relation ${relation}`;

/** `vxlan`, `gre` …; '' without a tunnel. */
export const tunnelWord = (tunnel: number): string =>
  tunnel === TUNNEL.none ? '' : (TUNNELS.get(tunnel) ?? `tunnel ${tunnel}`);

/** `connect`, `accept`, `close`, `fail`. */
export const socketEventWord = (event: number): string => SOCKET_EVENTS.get(event) ?? `event ${event}`;

/** What decided: `hook`, `table`, `route` … */
export const decisionKindWord = (decision: number): string =>
  DECISIONS.get(decision) ?? `decision ${decision}`;

/** CHECKSUM_* (include/linux/skbuff.h). */
const CHECKSUMS = ['none', 'unnecessary', 'complete', 'partial'];
export const checksumWord = (ipSummed: number): string => CHECKSUMS[ipSummed] ?? `checksum ${ipSummed}`;

/** enum ip_conntrack_info (include/uapi/linux/netfilter/nf_conntrack_common.h). */
const CONNTRACK_INFOS = [
  'established', 'related', 'new', 'established_reply', 'related_reply', 'new_reply', 'number', 'untracked',
]; // biome-ignore format: a table
export const conntrackInfoWord = (info: number): string => CONNTRACK_INFOS[info] ?? `info ${info}`;

/** enum ip_conntrack_status (same file), by bit. */
const CONNTRACK_STATUS = [
  'expected', 'seen_reply', 'assured', 'confirmed', 'src_nat', 'dst_nat', 'seq_adjust', 'src_nat_done',
  'dst_nat_done', 'dying', 'fixed_timeout', 'template', 'untracked', 'helper', 'offload', 'hw_offload',
]; // biome-ignore format: a table
export const conntrackStatusWords = (status: number): readonly string[] =>
  CONNTRACK_STATUS.filter((_, bit) => (status & (1 << bit)) !== 0);

/** RTN_* (include/uapi/linux/rtnetlink.h). */
const ROUTE_TYPES = [
  'unspec', 'unicast', 'local', 'broadcast', 'anycast', 'multicast', 'blackhole', 'unreachable', 'prohibit',
  'throw', 'nat', 'xresolve',
]; // biome-ignore format: a table
export const routeTypeWord = (type: number): string => ROUTE_TYPES[type] ?? `type ${type}`;

/** The last two bits of the IPv4 TOS or IPv6 traffic class (RFC 3168). */
const ECN = ['not-ect', 'ect1', 'ect0', 'ce'];
export const ecnWord = (tos: number): string => ECN[tos & 3] ?? '';

/** TCP_* (include/net/tcp_states.h). */
const TCP_STATES = [
  '', 'ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2', 'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT',
  'LAST_ACK', 'LISTEN', 'CLOSING', 'NEW_SYN_RECV',
]; // biome-ignore format: a table
export const tcpStateWord = (state: number): string => TCP_STATES[state] || `state ${state}`;

/** Errors that networking gives (include/uapi/asm-generic/errno*.h). */
const ERRNOS = new Map([
  [1, 'EPERM'], [2, 'ENOENT'], [3, 'ESRCH'], [11, 'EAGAIN'], [12, 'ENOMEM'], [13, 'EACCES'], [16, 'EBUSY'],
  [17, 'EEXIST'], [18, 'EXDEV'], [19, 'ENODEV'], [22, 'EINVAL'], [28, 'ENOSPC'], [61, 'ENODATA'], [71, 'EPROTO'],
  [74, 'EBADMSG'], [90, 'EMSGSIZE'], [95, 'EOPNOTSUPP'], [97, 'EAFNOSUPPORT'], [98, 'EADDRINUSE'],
  [99, 'EADDRNOTAVAIL'], [100, 'ENETDOWN'], [101, 'ENETUNREACH'], [103, 'ECONNABORTED'], [104, 'ECONNRESET'],
  [105, 'ENOBUFS'], [110, 'ETIMEDOUT'], [111, 'ECONNREFUSED'], [112, 'EHOSTDOWN'], [113, 'EHOSTUNREACH'],
  [115, 'EINPROGRESS'],
]); // biome-ignore format: a table
/** `EHOSTUNREACH` of 113 (or -113); `errno 7` when it has no name here. */
export const errnoName = (errno: number): string => ERRNOS.get(Math.abs(errno)) ?? `errno ${Math.abs(errno)}`;

/** NFPROTO_* (include/uapi/linux/netfilter.h). */
const FAMILIES = new Map([
  [1, 'inet'], [2, 'ipv4'], [3, 'arp'], [5, 'netdev'], [7, 'bridge'], [10, 'ipv6'],
]); // biome-ignore format: a table
export const familyWord = (pf: number): string => FAMILIES.get(pf) ?? `pf${pf}`;

const INET_HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING', 'INGRESS'];
const HOOKS = new Map([
  [3, ['INPUT', 'OUTPUT', 'FORWARD']],
  [5, ['INGRESS', 'EGRESS']],
  [7, [...INET_HOOKS.slice(0, 5), 'BROUTING']],
]);
/** The hook's name in its family, as iptables and ebtables name their chains. */
export const hookWord = (pf: number, hook: number): string =>
  (HOOKS.get(pf) ?? INET_HOOKS)[hook] ?? `hook${hook}`;

/** Decisions that netfilter takes; these have a family and a hook. */
const NETFILTER: ReadonlySet<number> = new Set([
  DECISION_KIND.hook,
  DECISION_KIND.table,
  DECISION_KIND.conntrack,
  DECISION_KIND.nat,
]);
export const isNetfilterDecision = ({ decision }: Decision): boolean => NETFILTER.has(decision);

/** The part of the stack that decided, and the functions that do (see enum skbt_decision_kind), by kind. */
const DECIDERS: Readonly<Record<number, { readonly stage: Stage; readonly functions: readonly string[] }>> = {
  [DECISION_KIND.hook]: { stage: 'netfilter', functions: ['nf_hook_slow'] },
  [DECISION_KIND.table]: {
    stage: 'netfilter',
    functions: ['ipt_do_table', 'ip6t_do_table', 'ebt_do_table', 'nft_do_chain'],
  },
  [DECISION_KIND.conntrack]: { stage: 'netfilter', functions: ['nf_conntrack_in'] },
  [DECISION_KIND.nat]: { stage: 'netfilter', functions: ['nf_nat_manip_pkt'] },
  [DECISION_KIND.route]: { stage: 'ip', functions: ['ip_route_input_noref', 'ip6_route_input'] },
  [DECISION_KIND.source]: { stage: 'ip', functions: ['fib_validate_source'] },
  [DECISION_KIND.neighbour]: { stage: 'ip', functions: ['__neigh_event_send'] },
  [DECISION_KIND.listener]: { stage: 'transport', functions: [] },
  [DECISION_KIND.backlog]: { stage: 'driver', functions: ['enqueue_to_backlog'] },
  [DECISION_KIND.filter]: { stage: 'socket', functions: ['sk_filter_trim_cap'] },
  [DECISION_KIND.tc]: { stage: 'xdp/tc', functions: ['cls_bpf_classify', 'tcf_classify'] },
  [DECISION_KIND.xdp]: { stage: 'xdp/tc', functions: ['bpf_prog_run_generic_xdp', 'veth_xdp_rcv_skb'] },
  [DECISION_KIND.policy]: { stage: 'tunnel', functions: ['__xfrm_policy_check'] },
  [DECISION_KIND.accept]: { stage: 'transport', functions: ['tcp_conn_request'] },
  [DECISION_KIND.receive]: {
    stage: 'socket',
    functions: ['__udp_enqueue_schedule_skb', '__sock_queue_rcv_skb'],
  },
  [DECISION_KIND.transmit]: { stage: 'qdisc', functions: ['__dev_queue_xmit'] },
};

/** The part of the stack that decided. */
export const decisionStage = ({ decision }: Decision): Stage => DECIDERS[decision]?.stage ?? 'other';

/** `ip6t_do_table` where family and rule tell it, else the first of the kind's functions; '' when none is named. */
export function decisionFunction(decision: Decision): string {
  const [first = ''] = DECIDERS[decision.decision]?.functions ?? [];
  if (decision.decision !== DECISION_KIND.table) return first;
  // a table of iptables, ip6tables or ebtables holds all of its chains; nftables names the one that it asked
  if (decision.rule !== undefined && decision.rule.chain !== '') return 'nft_do_chain';
  return { 2: 'ipt_do_table', 7: 'ebt_do_table', 10: 'ip6t_do_table' }[decision.pf] ?? 'nft_do_chain';
}

/** NF_* (include/uapi/linux/netfilter.h). */
const NF_VERDICTS = ['DROP', 'ACCEPT', 'STOLEN', 'QUEUE', 'REPEAT', 'STOP'];

// MERGE: to be replaced by core/model/decisions.ts, which knows the verdicts of every kind of decision.
/** What was decided: `ACCEPT`, `DROP`, `EHOSTUNREACH`, the number when it has no word here. */
export function decisionWord(decision: Decision): string {
  const { value } = decision;
  if (decision.decision === DECISION_KIND.hook)
    return value === 1 ? 'ACCEPT' : value === 0 ? 'STOLEN' : 'DROP';
  if (isNetfilterDecision(decision)) return NF_VERDICTS[value & 0xff] ?? String(value);
  return value < 0 ? errnoName(value) : String(value);
}
