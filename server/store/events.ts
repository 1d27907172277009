/** What happened to packets on their way, as rows: each hop, drop, change and decision. */
import { decisionFunction, decisionKind, isNetfilterDecision } from '../../core/model/deciders.ts';
import { priorityOf, verdictWord } from '../../core/model/decisions.ts';
import type { Decision, Hop } from '../../core/model/hop.ts';
import { hookName, pfName } from '../../core/model/kernel-names.ts';
import { HopReader, type RecordListener } from '../../core/model/reader.ts';
import type { RowSink } from './schema.ts';

export class EventFold {
  readonly #sink: RowSink;
  readonly #reader = new HopReader();
  readonly #listener: RecordListener = {
    hop: (hop) => this.#hop(hop),
    decision: (decision) => this.#decision(decision),
  };

  constructor(sink: RowSink) {
    this.#sink = sink;
  }

  /** Whole records. */
  take(records: Uint8Array): void {
    this.#reader.read(records, this.#listener);
  }

  #hop(hop: Hop): void {
    const { packet, timeNs, netns, ifindex, cpu, pid } = hop;
    // each is written out: V8 makes slow objects of what stands behind a spread
    const number = hop.index + 1;
    if (hop.kind === 'hop') {
      const { func, depth } = hop;
      this.#sink.add('hops', { packet, hop: number, time_ns: timeNs, func, netns, ifindex, cpu, pid, depth });
    } else {
      const { reason, location } = hop;
      this.#sink.add('drops', {
        packet,
        hop: number,
        time_ns: timeNs,
        reason,
        location,
        netns,
        ifindex,
        cpu,
        pid,
      });
    }
    for (const { field, before, after } of hop.changes)
      this.#sink.add('changes', {
        packet,
        hop: number,
        time_ns: timeNs,
        field,
        before: String(before),
        after: String(after),
      });
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
