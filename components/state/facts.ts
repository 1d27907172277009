'use client';

import { create } from 'zustand';
import type { Failure, Result } from '../../core/base/result.ts';
import { FACT_QUERIES_MAX, type Fact, type FactQuery } from '../../core/messages/facts.ts';
import { factKey } from '../../core/model/facts.ts';

/** Packets whose facts are kept; the longest not asked about give way. */
const PACKETS_MAX = 64;
/** Questions about one packet; a diagnosis wants a handful. */
const QUESTIONS_MAX = 3 * FACT_QUERIES_MAX;

/** What the host was asked to explain one packet's end, and what it said. */
export interface PacketFacts {
  readonly facts: readonly Fact[];
  /** Keys of the questions that were asked: none is asked twice. */
  readonly asked: ReadonlySet<string>;
  readonly isAsking: boolean;
  /** Why the last request as a whole had no answer. */
  readonly failure: Failure | undefined;
}

export const NO_FACTS: PacketFacts = { facts: [], asked: new Set(), isAsking: false, failure: undefined };

type Ask = (queries: readonly FactQuery[]) => Promise<Result<{ readonly facts: readonly Fact[] }>>;

/** By {@link factsKey}, the one asked about last at the end. */
export const useFacts = create<{ readonly packets: ReadonlyMap<string, PacketFacts> }>(() => ({
  packets: new Map(),
}));

/** Packet ids mean something within their session only. */
export const factsKey = (session: number, packet: number): string => `${session}/${packet}`;

/** Those of the questions that can still be asked about a packet, no more than a request may have. */
export function openQuestions({ asked }: PacketFacts, queries: readonly FactQuery[]): readonly FactQuery[] {
  const room = Math.max(0, Math.min(FACT_QUERIES_MAX, QUESTIONS_MAX - asked.size));
  return queries.filter((query) => !asked.has(factKey(query))).slice(0, room);
}

/** Asks the host what was not asked yet about a packet. One request at a time; the rest when it is answered. */
export async function askFacts(key: string, queries: readonly FactQuery[], ask: Ask): Promise<void> {
  const known = useFacts.getState().packets.get(key) ?? NO_FACTS;
  const open = openQuestions(known, queries);
  if (open.length === 0 || known.isAsking || known.failure !== undefined) return;
  put(key, { ...known, isAsking: true, asked: new Set([...known.asked, ...open.map(factKey)]) });
  const result = await ask(open);
  const { facts, asked } = useFacts.getState().packets.get(key) ?? NO_FACTS;
  if (result.ok)
    put(key, { asked, facts: [...facts, ...result.value.facts], isAsking: false, failure: undefined });
  else put(key, { asked, facts, isAsking: false, failure: result.error });
}

/** What had no answer may be asked again. */
export function forgetFailure(key: string): void {
  const known = useFacts.getState().packets.get(key);
  if (known === undefined) return;
  put(key, { ...known, asked: new Set(known.facts.map(({ query }) => factKey(query))), failure: undefined });
}

function put(key: string, value: PacketFacts): void {
  const packets = new Map(useFacts.getState().packets);
  packets.delete(key);
  packets.set(key, value);
  for (const oldest of packets.keys()) {
    if (packets.size <= PACKETS_MAX) break;
    packets.delete(oldest);
  }
  useFacts.setState({ packets });
}
