/** Where a packet was dropped, and by whom where that is certain. */
import { DECISION_KIND } from '../../wire/layout.gen.ts';
import { describeDecision, isRefusal, tableText } from '../decisions.ts';
import type { Decision } from '../hop.ts';
import { inPlace, type Scene } from './scene.ts';
import type { Segment } from './types.ts';

/** Who is named when several refused: whoever decides before whoever passes it on. */
const BY_WEIGHT: readonly number[] = [
  DECISION_KIND.table, DECISION_KIND.nat, DECISION_KIND.conntrack, DECISION_KIND.tc, DECISION_KIND.xdp,
  DECISION_KIND.policy, DECISION_KIND.source, DECISION_KIND.route, DECISION_KIND.neighbour, DECISION_KIND.listener,
  DECISION_KIND.filter, DECISION_KIND.accept, DECISION_KIND.receive, DECISION_KIND.backlog, DECISION_KIND.transmit,
  DECISION_KIND.hook,
]; // biome-ignore format: a table

/** Refusals told at the drop or at the hop before it, as a function returns after the packet has gone. */
function refusals({ path }: Scene, { from }: Segment): readonly Decision[] {
  return path.decisions
    .filter((one) => one.index >= from - 1 && isRefusal(one))
    .sort((a, b) => BY_WEIGHT.indexOf(a.decision) - BY_WEIGHT.indexOf(b.decision));
}

/** The decision that the drop is about, -1 when none refused the packet. */
export function dropDecision(scene: Scene, segment: Segment): number {
  const [first] = refusals(scene, segment);
  return first === undefined ? -1 : scene.path.decisions.indexOf(first);
}

const NETFILTER_SAYS = /^(NETFILTER_DROP|NOT_SPECIFIED)$/;

/** `Dropped in db by nftables inet sample input rule 2: NETFILTER_DROP`. */
export function dropText(scene: Scene, segment: Segment): string {
  const { path, names } = scene;
  const hop = path.hops[segment.from];
  if (hop === undefined || hop.kind !== 'drop') return 'Dropped';
  const reason = names.reasonName(hop.reason);
  const here = inPlace(scene, segment.from);
  const [first] = refusals(scene, segment);
  if (first?.decision === DECISION_KIND.table && NETFILTER_SAYS.test(reason))
    return `Dropped${here} by ${tableText(first)}: ${reason}`;
  const symbol = names.symbol(hop.location)?.name.replace(/\..*/, '');
  return `Dropped${here}${symbol === undefined ? '' : `, in ${symbol}`}: ${reason}`;
}

/** What refused it, where the sentence does not say so. */
export function dropNotes(scene: Scene, segment: Segment): readonly string[] {
  const [first, ...rest] = refusals(scene, segment);
  const isNamed = first?.decision === DECISION_KIND.table && / by /.test(dropText(scene, segment));
  if (first === undefined || isNamed) return [];
  return [first, ...rest]
    .filter((one, i) => i === 0 || one.decision !== DECISION_KIND.hook)
    .map((one) => describeDecision(one, scene.names));
}
