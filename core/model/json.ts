/** Events as JSON objects, one a line, for `--json`: names and meaning are a promise, see docs/json-output.md. */

import { DECISION_KIND } from '../wire/layout.gen.ts';
import { decisionFunction, decisionKind, decisionStage, isNetfilterDecision } from './deciders.ts';
import { decisionState, priorityOf, verdictWord } from './decisions.ts';
import type { Decision, Free, Hop, Lineage, SocketEvent, Tail } from './hop.ts';
import { type JsonFields, type JsonObject, ownerToJson, sectionsToJson } from './json-sections.ts';
import { chosenName, hookName, pfName, relationName, socketEventName, tcpStateName } from './kernel-names.ts';
import type { NameBook } from './names.ts';
import { isOther } from './probes/plan.ts';
import { stageOf } from './stages.ts';

export type { JsonObject } from './json-sections.ts';

/**
 * One hop or drop. Header fields appear at the packet's first event, and again whenever one of their group
 * (`meta`, `eth`, `ip`, `l4` …) changed; `changed` lists which fields differ from the packet's event before, and
 * `changes` how.
 */
export function hopToJson(hop: Hop, names: NameBook, baseUnixMs: number): JsonObject {
  // fields are added one by one: an object for each hop, with spreads in its middle, takes V8 ten times as long
  const json = stepToJson(hop.kind, hop, baseUnixMs);
  json.packet = hop.packet;
  json.skb = `0x${hop.skb}`;
  if (hop.kind === 'hop') {
    const func = names.function(hop.func);
    json.func = names.functionName(hop.func);
    json.stage = stageOf(json.func, func?.module);
    if (func !== undefined && func.module !== '') json.module = func.module;
    if (func !== undefined && isOther(func)) json.no_skb = true;
  } else {
    json.reason = names.reasonName(hop.reason);
    json.reason_code = hop.reason;
    json.location = names.locationName(hop.location);
  }
  if (hop.netns !== 0) {
    json.netns = hop.netns;
    json.netns_name = names.netnsName(hop.netns);
  }
  if (hop.ifindex !== 0) {
    json.ifindex = hop.ifindex;
    json.ifname = hop.state.device ?? names.interfaceName(hop.netns, hop.ifindex);
  }
  json.pid = hop.pid;
  json.comm = hop.state.comm ?? '';
  if (hop.pidMatch.owner || hop.pidMatch.current) json.pid_match = hop.pidMatch.owner ? 'owner' : 'current';
  json.depth = hop.depth;
  if (hop.carried !== 0) Object.assign(json, sectionsToJson(hop, names));
  if (hop.stack !== undefined) Object.assign(json, stackToJson(hop, hop.stack, names));
  if (hop.changes.length > 0) {
    json.changed = hop.changes.map(({ field }) => field);
    json.changes = hop.changes.map(({ field, before, after }) => ({ field, before, after }));
  }
  return json;
}

/** Frames innermost first; the function itself, which some kernels put on top, is not its own caller. */
function stackToJson(hop: Hop, stack: number, names: NameBook): JsonObject {
  const frames = names.stackFrames(stack);
  const own = hop.kind === 'hop' ? names.functionName(hop.func) : '';
  const caller = frames.find((frame) => !frame.startsWith(`${own}+`));
  return caller === undefined ? { stack: frames } : { stack: frames, caller };
}

/** The packet's end. */
export function freeToJson(free: Free, baseUnixMs: number): JsonObject {
  const json = stepToJson('free', free, baseUnixMs);
  json.packet = free.packet;
  json.dropped = free.dropped;
  return json;
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
  const json = stepToJson('lineage', lineage, baseUnixMs);
  json.packet = lineage.packet;
  json.parent = lineage.parent;
  json.relation = relationName(lineage.relation);
  return json;
}

/** What a function decided about the packet. */
export function decisionToJson(decision: Decision, names: NameBook, baseUnixMs: number): JsonObject {
  const { rule, used, limit, netns } = decision;
  const func = decisionFunction(decision);
  const state = decisionState(decision);
  const json = stepToJson('decision', decision, baseUnixMs);
  json.packet = decision.packet;
  json.skb = `0x${decision.skb}`;
  json.decision = decisionKind(decision);
  json.stage = decisionStage(decision);
  if (func !== '') json.func = func;
  json.verdict = verdictWord(decision);
  json.value = decision.value;
  if (decision.durationNs > 0) json.spent_ns = decision.durationNs;
  if (netns !== 0) {
    json.netns = netns;
    json.netns_name = names.netnsName(netns);
  }
  if (isNetfilterDecision(decision)) {
    json.family = pfName(decision.pf);
    json.hook = hookName(decision.pf, decision.hook);
    json.priority = priorityOf(decision);
  }
  if (rule !== undefined && rule.table !== '') json.table = rule.table;
  if (rule !== undefined && rule.chain !== '') json.chain = rule.chain;
  if (rule !== undefined && rule.handle !== 0) json.rule_handle = rule.handle;
  if (decision.decision === DECISION_KIND.nat) json.rewrites = used === 0 ? 'source' : 'destination';
  if (used !== 0 || limit !== 0) {
    json.used = used;
    json.limit = limit;
  }
  if (state !== '') json.state = state;
  return json;
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
  return { time_ns: timeNs, unix_ms: unixMs(timeNs, baseUnixMs) };
}

/** To the microsecond. */
const unixMs = (timeNs: number, baseUnixMs: number): number =>
  Math.round((baseUnixMs + timeNs / 1e6) * 1000) / 1000;

/** How every event of a packet begins. */
function stepToJson(kind: string, step: Hop | Free | Lineage | Decision, baseUnixMs: number): JsonFields {
  return {
    kind,
    time_ns: step.timeNs,
    unix_ms: unixMs(step.timeNs, baseUnixMs),
    delta_ns: step.deltaNs,
    cpu: step.cpu,
    seq: step.seq,
  };
}
