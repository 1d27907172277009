import { DECISION_KIND } from '../wire/layout.gen.ts';
import { formatCount } from './format.ts';
import type { Decision } from './hop.ts';
import {
  conntrackInfoName, errnoName, errnoText, hookName, NF, NUD, neighbourStateName, netXmitName, nfVerdict,
  nfVerdictName, nfVerdictText, PF, pfName, policyDirectionName, TC_ACT, tcActionName, XDP, xdpActionName,
} from './kernel-names.ts'; // biome-ignore format: a list
import type { NameBook } from './names.ts';

const BROUTING = 5;
const UNTRACKED = 7;
const NET_XMIT_MASK = 0xf;
const NET_XMIT_DROP = 1;
const ENOMEM = 12;

const KIND_NAMES = new Map<number, string>([
  [DECISION_KIND.hook, 'netfilter hook'],
  [DECISION_KIND.table, 'netfilter table'],
  [DECISION_KIND.conntrack, 'conntrack'],
  [DECISION_KIND.nat, 'NAT'],
  [DECISION_KIND.route, 'route'],
  [DECISION_KIND.source, 'source address'],
  [DECISION_KIND.neighbour, 'neighbour'],
  [DECISION_KIND.listener, 'socket lookup'],
  [DECISION_KIND.backlog, 'CPU backlog'],
  [DECISION_KIND.filter, 'socket filter'],
  [DECISION_KIND.tc, 'tc'],
  [DECISION_KIND.xdp, 'XDP'],
  [DECISION_KIND.policy, 'IPsec policy'],
  [DECISION_KIND.accept, 'accept queue'],
  [DECISION_KIND.receive, 'receive buffer'],
  [DECISION_KIND.transmit, 'transmission'],
]);

/** `conntrack`, `route`, `receive buffer` … */
export const decisionName = (kind: number): string => KIND_NAMES.get(kind) ?? `decision ${kind}`;

/**
 * `pass`: the packet goes on; `refuse`: it is dropped, or nobody wants it; `take`: it ends here without being
 * dropped, as it was stolen, queued, redirected.
 */
export type Outcome = 'pass' | 'refuse' | 'take';

export function outcomeOf(decision: Decision): Outcome {
  const { value, used, limit } = decision;
  const refuseIf = (is: boolean): Outcome => (is ? 'refuse' : 'pass');
  switch (decision.decision) {
    case DECISION_KIND.hook:
      return value < 0 ? 'refuse' : value === 0 ? 'take' : 'pass';
    case DECISION_KIND.table:
    case DECISION_KIND.conntrack:
    case DECISION_KIND.nat:
      return netfilterOutcome(decision);
    case DECISION_KIND.route:
    case DECISION_KIND.source:
    case DECISION_KIND.filter:
    case DECISION_KIND.receive:
      return refuseIf(value < 0);
    case DECISION_KIND.neighbour:
      return refuseIf(value !== 0 && used === NUD.failed);
    case DECISION_KIND.listener:
    case DECISION_KIND.policy:
      return refuseIf(value === 0);
    case DECISION_KIND.backlog:
      return refuseIf(value !== 0);
    case DECISION_KIND.tc:
      if (value === TC_ACT.shot) return 'refuse';
      return [TC_ACT.stolen, TC_ACT.queued, TC_ACT.redirect, TC_ACT.trap, TC_ACT.consumed].some(
        (one) => one === value,
      )
        ? 'take'
        : 'pass';
    case DECISION_KIND.xdp:
      if (value === XDP.pass) return 'pass';
      if (limit !== 0) return 'refuse'; // sending it there failed
      return value === XDP.drop || value === XDP.aborted ? 'refuse' : 'take';
    case DECISION_KIND.accept:
      return refuseIf(value < 0 || used > limit);
    case DECISION_KIND.transmit:
      return refuseIf(value < 0 || (value & NET_XMIT_MASK) === NET_XMIT_DROP);
    default:
      return 'pass';
  }
}

