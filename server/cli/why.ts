/** `--why`: how each packet ended, and why; told once its records are all there. */
import { asNs } from '../../core/base/units.ts';
import { FACT_QUERIES_MAX, type Fact, type FactQuery } from '../../core/messages/facts.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import { type Diagnosis, diagnose } from '../../core/model/diagnosis/index.ts';
import { factKey } from '../../core/model/facts.ts';
import type { Path } from '../../core/model/hop.ts';
import type { NameBook } from '../../core/model/names.ts';
import type { PacketRow } from '../../core/model/packet.ts';
import { readPath } from '../../core/model/path.ts';
import { RecordCursor } from '../../core/wire/cursor.ts';
import { KIND } from '../../core/wire/layout.gen.ts';

/** One packet's end in words. */
export interface Explanation {
  readonly row: PacketRow;
  readonly path: Path;
  readonly diagnosis: Diagnosis | undefined;
}

export interface ExplainerOptions {
  /** Has functions and drop reasons already; namespaces and symbols may come. */
  readonly names: NameBook;
  /** Asks the agent; what cannot be had is no fact. */
  facts(queries: readonly FactQuery[]): Promise<readonly Fact[]>;
  tell(explanation: Explanation): void;
}

/**
 * A function that frees a packet says what it decided only then, so an end is explained a few ticks later. Ticks and
 * not a time: a machine that stood still has used up the time, and has read nothing meanwhile.
 */
const SETTLE_TICKS = 3;
const TICK_MS = 50;
/** Packets that may wait to be explained; beyond that the oldest are not, and counted. */
const WAITING_MAX = 4096;
/** What the host said is believed for so long. */
const FACT_MS = 2000;
const FACTS_MAX = 1024;

interface Ended {
  readonly packet: number;
  readonly tick: number;
}

/** Keeps the newest packets' records (as the server's session does, in bounded memory) and explains each that ends. */
export class Explainer {
  readonly #options: ExplainerOptions;
  readonly #assembler = new SessionAssembler();
  readonly #cursor = new RecordCursor();
  readonly #ended: Ended[] = [];
  /** Seen and not yet explained, oldest first. */
  readonly #open = new Set<number>();
  readonly #facts = new Map<string, { readonly fact: Promise<Fact | undefined>; readonly atMs: number }>();
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  #telling: Promise<void> = Promise.resolve();
  #lastNs = 0;
  #unexplained = 0;

  constructor(options: ExplainerOptions) {
    this.#options = options;
    const { names } = options;
    this.#assembler.takeNames({ functions: [...names.functions.values()], reasons: names.reasons });
  }

  /** Packets that were not explained because too many ended at once. */
  get unexplained(): number {
    return this.#unexplained;
  }

  /** Takes in whole records. */
  take(batch: Uint8Array): void {
    const own = batch.slice();
    this.#assembler.take(own);
    this.#cursor.reset(own);
    while (this.#cursor.next()) this.#note();
    this.#timer ??= setInterval(() => {
      this.#tick += 1;
      this.#explainSettled(this.#tick - SETTLE_TICKS);
    }, TICK_MS);
  }

  /** Explains every packet that is left, ended or not. Resolves when all is told. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    this.#explainSettled(Number.POSITIVE_INFINITY);
    for (const packet of this.#open) this.#explain(packet);
    await this.#telling;
  }

  #note(): void {
    const cursor = this.#cursor;
    if (cursor.isName || cursor.kind === KIND.socket) return;
    this.#lastNs = Math.max(this.#lastNs, cursor.timeNs);
    if (cursor.kind !== KIND.free) {
      // decisions may come behind the end
      if (cursor.kind !== KIND.decision) this.#open.add(cursor.packet);
      return;
    }
    if (this.#ended.length >= WAITING_MAX) {
      const oldest = this.#ended.shift();
      if (oldest !== undefined) this.#open.delete(oldest.packet);
      this.#unexplained += 1;
    }
    this.#ended.push({ packet: cursor.packet, tick: this.#tick });
  }

  #explainSettled(until: number): void {
    for (let first = this.#ended[0]; first !== undefined && first.tick <= until; first = this.#ended[0]) {
      this.#ended.shift();
      this.#explain(first.packet);
    }
  }

  /** One after another, so that they are told in the order of their ends. */
  #explain(packet: number): void {
    this.#open.delete(packet);
    const row = this.#assembler.row(packet);
    const records = this.#assembler.pathRecords(packet);
    if (row === undefined || records === undefined) {
      this.#unexplained += 1;
      return;
    }
    const path = readPath(records, packet);
    const options = path.free === undefined ? { nowNs: asNs(this.#lastNs) } : {};
    const first = diagnose(path, this.#options.names, [], options);
    const asked = first?.wants ?? [];
    const facts = this.#factsOf(asked);
    this.#telling = this.#telling.then(async () => {
      const known = await facts;
      const told = known.length === 0 ? first : diagnose(path, this.#options.names, known, options);
      // an answer may raise a question: of the neighbour that a route leads to
      const keys = new Set(asked.map(factKey));
      const more = await this.#factsOf(told?.wants.filter((query) => !keys.has(factKey(query))) ?? []);
      const all = [...known, ...more];
      const diagnosis = more.length === 0 ? told : diagnose(path, this.#options.names, all, options);
      this.#options.tell({ row, path, diagnosis });
    });
  }

  /** Asked at once, for what the host says now; each question once in {@link FACT_MS}. */
  async #factsOf(queries: readonly FactQuery[]): Promise<readonly Fact[]> {
    const nowMs = performance.now();
    const missing = queries.slice(0, FACT_QUERIES_MAX).filter((query) => {
      const known = this.#facts.get(factKey(query));
      return known === undefined || nowMs - known.atMs > FACT_MS;
    });
    if (missing.length > 0) {
      if (this.#facts.size + missing.length > FACTS_MAX) this.#facts.clear();
      const answers = this.#options.facts(missing);
      for (const query of missing) {
        const key = factKey(query);
        const fact = answers.then((facts) => facts.find((one) => factKey(one.query) === key));
        this.#facts.set(key, { fact, atMs: nowMs });
      }
    }
    const facts = await Promise.all(queries.map((query) => this.#facts.get(factKey(query))?.fact));
    return facts.filter((fact) => fact !== undefined);
  }
}
