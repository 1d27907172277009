/** Events as JSON objects, one a line, for `--json`: names and meaning are a promise, see docs/json-output.md. */

import { DECISION_KIND } from '../wire/layout.gen.ts';
import { decisionFunction, decisionKind, decisionStage, isNetfilterDecision } from './deciders.ts';
import { decisionState, priorityOf, verdictWord } from './decisions.ts';
import type { Decision, Free, Hop, Lineage, SocketEvent, Tail } from './hop.ts';
import { type JsonObject, ownerToJson, sectionsToJson } from './json-sections.ts';
import { chosenName, hookName, pfName, relationName, socketEventName, tcpStateName } from './kernel-names.ts';
import type { NameBook } from './names.ts';
import { stageOf } from './stages.ts';

export type { JsonObject } from './json-sections.ts';

/**
 * One hop or drop. Header fields appear at the packet's first event, and again whenever one of their group
 * (`meta`, `eth`, `ip`, `l4` …) changed; `changed` lists which fields differ from the packet's event before, and
 * `changes` how.
 */
export function hopToJson(hop: Hop, names: NameBook, baseUnixMs: number): JsonObject {
  const func = hop.kind === 'hop' ? names.function(hop.func) : undefined;
  const name = hop.kind === 'hop' ? names.functionName(hop.func) : '';
  return {
    kind: hop.kind,
    ...stepToJson(hop, baseUnixMs),
    packet: hop.packet,
    skb: `0x${hop.skb}`,
    ...(hop.kind === 'hop' && { func: name, stage: stageOf(name) }),
    ...(func && func.module !== '' && { module: func.module }),
    ...(hop.kind === 'drop' && {
      reason: names.reasonName(hop.reason),
      reason_code: hop.reason,
      location: names.locationName(hop.location),
    }),
    ...(hop.netns !== 0 && { netns: hop.netns, netns_name: names.netnsName(hop.netns) }),
    ...(hop.ifindex !== 0 && {
      ifindex: hop.ifindex,
      ifname: hop.state.device ?? names.interfaceName(hop.netns, hop.ifindex),
    }),
    pid: hop.pid,
    comm: hop.state.comm ?? '',
    ...((hop.pidMatch.owner || hop.pidMatch.current) && {
      pid_match: hop.pidMatch.owner ? 'owner' : 'current',
    }),
    depth: hop.depth,
    ...sectionsToJson(hop, names),
    ...stackToJson(hop, name, names),
    ...(hop.changes.length > 0 && {
      changed: hop.changes.map(({ field }) => field),
      changes: hop.changes.map(({ field, before, after }) => ({ field, before, after })),
    }),
  };
}

/** Frames innermost first; the function itself, which some kernels put on top, is not its own caller. */
function stackToJson(hop: Hop, name: string, names: NameBook): JsonObject {
  if (hop.stack === undefined) return {};
  const frames = names.stackFrames(hop.stack);
  const caller = frames.find((frame) => !frame.startsWith(`${name}+`));
  return { stack: frames, ...(caller !== undefined && { caller }) };
}

/** The packet's end. */
export function freeToJson(free: Free, baseUnixMs: number): JsonObject {
  return { kind: 'free', ...stepToJson(free, baseUnixMs), packet: free.packet, dropped: free.dropped };
}

/** With `--tail`: the packet is told, why, and that its events until then follow. */
export function tailToJson(tail: Tail, baseUnixMs: number): JsonObject {
  return {
    kind: 'told',
    ...timeToJson(tail, baseUnixMs),
    cpu: tail.cpu,
    seq: tail.seq,
    packet: tail.packet,
    why: chosenName(tail.chosen),
    age_ns: tail.timeNs - tail.begunNs,
    events: tail.records,
    ...(tail.missed > 0 && { events_not_kept: tail.missed }),
    path: tail.path.toString(16).padStart(8, '0'),
  };
}

/** `packet` came out of `parent`. */
export function lineageToJson(lineage: Lineage, baseUnixMs: number): JsonObject {
  return {
    kind: 'lineage',
    ...stepToJson(lineage, baseUnixMs),
    packet: lineage.packet,
    parent: lineage.parent,
    relation: relationName(lineage.relation),
  };
}

/** What a function decided about the packet. */
export function decisionToJson(decision: Decision, names: NameBook, baseUnixMs: number): JsonObject {
  const { rule, used, limit, netns } = decision;
  const func = decisionFunction(decision);
  return {
    kind: 'decision',
    ...stepToJson(decision, baseUnixMs),
    packet: decision.packet,
    skb: `0x${decision.skb}`,
    decision: decisionKind(decision),
    stage: decisionStage(decision),
    ...(func !== '' && { func }),
    verdict: verdictWord(decision),
    value: decision.value,
    ...(decision.durationNs > 0 && { spent_ns: decision.durationNs }),
    ...(netns !== 0 && { netns, netns_name: names.netnsName(netns) }),
    ...(isNetfilterDecision(decision) && {
      family: pfName(decision.pf),
      hook: hookName(decision.pf, decision.hook),
      priority: priorityOf(decision),
    }),
    ...(rule && rule.table !== '' && { table: rule.table }),
    ...(rule && rule.chain !== '' && { chain: rule.chain }),
    ...(rule && rule.handle !== 0 && { rule_handle: rule.handle }),
    ...(decision.decision === DECISION_KIND.nat && { rewrites: used === 0 ? 'source' : 'destination' }),
    ...((used !== 0 || limit !== 0) && { used, limit }),
    ...stateToJson(decision),
  };
}

function stateToJson(decision: Decision): JsonObject {
  const state = decisionState(decision);
  return state === '' ? {} : { state };
}

/** A TCP connection was made, accepted, closed, or could not be made: what tcptracer tells, and more. */
export function socketToJson(event: SocketEvent, names: NameBook, baseUnixMs: number): JsonObject {
  return {
    kind: 'socket',
    ...timeToJson(event, baseUnixMs),
    cpu: event.cpu,
    seq: event.seq,
    event: socketEventName(event.event),
    sock: `0x${event.sk}`,
    ...(event.netns !== 0 && { netns: event.netns, netns_name: names.netnsName(event.netns) }),
    l3_version: event.saddr.includes(':') ? 6 : 4,
    saddr: event.saddr,
    sport: event.sport,
    daddr: event.daddr,
    dport: event.dport,
    ...(event.owner.pid !== 0 && { pid: event.owner.pid, comm: event.owner.comm }),
    ...ownerToJson(event.owner, names),
    old_state: tcpStateName(event.oldState),
    new_state: tcpStateName(event.newState),
    duration_ns: event.durationNs,
    bytes_sent: event.sent,
    bytes_received: event.received,
    retransmits: event.retransmits,
    srtt_us: event.srttUs,
  };
}

function timeToJson({ timeNs }: { readonly timeNs: number }, baseUnixMs: number): JsonObject {
  return { time_ns: timeNs, unix_ms: Math.round((baseUnixMs + timeNs / 1e6) * 1000) / 1000 };
}

function stepToJson(step: Hop | Free | Lineage | Decision, baseUnixMs: number): JsonObject {
  return {
    ...timeToJson(step, baseUnixMs),
    delta_ns: step.deltaNs,
    cpu: step.cpu,
    seq: step.seq,
  };
}
