/**
 * SEAM to core/model/decisions.ts, which is being written: the two functions that the path view asks about a
 * decision. To wire it, re-export the real ones here.
 */
import type { Decision } from '../../../core/model/hop.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { DECISION_KIND } from '../../../core/wire/layout.gen.ts';

const KIND_NAMES = new Map<number, string>([
  [DECISION_KIND.hook, 'netfilter hook'],
  [DECISION_KIND.table, 'netfilter table'],
  [DECISION_KIND.conntrack, 'conntrack'],
  [DECISION_KIND.nat, 'NAT'],
  [DECISION_KIND.route, 'route'],
  [DECISION_KIND.source, 'source address check'],
  [DECISION_KIND.neighbour, 'neighbour'],
  [DECISION_KIND.listener, 'socket lookup'],
  [DECISION_KIND.backlog, 'backlog'],
  [DECISION_KIND.filter, 'socket filter'],
  [DECISION_KIND.tc, 'tc'],
  [DECISION_KIND.xdp, 'XDP'],
  [DECISION_KIND.policy, 'xfrm policy'],
  [DECISION_KIND.accept, 'accept queue'],
  [DECISION_KIND.receive, 'receive buffer'],
  [DECISION_KIND.transmit, 'transmit'],
]);

/** One line: what decided and what it returned. */
export function describeDecision({ decision, rule, used, limit, value }: Decision, _names: NameBook): string {
  const kind = KIND_NAMES.get(decision) ?? `decision ${decision}`;
  const where = rule === undefined ? '' : ` ${[rule.table, rule.chain].filter(Boolean).join('/')}`;
  const handle = rule === undefined || rule.handle === 0 ? '' : ` rule ${rule.handle}`;
  const room = limit === 0 ? '' : ` (${used} of ${limit})`;
  return `${kind}${where}${handle}: returned ${value}${room}`;
}

/** The packet goes no further because of it; by the return values in enum skbt_decision_kind. */
export function isRefusal({ decision, value }: Pick<Decision, 'decision' | 'value'>): boolean {
  switch (decision) {
    case DECISION_KIND.table:
    case DECISION_KIND.conntrack:
    case DECISION_KIND.nat:
    case DECISION_KIND.listener:
    case DECISION_KIND.policy:
      return value === 0;
    case DECISION_KIND.neighbour:
      return false;
    case DECISION_KIND.backlog:
    case DECISION_KIND.transmit:
      return value === 1;
    case DECISION_KIND.tc:
      return value === 2;
    case DECISION_KIND.xdp:
      return value <= 1;
    default:
      return value < 0;
  }
}