function netfilterOutcome({ pf, hook, value }: Decision): Outcome {
  const verdict = nfVerdict(value);
  // ebtables' BROUTING: "drop" means to route the frame instead of bridging it
  if (verdict === NF.drop) return pf === PF.bridge && hook === BROUTING ? 'pass' : 'refuse';
  return verdict === NF.stolen || verdict === NF.queue ? 'take' : 'pass';
}

/** It ended the packet's way by refusing it. */
export const isRefusal = (decision: Decision): boolean => outcomeOf(decision) === 'refuse';

/**
 * The verdict as one word that stays: `ACCEPT`, `SHOT`, `FOUND`, an errno's name where that was returned. What it is
 * about stands in other fields; see docs/json-output.md.
 */
export function verdictWord(decision: Decision): string {
  const { value, used, limit } = decision;
  switch (decision.decision) {
    case DECISION_KIND.hook:
      return value > 0 ? 'ACCEPT' : value === 0 ? 'STOLEN' : 'DROP';
    case DECISION_KIND.table:
    case DECISION_KIND.conntrack:
    case DECISION_KIND.nat:
      return nfVerdictName(value);
    case DECISION_KIND.tc:
      return tcActionName(value);
    case DECISION_KIND.xdp:
      return xdpActionName(value);
    case DECISION_KIND.neighbour:
      return value === 0 ? 'KNOWN' : 'UNKNOWN';
    case DECISION_KIND.listener:
      return value === 0 ? 'NONE' : 'FOUND';
    case DECISION_KIND.backlog:
      return value === 0 ? 'QUEUED' : 'FULL';
    case DECISION_KIND.policy:
      return value === 0 ? 'DENIED' : 'ALLOWED';
    case DECISION_KIND.accept:
      return used > limit ? 'FULL' : value < 0 ? errnoName(value) : 'ROOM';
    default:
      if (value < 0) return errnoName(value);
      return decision.decision === DECISION_KIND.transmit ? netXmitName(value) : 'OK';
  }
}

/** State of the connection or neighbour that was decided about: `INVALID`, `INCOMPLETE`; '' for other kinds. */
export function decisionState({ decision, value, used, limit }: Decision): string {
  if (decision === DECISION_KIND.neighbour) return neighbourStateName(used);
  if (decision !== DECISION_KIND.conntrack || nfVerdict(value) !== NF.accept) return '';
  // without an entry: left alone on purpose, or what conntrack cannot make sense of
  if (limit === 0) return used === UNTRACKED ? 'UNTRACKED' : 'INVALID';
  return conntrackInfoName(used);
}

/** The verdict in words: `DROP (EPERM)`, `INVALID`, `no route to host (EHOSTUNREACH)`, `full, 129 of 128`. */
export function verdictText(decision: Decision): string {
  const { value, used, limit } = decision;
  switch (decision.decision) {
    case DECISION_KIND.hook:
      return value > 0 ? 'ACCEPT' : value === 0 ? 'STOLEN or QUEUE' : `DROP (${errnoName(value)})`;
    case DECISION_KIND.table:
      return nfVerdictText(value);
    case DECISION_KIND.conntrack:
      return decisionState(decision) || nfVerdictText(value);
    case DECISION_KIND.nat:
      return `${used === 0 ? 'source' : 'destination'} ${isRefusal(decision) ? 'not rewritten: DROP' : 'rewritten'}`;
    case DECISION_KIND.route:
      return value < 0 ? errnoText(value) : 'found';
    case DECISION_KIND.source:
      if (value >= 0) return 'accepted';
      return value === -18 ? 'refused, not on the way back (EXDEV)' : `refused (${errnoName(value)})`;
    case DECISION_KIND.neighbour:
      return value === 0 ? `known (${neighbourStateName(used)})` : `not known (${neighbourStateName(used)})`;
    case DECISION_KIND.listener:
      return value === 0 ? 'none' : 'found';
    case DECISION_KIND.backlog:
      return `${value === 0 ? 'queued' : 'full'}${fill(used, limit)}`;
    case DECISION_KIND.filter:
      return value < 0 ? `refused (${errnoName(value)})` : 'passed';
    case DECISION_KIND.tc:
      return tcActionName(value);
    case DECISION_KIND.xdp:
      return `${xdpActionName(value)}${limit === 0 ? '' : `, which failed (${errnoName(limit)})`}`;
    case DECISION_KIND.policy:
      return `${policyDirectionName(used)}: ${value === 0 ? 'not allowed' : 'allowed'}`;
    case DECISION_KIND.accept:
      return `${used > limit ? 'full' : 'has room'}${fill(used, limit)}`;
    case DECISION_KIND.receive:
      if (value < 0 && value !== -ENOMEM) return errnoText(value);
      return `${value < 0 ? 'full' : 'taken'}${fill(used, limit, ' bytes')}`;
    case DECISION_KIND.transmit:
      return value < 0 ? errnoText(value) : netXmitName(value);
    default:
      return String(value);
  }
}

