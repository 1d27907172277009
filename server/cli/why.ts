/** `--why`: how each packet ended, and why; told once its records are all there. */
import { asNs } from '../../core/base/units.ts';
import type { Fact } from '../../core/messages/facts.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import type { Explanation } from '../../core/model/explanation.ts';
import type { NameBook } from '../../core/model/names.ts';
import { readPath } from '../../core/model/path.ts';
import { RecordCursor } from '../../core/wire/cursor.ts';
import { FLAG, KIND } from '../../core/wire/layout.gen.ts';
import { type AskFacts, askSeldom, explainPath } from '../explain.ts';

export interface ExplainerOptions {
  /** More may come. */
  readonly names: NameBook;
  /** Of a recording the host is asked each time, of what runs seldom. */
  readonly facts: AskFacts;
  tell(explanation: Explanation, facts: readonly Fact[]): void;
  /** The records come from a recording, as fast as they are taken: their own time is all there is. */
  readonly isRecorded?: boolean;
  /** False: of a packet that is not seen to end nothing follows, as in another tool's capture. */
  readonly endsAreTold?: boolean;
  /** Only packets that the kernel dropped, and those without an end: as long as nobody reads what is told. */
  readonly isFew?: boolean;
}

/**
 * A function that frees a packet says what it decided only then, so an end is explained a few ticks later. Ticks and
 * not a time: a machine that stood still has used up the time, and has read nothing meanwhile.
 */
const SETTLE_TICKS = 3;
const TICK_MS = 50;
/** Packets that may wait to be explained; beyond that the oldest are not, and counted. */
const WAITING_MAX = 4096;
/** As long as so many ticks, in a recording's time. */
const SETTLE_NS = SETTLE_TICKS * TICK_MS * 1e6;
/** Packets without an end that are explained where only few are; the newest. */
const OPEN_MAX = 1000;

interface Ended {
  readonly packet: number;
  /** When it ended: a tick or, of a recording, ns. */
  readonly at: number;
}

/** Keeps the newest packets' records (as the server's session does, in bounded memory) and explains each that ends. */
export class Explainer {
  readonly #options: ExplainerOptions;
  readonly #assembler = new SessionAssembler();
  readonly #cursor = new RecordCursor();
  readonly #ended: Ended[] = [];
  /** Seen and not yet explained, oldest first. */
  readonly #open = new Set<number>();
  readonly #ask: AskFacts;
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  #telling: Promise<void> = Promise.resolve();
  #lastNs = 0;
  #unexplained = 0;

  constructor(options: ExplainerOptions) {
    this.#options = options;
    this.#ask = options.isRecorded === true ? options.facts : askSeldom(options.facts);
  }

  /** Packets that were not explained because too many ended at once. */
  get unexplained(): number {
    return this.#unexplained;
  }

  /** Takes in whole records; of a recording, resolves once everything that has settled is told. */
  take(batch: Uint8Array): Promise<void> | undefined {
    const own = batch.slice();
    // known before the packets of a source, told as they come of another tool's capture
    this.#assembler.takeNamesOf(this.#options.names);
    this.#assembler.take(own);
    this.#cursor.reset(own);
    while (this.#cursor.next()) this.#note();
    if (this.#options.isRecorded === true) {
      this.#explainSettled(this.#lastNs - SETTLE_NS);
      return this.#telling;
    }
    this.#timer ??= setInterval(() => {
      this.#tick += 1;
      this.#explainSettled(this.#tick - SETTLE_TICKS);
    }, TICK_MS);
    return undefined;
  }

  /** Explains every packet that is left, ended or not. Resolves when all is told. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    this.#explainSettled(Number.POSITIVE_INFINITY);
    // those that wait are few; a table full of them would be explained for longer than anybody waits
    const open = [...this.#open];
    for (const packet of this.#options.isFew ? open.slice(-OPEN_MAX) : open) this.#explain(packet);
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
    const { isFew = false, isRecorded = false } = this.#options;
    if (isFew && (cursor.flags & FLAG.dropped) === 0) {
      this.#open.delete(cursor.packet);
      return;
    }
    if (!isRecorded && this.#ended.length >= WAITING_MAX) {
      const oldest = this.#ended.shift();
      if (oldest !== undefined) this.#open.delete(oldest.packet);
      this.#unexplained += 1;
    }
    this.#ended.push({ packet: cursor.packet, at: isRecorded ? cursor.timeNs : this.#tick });
  }

  #explainSettled(until: number): void {
    for (let first = this.#ended[0]; first !== undefined && first.at <= until; first = this.#ended[0]) {
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
    const { endsAreTold = true } = this.#options;
    const options = path.free === undefined && endsAreTold ? { nowNs: asNs(this.#lastNs) } : {};
    const explained = explainPath(path, this.#options.names, this.#ask, options);
    this.#telling = this.#telling.then(async () => {
      const { diagnosis, facts } = await explained;
      this.#options.tell({ row, path, diagnosis }, facts);
    });
  }
}
