/** When something was lost, by cause: totals over a capture in a bounded number of equal parts of its time. */
import { allCpus, lostEvents, type TracerStats } from '../../messages/source.ts';
import type { SessionCounters } from '../counters.ts';
import { LOSS_CAUSES, type LossCause } from './causes.ts';

/** Parts of the time; when all are used, two become one. */
export const LOSS_BINS = 120;
/** The first parts, milliseconds. */
const BIN_MS = 1000;

/** Samples after which what the kernel counted is sure to cover what the records' gaps told: see `gaps` below. */
const GAPS_BEHIND = 2;

export interface LossSeries {
  readonly cause: LossCause;
  /** Since the capture began. */
  readonly total: number;
  /** Wall clock (ms since 1970) of the sample that told of the last one. */
  readonly lastUnixMs: number;
  /** {@link LOSS_BINS} counts. */
  readonly bins: readonly number[];
}

export interface LossTimeline {
  /** Wall clock (ms since 1970) at which the capture began to be watched, and now. */
  readonly fromUnixMs: number;
  readonly toUnixMs: number;
  /** Duration of a part, ms; the first begins at `fromUnixMs`. */
  readonly binMs: number;
  /** Causes that lost something; none: nothing was lost. */
  readonly series: readonly LossSeries[];
}

export interface LossSample {
  /** Wall clock, ms since 1970. */
  readonly atUnixMs: number;
  /** Counters of a session begin at 0; those of the tracer go on until the capture starts anew. */
  readonly session: number;
  readonly tracer: TracerStats;
  readonly counters: SessionCounters;
}

/** Counters that a new session sets back. */
const OF_SESSION: readonly LossCause[] = ['gaps', 'malformed', 'evicted'];

/** Keeps the history of one capture: 120 numbers for each cause that there was. */
export class LossHistory {
  readonly #series = new Map<LossCause, { total: number; last: number; bins: Float64Array }>();
  /** Highest count so far: a counter that is taken back does not lose twice. */
  readonly #seen = new Map<LossCause, number>();
  #missing: number[] = [];
  #session = -1;
  #from = 0;
  #to = 0;
  #binMs = BIN_MS;

  /** A capture begins. */
  restart(): void {
    this.#series.clear();
    this.#seen.clear();
    this.#missing = [];
    this.#session = -1;
    this.#from = 0;
    this.#to = 0;
    this.#binMs = BIN_MS;
  }

  /** Takes in what the counters say; they come in the order of time. */
  add({ atUnixMs, session, tracer, counters }: LossSample): void {
    if (this.#from === 0) this.#from = atUnixMs;
    this.#to = Math.max(this.#to, atUnixMs);
    if (session !== this.#session) {
      this.#session = session;
      for (const cause of OF_SESSION) this.#seen.set(cause, 0);
      this.#missing = [];
    }
    while (this.#to - this.#from >= this.#binMs * LOSS_BINS) this.#halve();
    const now = countsOf(tracer, counters, this.#gaps(tracer, counters));
    for (const cause of LOSS_CAUSES) {
      const before = this.#seen.get(cause) ?? 0;
      if (now[cause] <= before) continue;
      this.#seen.set(cause, now[cause]);
      this.#count(cause, now[cause] - before);
    }
  }

  get report(): LossTimeline {
    return {
      fromUnixMs: this.#from,
      toUnixMs: this.#to,
      binMs: this.#binMs,
      series: LOSS_CAUSES.flatMap((cause) => {
        const one = this.#series.get(cause);
        return one === undefined
          ? []
          : [{ cause, total: one.total, lastUnixMs: one.last, bins: [...one.bins] }];
      }),
    };
  }

  #count(cause: LossCause, count: number): void {
    const one = this.#series.get(cause) ?? { total: 0, last: 0, bins: new Float64Array(LOSS_BINS) };
    const bin = Math.floor((this.#to - this.#from) / this.#binMs);
    one.total += count;
    one.last = this.#to;
    one.bins[bin] = (one.bins[bin] ?? 0) + count;
    this.#series.set(cause, one);
  }

  /**
   * Missing numbers that the ring buffer does not explain. Records arrive before the kernel's counts of the same
   * moment do, so that gaps are held against counts of two samples later.
   */
  #gaps(tracer: TracerStats, { missing }: SessionCounters): number {
    this.#missing.push(missing);
    if (this.#missing.length <= GAPS_BEHIND) return 0;
    const before = this.#missing.shift() ?? 0;
    // what came late meanwhile is not missing
    return Math.max(0, Math.min(before, missing) - lostEvents(tracer));
  }

  #halve(): void {
    this.#binMs *= 2;
    for (const { bins } of this.#series.values())
      for (let i = 0; i < LOSS_BINS; i += 1)
        bins[i] = i < LOSS_BINS / 2 ? (bins[2 * i] ?? 0) + (bins[2 * i + 1] ?? 0) : 0;
  }
}

const countsOf = (
  tracer: TracerStats,
  session: SessionCounters,
  gaps: number,
): Readonly<Record<LossCause, number>> => ({
  ring: allCpus(tracer.lostRing),
  missed: tracer.missed,
  gaps,
  undelivered: tracer.undelivered,
  malformed: session.malformed,
  trackFull: allCpus(tracer.trackFull),
  trailFull: tracer.trailFull,
  stackFull: allCpus(tracer.stackFull),
  rateLimited: allCpus(tracer.rateLimited),
  evicted: session.evicted,
});
