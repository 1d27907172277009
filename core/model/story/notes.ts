/** What else is known of a step: decisions, relatives, changes, and where the time went. */
import { DECISION_KIND } from '../../wire/layout.gen.ts';
import { describeDecision, outcomeOf } from '../decisions.ts';
import { formatDuration } from '../format.ts';
import type { Decision, Lineage } from '../hop.ts';
import { hopAtTime, lineageNotes } from '../lineage.ts';
import { dropNotes } from './drop.ts';
import { rewriteNotes } from './rewrites.ts';
import type { Scene } from './scene.ts';
import type { Segment } from './types.ts';
import { tunnelText } from './words.ts';

/** Notes of a step; more say nothing more. */
const NOTES_MAX = 6;

/** Decisions that are worth a word although they let the packet pass. */
const TOLD: ReadonlySet<number> = new Set([
  DECISION_KIND.table,
  DECISION_KIND.conntrack,
  DECISION_KIND.policy,
]);

export function notesOf(scene: Scene, segment: Segment, decisions: readonly Decision[]): string[] {
  const all = [
    ...(segment.chapter === 'drop' ? dropNotes(scene, segment) : decisionNotes(scene, segment, decisions)),
    ...relativesIn(scene, segment),
    ...changeNotes(scene, segment),
    ...waitNotes(scene, segment),
  ];
  const notes = [...new Set(all)];
  return notes.length <= NOTES_MAX
    ? notes
    : [...notes.slice(0, NOTES_MAX - 1), `and ${notes.length - NOTES_MAX + 1} more`];
}

function decisionNotes(
  { names, path }: Scene,
  { chapter, to }: Segment,
  decisions: readonly Decision[],
): string[] {
  const isDroppedNext = path.hops[to + 1]?.kind === 'drop';
  return decisions
    .filter((one) => {
      if (one.decision === DECISION_KIND.table && one.rule === undefined) return false;
      // NAT's sentence names its table, and a drop's what refused the packet
      if (chapter === 'nat' && one.decision === DECISION_KIND.table) return false;
      if (isDroppedNext && one.index === to && outcomeOf(one) === 'refuse') return false;
      // a hook's verdict is that of whoever it asked
      if (one.decision === DECISION_KIND.hook) return outcomeOf(one) === 'refuse';
      if (one.decision === DECISION_KIND.tc) return true;
      return TOLD.has(one.decision) || outcomeOf(one) !== 'pass';
    })
    .map((one) => describeDecision(one, names));
}

function relativesIn({ path }: Scene, { from, to }: Segment): string[] {
  const isIn = ({ timeNs }: Lineage) => {
    const at = Math.max(0, hopAtTime(path.hops, timeNs));
    return at >= from && at <= to;
  };
  return lineageNotes(path.origins.filter(isIn), path.children.filter(isIn)).filter(
    (note) => !note.startsWith('head reallocated'),
  );
}

/** What is seen to have changed at the hops behind those of the segment: there it was done. */
function changeNotes({ path }: Scene, { chapter, from, to }: Segment): string[] {
  const notes: string[] = [];
  for (let i = from; i <= to; i += 1) {
    const seen = path.hops[i + 1];
    if (seen === undefined) break;
    if (chapter !== 'nat') notes.push(...rewriteNotes(seen));
    for (const { field, before, after } of seen.changes) {
      if (field === 'meta.mark')
        notes.push(`mark 0x${Number(before).toString(16)} → 0x${Number(after).toString(16)}`);
      if (field === 'meta.vlanTci') notes.push(vlanNote(Number(before), Number(after)));
      if (field === 'inner.tunnel' && !/^(tunnel|xfrm)/.test(chapter))
        notes.push(tunnelNote(tunnelText(path.hops[i]?.state ?? {}), tunnelText(seen.state)));
    }
  }
  return notes;
}

const vlanNote = (before: number, after: number): string =>
  after === 0
    ? `VLAN tag ${before & 0xfff} taken off`
    : before === 0
      ? `tagged with VLAN ${after & 0xfff}`
      : `VLAN ${before & 0xfff} → ${after & 0xfff}`;

const tunnelNote = (before: string, after: string): string =>
  after === '' ? `taken out of ${before}` : before === '' ? `wrapped in ${after}` : `${before} → ${after}`;

const WAITS = new Map([
  ['enqueue_to_backlog', 'in the CPU’s backlog'],
  ['dev_qdisc_enqueue', 'in the queue'],
  ['tcp_queue_rcv', 'in the socket’s receive queue'],
  ['__udp_enqueue_schedule_skb', 'in the socket’s receive queue'],
  ['sock_queue_rcv_skb_reason', 'in the socket’s receive queue'],
  ['neigh_resolve_output', 'for the neighbour’s address'],
]);

/** Where a packet waits after this function: `in the queue`; '' when it does not wait. */
export const waitPlace = (func: string): string =>
  WAITS.get(func) ?? (/_enqueue$/.test(func) ? `in the queue (${func.replace('_enqueue', '')})` : '');

/** The longest stretch of a segment that is slow. */
export function slowestIn(
  { path, slowNs }: Scene,
  { from, to }: Segment,
): { readonly hop: number; readonly ns: number } | undefined {
  let found: { readonly hop: number; readonly ns: number } | undefined;
  for (let hop = from; hop <= to; hop += 1) {
    const [here, next] = [path.hops[hop], path.hops[hop + 1] ?? path.free];
    const ns = here === undefined || next === undefined ? 0 : next.timeNs - here.timeNs;
    if (ns >= slowNs && ns > (found?.ns ?? 0)) found = { hop, ns };
  }
  return found;
}

function waitNotes(scene: Scene, segment: Segment): string[] {
  const slowest = slowestIn(scene, segment);
  if (slowest === undefined) return [];
  const { functions, path } = scene;
  const name = functions[slowest.hop] ?? '';
  const where = waitPlace(name);
  const time = formatDuration(slowest.ns);
  if (where !== '') return [`${time} ${where}`];
  const next = functions[slowest.hop + 1];
  if (name === '') return [];
  if (next === undefined) return path.free === undefined ? [] : [`${time} from ${name} to its end`];
  return [next === '' ? `${time} in ${name}` : `${time} from ${name} to ${next}`];
}
