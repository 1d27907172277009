/** Why a packet ended, with what its host says about that. */
import { FACT_QUERIES_MAX, type Fact, type FactQuery } from '../core/messages/facts.ts';
import { type DiagnoseOptions, type Diagnosis, diagnose } from '../core/model/diagnosis/index.ts';
import { factKey } from '../core/model/facts.ts';
import type { Path } from '../core/model/hop.ts';
import type { NameBook } from '../core/model/names.ts';

/** Asks the host what explains this packet; what cannot be had is no fact. */
export type AskFacts = (queries: readonly FactQuery[], packet: number) => Promise<readonly Fact[]>;

/** What the host said is believed for so long. */
const FACT_MS = 2000;
const FACTS_MAX = 1024;

/** Asks each question once in {@link FACT_MS}: packets that end alike want to know the same. */
export function askSeldom(ask: AskFacts): AskFacts {
  const known = new Map<string, { readonly fact: Promise<Fact | undefined>; readonly atMs: number }>();
  return async (queries, packet) => {
    const nowMs = performance.now();
    const missing = queries.slice(0, FACT_QUERIES_MAX).filter((query) => {
      const one = known.get(factKey(query));
      return one === undefined || nowMs - one.atMs > FACT_MS;
    });
    if (missing.length > 0) {
      if (known.size + missing.length > FACTS_MAX) known.clear();
      const answers = ask(missing, packet);
      for (const query of missing) {
        const key = factKey(query);
        const fact = answers.then((facts) => facts.find((one) => factKey(one.query) === key));
        known.set(key, { fact, atMs: nowMs });
      }
    }
    const facts = await Promise.all(queries.map((query) => known.get(factKey(query))?.fact));
    return facts.filter((fact) => fact !== undefined);
  };
}

export interface Explained {
  /** Undefined: there is nothing to explain. */
  readonly diagnosis: Diagnosis | undefined;
  readonly facts: readonly Fact[];
}

/** Asks at once, before it is awaited: what the host says now is about what happened now. */
export async function explainPath(
  path: Path,
  names: NameBook,
  ask: AskFacts,
  options: DiagnoseOptions = {},
): Promise<Explained> {
  const first = diagnose(path, names, [], options);
  const asked = first?.wants ?? [];
  const wanted = (queries: readonly FactQuery[]) =>
    queries.length === 0 ? [] : ask(queries.slice(0, FACT_QUERIES_MAX), path.packet);
  const known = await wanted(asked);
  const told = known.length === 0 ? first : diagnose(path, names, known, options);
  // an answer may raise a question: of the neighbour that a route leads to
  const keys = new Set(asked.map(factKey));
  const more = await wanted(told?.wants.filter((query) => !keys.has(factKey(query))) ?? []);
  const facts = [...known, ...more];
  return { diagnosis: more.length === 0 ? told : diagnose(path, names, facts, options), facts };
}
