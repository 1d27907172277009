/** What the host said about itself while it was recorded, by the packet that it explained. */
import { FACT_QUERIES_MAX, type Fact, type FactQuery } from '../../core/messages/facts.ts';
import type { RecordedFacts, RecordedMessage } from '../../core/messages/recording.ts';
import { factKey } from '../../core/model/facts.ts';

/** Different answers, and packets explained, that a recording is asked for; of more the newest count. */
const FACTS_MAX = 1 << 14;
const PACKETS_MAX = 1 << 20;

/** Makes messages of explanations: an answer that was there before is named, not told again. */
export class FactRecorder {
  readonly #write: (message: RecordedFacts) => void;
  readonly #ids = new Map<string, number>();
  #nextId = 0;

  constructor(write: (message: RecordedFacts) => void) {
    this.#write = write;
  }

  /** Also when there was none: of a packet that was not asked about, another's answers count. */
  explained(packet: number, facts: readonly Fact[]): void {
    const ids = facts.map((fact) => this.#idOf(fact));
    this.#write({ type: 'explained', packet, facts: ids });
  }

  #idOf(fact: Fact): number {
    const text = JSON.stringify(fact);
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    if (this.#ids.size >= FACTS_MAX) this.#ids.clear(); // told again then
    const id = this.#nextId;
    this.#nextId += 1;
    this.#ids.set(text, id);
    this.#write({ type: 'fact', id, fact });
    return id;
  }
}

/** Answers as the host did. */
export class RecordedFactBook {
  readonly #facts = new Map<number, Fact>();
  readonly #packets = new Map<number, readonly number[]>();
  /** The last answer to each question. */
  readonly #byKey = new Map<string, Fact>();

  take(message: RecordedMessage): void {
    if (message.type === 'fact') {
      put(this.#facts, message.id, message.fact, FACTS_MAX);
      put(this.#byKey, factKey(message.fact.query), message.fact, FACTS_MAX);
    } else if (message.type === 'explained') put(this.#packets, message.packet, message.facts, PACKETS_MAX);
  }

  /** What was said for this packet or, of one that nobody asked about, what was said last. */
  answer(queries: readonly FactQuery[], packet: number | undefined): readonly Fact[] {
    const ids = packet === undefined ? undefined : this.#packets.get(packet);
    const facts = ids === undefined ? this.#byKey : this.#factsOf(ids);
    const known = queries.slice(0, FACT_QUERIES_MAX).map((query) => facts.get(factKey(query)));
    return known.filter((fact) => fact !== undefined);
  }

  #factsOf(ids: readonly number[]): ReadonlyMap<string, Fact> {
    const facts = ids.map((id) => this.#facts.get(id)).filter((fact) => fact !== undefined);
    return new Map(facts.map((fact) => [factKey(fact.query), fact]));
  }
}

/** The oldest gives way. */
function put<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  if (map.size >= max && !map.has(key)) {
    const [oldest] = map.keys();
    if (oldest !== undefined) map.delete(oldest);
  }
  map.set(key, value);
}
