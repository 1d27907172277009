import type { LiveStats } from '../../core/messages/browser.ts';
import { allCpus, lostEvents } from '../../core/messages/source.ts';
import { formatCount, formatDuration } from '../../core/model/format.ts';
import { CAUSE_TEXTS, type LossCause } from '../../core/model/losses/causes.ts';
import { PATHS_NUMBERED_MAX } from '../../core/model/path-table.ts';

/** One place where something was lost. Lost is ours; dropped is the kernel's: never mix them up. */
export interface Loss {
  readonly where: string;
  readonly count: number;
  /** What is counted, as a plural noun. */
  readonly unit: 'events' | 'packets' | 'records' | 'stacks' | 'updates';
  readonly meaning: string;
}

export interface LossReport {
  /** Events that did not reach the session: each is counted once. */
  readonly lostEvents: number;
  /** Packets that could not be followed at all; those that were not to be (a flow's rate) do not count. */
  readonly unfollowed: number;
  readonly losses: readonly Loss[];
  /** Not lost, but worth knowing: late, forgotten, passed over as asked for, or without an end until now. */
  readonly notShown: readonly Loss[];
}

/**
 * Sums the counters without counting an event twice: what the ring buffer lost leaves the same gap in the
 * records' sequence numbers (`missing`), so of the gaps only the excess counts.
 */
export function lossReport(stats: LiveStats, forgottenRows: number): LossReport {
  const { tracer, session } = stats;
  const gaps = Math.max(0, session.missing - lostEvents(tracer));
  const losses: Loss[] = [
    ...perCpu(tracer.lostRing, 'ring'),
    { ...told('missed'), count: tracer.missed },
    { ...told('gaps'), count: gaps },
    { ...told('undelivered'), count: tracer.undelivered },
    { ...told('malformed'), count: session.malformed },
    ...perCpu(tracer.trackFull, 'trackFull'),
    ...perCpu(tracer.stackFull, 'stackFull'),
  ];
  const notShown: Loss[] = [
    { ...told('rateLimited'), count: allCpus(tracer.rateLimited) },
    {
      where: 'Followed for long',
      count: tracer.longLived,
      unit: 'packets',
      meaning: `For more than ten seconds by now${tracer.longLived > 0 ? `, the oldest for ${formatDuration(tracer.oldestNs)}` : ''}: waiting in a queue, or their end was not seen.`,
    },
    { ...told('evicted'), count: session.evicted },
    {
      where: 'Paths told apart',
      count: session.unnumbered,
      unit: 'packets',
      meaning: `On paths beyond the first ${formatCount(PATHS_NUMBERED_MAX)}: these have no number to be found by.`,
    },
    {
      where: 'This page, oldest rows',
      count: forgottenRows,
      unit: 'packets',
      meaning: 'Let go from the list to keep the page quick.',
    },
    {
      where: 'This page, row updates',
      count: stats.shedRows,
      unit: 'updates',
      meaning: 'Intermediate states skipped because the page was busy; the latest state follows.',
    },
  ];
  return {
    lostEvents: lostEvents(tracer) + tracer.missed + gaps + session.malformed,
    unfollowed: allCpus(tracer.trackFull),
    losses,
    notShown,
  };
}

const told = (cause: LossCause): Omit<Loss, 'count'> => {
  const { where, unit, meaning, advice } = CAUSE_TEXTS[cause];
  return { where, unit, meaning: `${meaning} ${advice}` };
};

/** One entry for each CPU. */
const perCpu = (counts: readonly number[], cause: LossCause): readonly Loss[] =>
  counts.map((count, cpu) => {
    const loss = told(cause);
    return { ...loss, where: `${loss.where}, CPU ${cpu}`, count };
  });
