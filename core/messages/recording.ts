/** What stands in a recording beside what its source said; docs/recordings.md has the file around it. */
import * as v from 'valibot';
import { count, finite, list, natural, positive, record, type Schema, text } from '../base/schema.ts';
import * as layout from '../wire/layout.gen.ts';
import { FACT_QUERIES_MAX, factSchema } from './facts.ts';
import {
  recordingTriggerSchema,
  type SourceMessage,
  sourceMessageSchema,
  tracerStatsSchema,
} from './source.ts';

/** Facts that one packet is explained by: two rounds of questions. */
const FACTS_OF_PACKET_MAX = 2 * FACT_QUERIES_MAX;

const recordedFactsSchema = v.variant('type', [
  /** What the host said about itself; `explained` names it by its id. */
  v.object({ type: v.literal('fact'), id: natural, fact: factSchema }),
  /** Ids of the facts that explained how this packet ended. */
  v.object({ type: v.literal('explained'), packet: positive, facts: list(natural, FACTS_OF_PACKET_MAX) }),
]);
export type RecordedFacts = v.InferOutput<typeof recordedFactsSchema>;

export type RecordedMessage = Exclude<SourceMessage, { type: 'reply' }> | RecordedFacts;

/** One thing that a source said, in its order. */
export type RecordedItem =
  | { readonly kind: 'message'; readonly message: RecordedMessage }
  | { readonly kind: 'batch'; readonly records: Uint8Array<ArrayBuffer> };

/** One of them alone says better what is wrong than both would. */
export const recordedSchemaOf = (message: unknown): Schema<RecordedFacts | SourceMessage> => {
  const isFacts = v.is(v.object({ type: v.picklist(['fact', 'explained']) }), message);
  return isFacts ? recordedFactsSchema : sourceMessageSchema;
};

/** The first thing in a recording, in plain JSON. */
export const recordingHeaderSchema = v.object({
  format: v.literal('skbtracer recording'),
  /** Version of skbtracer that wrote it. */
  product: text(64),
  createdUnixMs: finite,
  trigger: v.optional(recordingTriggerSchema),
  /** Offsets and enums of the records (core/wire/layout.gen.ts), so that they can be read without us. */
  layout: record,
});
export type RecordingHeader = v.InferOutput<typeof recordingHeaderSchema>;

/** The last thing in one that was closed. */
export const recordingSummarySchema = v.object({
  closedUnixMs: finite,
  /** Records in it, and their bytes before they were compressed. */
  records: count,
  recordBytes: count,
  /** Time of the first and of the last record, as `time_ns`; 0 without one. */
  firstNs: count,
  lastNs: count,
  /** What the tracer counted last: losses are in it. Missing when no capture was running. */
  stats: v.optional(tracerStatsSchema),
});
export type RecordingSummary = v.InferOutput<typeof recordingSummarySchema>;

type Table = Readonly<Record<string, unknown>>;
const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null;

/**
 * Where a recording's records differ from those that are read here: `HOP.func`; undefined when what both know is in the
 * same places. Fields and kinds that only one of the two has do no harm: a record says how long it is and what is in it.
 */
export function layoutDifference(recorded: Table, own: Table = layout): string | undefined {
  for (const [name, value] of Object.entries(own)) {
    const other = recorded[name];
    if (other === undefined) continue;
    if (!isTable(value)) {
      if (value !== other) return name;
      continue;
    }
    const inside = isTable(other) ? layoutDifference(other, value) : '';
    if (inside !== undefined) return inside === '' ? name : `${name}.${inside}`;
  }
  return undefined;
}
