import type { Folded } from './messages.ts';

/** What may be done at once before batches and other questions get their turn. */
const SLICE_MS = 8;
const PACKETS_BETWEEN_LOOKS = 32;
const WAITING_MAX = 64;

/** What is made of packets, a piece at a time. */
export interface SlicedFold<T> {
  readonly isDone: boolean;
  /** Takes in the next `count` packets. */
  advance(count: number): void;
  result(): T;
}

/** What is asked of packets: ids in the order of first sight, null for all; what else there is can be JSON. */
export interface Question {
  readonly packets: Float64Array | null;
}

/** What is folded: which session, and what changes when something new is known of any packet. */
export interface Versioned {
  readonly session: number;
  readonly version: number;
}

interface Job<Q, T> {
  readonly question: Q;
  readonly key: string;
  readonly answers: ((answer: Folded<T>) => void)[];
}

/**
 * Folds packets on the session's thread: one question at a time, in slices between which batches are taken in. Who
 * asks the same gets the same answer, which is kept until something new is known of any packet.
 */
export class Analyst<Q extends Question, T> {
  readonly #session: Versioned;
  readonly #fold: (question: Q) => SlicedFold<T> | Promise<SlicedFold<T>>;
  readonly #now: () => number;
  readonly #later: (work: () => void) => void;
  readonly #jobs: Job<Q, T>[] = [];
  #last: { readonly key: string; readonly answer: Folded<T> } | undefined;

  constructor(
    session: Versioned,
    fold: (question: Q) => SlicedFold<T> | Promise<SlicedFold<T>>,
    now: () => number = () => performance.now(),
    later: (work: () => void) => void = (work) => void setImmediate(work),
  ) {
    this.#session = session;
    this.#fold = fold;
    this.#now = now;
    this.#later = later;
  }

  ask(question: Q, answer: (answer: Folded<T>) => void): void {
    const { session, version } = this.#session;
    const { packets, ...rest } = question;
    const which = packets === null ? 'all' : digest(packets);
    const key = `${session} ${version} ${which} ${JSON.stringify(rest)}`;
    if (this.#last?.key === key) {
      answer(this.#last.answer);
      return;
    }
    const same = this.#jobs.find((job) => job.key === key);
    const waiting = this.#jobs.reduce((sum, { answers }) => sum + answers.length, 0);
    if (waiting >= WAITING_MAX) answer({ session, analysis: undefined });
    else if (same !== undefined) same.answers.push(answer);
    else if (this.#jobs.push({ question, key, answers: [answer] }) === 1) this.#start();
  }

  #start(): void {
    const job = this.#jobs[0];
    if (job === undefined) return;
    const { session } = this.#session;
    const fold = this.#fold(job.question);
    if (fold instanceof Promise) void fold.then((ready) => this.#advance(job, session, ready));
    else this.#advance(job, session, fold);
  }

  #advance(job: Job<Q, T>, session: number, fold: SlicedFold<T>): void {
    const slice = () => {
      const until = this.#now() + SLICE_MS;
      const isOver = this.#session.session !== session;
      while (!isOver && !fold.isDone && this.#now() < until) fold.advance(PACKETS_BETWEEN_LOOKS);
      if (!isOver && !fold.isDone) {
        this.#later(slice);
        return;
      }
      const answer = isOver
        ? { session: this.#session.session, analysis: undefined }
        : { session, analysis: fold.result() };
      if (!isOver) this.#last = { key: job.key, answer };
      this.#jobs.shift();
      for (const tell of job.answers) tell(answer);
      if (this.#jobs.length > 0) this.#later(() => this.#start());
    };
    this.#later(slice);
  }
}

/** Of a list of ids: another list has another one, as far as it matters for what is shown. */
function digest(packets: Float64Array): string {
  const words = new Uint32Array(packets.buffer, packets.byteOffset, packets.length * 2);
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (const word of words) {
    low = Math.imul(low ^ word, 0x01000193);
    high = Math.imul(high ^ word ^ (high >>> 13), 0x5bd1e995);
  }
  return `${packets.length} ${low >>> 0} ${high >>> 0}`;
}
