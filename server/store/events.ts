/** What happened to packets on their way, as rows: each hop, drop, change and decision. */
import { decisionFunction, decisionKind, isNetfilterDecision } from '../../core/model/deciders.ts';
import { priorityOf, verdictWord } from '../../core/model/decisions.ts';
import { type FollowedPacket, Follower } from '../../core/model/following.ts';
import type { Decision } from '../../core/model/hop.ts';
import { hookName, pfName } from '../../core/model/kernel-names.ts';
import { readDecision } from '../../core/model/reader.ts';
import { RecordCursor } from '../../core/wire/cursor.ts';
import { DROP, HOP, KIND, SECTION } from '../../core/wire/layout.gen.ts';
import type { RowSink } from './schema.ts';

export class EventFold {
  readonly #sink: RowSink;
  readonly #cursor = new RecordCursor();
  readonly #follower = new Follower();
  #generation = 0;

  constructor(sink: RowSink) {
    this.#sink = sink;
  }

  /** Whole records. */
  take(records: Uint8Array): void {
    const cursor = this.#cursor;
    cursor.reset(records);
    while (cursor.next()) {
      if (cursor.isName || cursor.kind === KIND.socket) continue;
      // stragglers of a session before are none of this one's
      if (cursor.generation < this.#generation) continue;
      this.#generation = cursor.generation;
      switch (cursor.kind) {
        case KIND.hop:
        case KIND.drop:
          this.#hop(this.#follower.hop(cursor));
          break;
        case KIND.decision:
          this.#decision(readDecision(cursor, this.#follower.step(cursor)));
          break;
        case KIND.lineage:
          this.#follower.step(cursor);
          break;
        case KIND.free:
          this.#follower.free(cursor);
          break;
      }
    }
  }

  #hop({ index, depth, changes }: FollowedPacket): void {
    const cursor = this.#cursor;
    const { packet } = cursor;
    const hop = index + 1;
    const time_ns = cursor.timeNs;
    const netns = cursor.u32(HOP.netns);
    const ifindex = cursor.u32(HOP.ifindex);
    const pid = cursor.u32(HOP.pid);
    const { cpu } = cursor;
    const drop = cursor.section(SECTION.drop);
    if (drop < 0) {
      const func = cursor.u32(HOP.func);
      this.#sink.add('hops', { packet, hop, time_ns, func, netns, ifindex, cpu, pid, depth });
    } else {
      const reason = cursor.view.getUint32(drop + DROP.reason, true);
      const location = cursor.addressAt(drop + DROP.location);
      this.#sink.add('drops', { packet, hop, time_ns, reason, location, netns, ifindex, cpu, pid });
    }
    for (const { field, before, after } of changes)
      this.#sink.add('changes', { packet, hop, field, before: String(before), after: String(after) });
  }

  #decision(decision: Decision): void {
    const { packet, rule } = decision;
    const isNetfilter = isNetfilterDecision(decision);
    this.#sink.add('decisions', {
      packet,
      hop: decision.index + 1,
      time_ns: decision.timeNs,
      cpu: decision.cpu,
      netns: decision.netns,
      decision: decisionKind(decision),
      verdict: verdictWord(decision),
      func: decisionFunction(decision),
      value: decision.value,
      spent_ns: decision.durationNs,
      family: isNetfilter ? pfName(decision.pf) : '',
      hook: isNetfilter ? hookName(decision.pf, decision.hook) : '',
      priority: isNetfilter ? (priorityOf(decision) ?? 0) : 0,
      rule_table: rule?.table ?? '',
      rule_chain: rule?.chain ?? '',
      rule_handle: rule?.handle ?? 0,
    });
  }
}
