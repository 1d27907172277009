/** What decides about packets: kinds of decisions as JSON names them, the part of the stack, the kernel functions. */
import type { Stage } from '../messages/source.ts';
import { DECISION_KIND } from '../wire/layout.gen.ts';
import type { Decision } from './hop.ts';
import { PF } from './kernel-names.ts';

const KINDS = new Map<number, string>(Object.entries(DECISION_KIND).map(([name, kind]) => [kind, name]));

/** `hook`, `table`, `route` …: enum skbt_decision_kind. In a sentence: `decisionName`. */
export const decisionKind = ({ decision }: Decision): string => KINDS.get(decision) ?? `decision ${decision}`;

interface Decider {
  readonly stage: Stage;
  /** The first stands for all of them where nothing tells which it was. */
  readonly functions: readonly string[];
}

const DECIDERS: Readonly<Record<number, Decider>> = {
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

const NETFILTER: readonly number[] = [
  DECISION_KIND.hook,
  DECISION_KIND.table,
  DECISION_KIND.conntrack,
  DECISION_KIND.nat,
];

/** Netfilter's decisions have a family and a hook. */
export const isNetfilterDecision = ({ decision }: Decision): boolean => NETFILTER.includes(decision);

/** The part of the stack that decided. */
export const decisionStage = ({ decision }: Decision): Stage => DECIDERS[decision]?.stage ?? 'other';

const LEGACY_TABLES = new Map<number, string>([
  [PF.ip, 'ipt_do_table'],
  [PF.bridge, 'ebt_do_table'],
  [PF.ip6, 'ip6t_do_table'],
]);

/** `used` of an XDP decision. */
const ON_VETH = 1;
/** `used` of a decision of tc: a program, which tcx asked. */
const BY_TCX = 1;

/** `ip6t_do_table` where family and rule tell it, else the first of the kind's functions; '' when none is named. */
export function decisionFunction(decision: Decision): string {
  const [first = '', second = first] = DECIDERS[decision.decision]?.functions ?? [];
  if (decision.decision === DECISION_KIND.route) return decision.pf === PF.ip6 ? second : first;
  if (decision.decision === DECISION_KIND.tc && decision.used === BY_TCX) return 'tcx_run';
  if (decision.decision === DECISION_KIND.tc) return decision.rule === undefined ? second : first;
  if (decision.decision === DECISION_KIND.xdp) return decision.used === ON_VETH ? second : first;
  if (decision.decision !== DECISION_KIND.table) return first;
  // a table of iptables, ip6tables or ebtables holds all of its chains; nftables names the one that it asked
  if (decision.rule !== undefined && decision.rule.chain !== '') return 'nft_do_chain';
  return LEGACY_TABLES.get(decision.pf) ?? 'nft_do_chain';
}