const fill = (used: number, limit: number, unit = ''): string =>
  limit === 0 ? '' : `, ${formatCount(used)} of ${formatCount(limit)}${unit}`;

/** Which program's rules they are. Legacy tables have no chains of their own: their chain's name is empty. */
export function tableTool({ pf, rule }: Decision): 'nftables' | 'iptables' | 'ip6tables' | 'ebtables' {
  if (rule === undefined || rule.chain !== '') return 'nftables';
  return pf === PF.bridge ? 'ebtables' : pf === PF.ip6 ? 'ip6tables' : 'iptables';
}

/** `nftables inet filter input rule 7`, `iptables filter FORWARD`. */
export function tableText(decision: Decision): string {
  const { pf, hook, rule } = decision;
  const tool = tableTool(decision);
  if (rule === undefined) return `netfilter ${pfName(pf)} ${hookName(pf, hook)}`;
  if (tool !== 'nftables') return `${tool} ${rule.table} ${hookName(pf, hook)}`;
  const handle = rule.handle === 0 ? '' : ` rule ${rule.handle}`;
  return `nftables ${pfName(pf)} ${rule.table} ${rule.chain}${handle}`;
}

/**
 * One line: `nftables inet filter input rule 7: DROP`, `conntrack: INVALID`,
 * `receive buffer: full, 212,992 of 212,992 bytes`.
 */
export function describeDecision(decision: Decision, names: NameBook): string {
  const { pf, hook, rule } = decision;
  const verdict = verdictText(decision);
  switch (decision.decision) {
    case DECISION_KIND.hook: {
      const by = names.symbol(decision.by)?.name;
      const blamed = by === undefined || outcomeOf(decision) === 'pass' ? '' : `, by ${by}`;
      return `netfilter ${pfName(pf)} ${hookName(pf, hook)}: ${verdict}${blamed}`;
    }
    case DECISION_KIND.table:
      return `${tableText(decision)}: ${verdict}`;
    case DECISION_KIND.policy:
      return `${decisionName(decision.decision)} ${verdict}`;
    default: {
      const program = rule === undefined || rule.chain === '' ? '' : ` ${rule.chain}`;
      return `${decisionName(decision.decision)}${program}: ${verdict}`;
    }
  }
}

/** Where the tables of iptables and ebtables stand among those at a hook (enum nf_ip_hook_priorities). */
const PRIORITIES = new Map<string, number>([
  ['raw', -300],
  ['mangle', -150],
  ['filter', 0],
  ['security', 50],
]);
const BRIDGE_PRIORITIES = new Map<string, number>([
  ['nat', -300],
  ['filter', -200],
  ['broute', -300],
]);
const POSTROUTING = 4;
const INPUT = 1;

/** The chain's priority; for a legacy table, whose record has none, the one that it always has. */
export function priorityOf(decision: Decision): number {
  const { priority, rule, hook, pf } = decision;
  if (priority !== 0 || rule === undefined || tableTool(decision) === 'nftables') return priority;
  if (pf === PF.bridge)
    return rule.table === 'nat' && hook === POSTROUTING ? 300 : (BRIDGE_PRIORITIES.get(rule.table) ?? 0);
  if (rule.table === 'nat') return hook === POSTROUTING || hook === INPUT ? 100 : -100;
  return PRIORITIES.get(rule.table) ?? 0;
}
