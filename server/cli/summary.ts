/** The last words on stderr: how much was seen, and what was lost where. */
import { allCpus, lostEvents, type TracerStats } from '../../core/messages/source.ts';
import { formatCount, formatDuration } from '../../core/model/format.ts';

export interface SummaryFacts {
  readonly stats: TracerStats;
  readonly printed: number;
  readonly packets: number;
  /** Events that arrived here, printed or not. */
  readonly arrived: number;
  readonly malformed: number;
  readonly durationMs: number;
  /** Read from a recording, which need not have all that its capture recorded: it is of a part of it, or was saved meanwhile. */
  readonly isRecorded?: boolean;
  /** In tail mode. */
  readonly isTail?: boolean;
  /** Packets that `--why` could not explain: too many ended at once. */
  readonly unexplained?: number;
  /** Functions that took no probe, and why. */
  readonly refused?: readonly Refused[];
}

interface Refused {
  readonly name: string;
  readonly reason: string;
}

/** So many of those that took no probe are named. */
const REFUSED_TOLD = 3;

function refusedText(refused: readonly Refused[]): string {
  const told = refused.slice(0, REFUSED_TOLD).map(({ name, reason }) => `${name} (${reason})`);
  const more = refused.length - told.length;
  return `  ${formatCount(refused.length)} ${refused.length === 1 ? 'function' : 'functions'} took no probe: ${told.join(', ')}${more > 0 ? `, and ${formatCount(more)} more` : ''}`;
}

/**
 * `1,234 events, 0 lost, 12 packets, 1,234 lines in 3.21 s`, and a line for every place where something was lost.
 * Events are what the kernel side recorded, lost ones included.
 */
export function summaryText(facts: SummaryFacts): string {
  const { stats, arrived, malformed } = facts;
  const trackFull = allCpus(stats.trackFull);
  const rateLimited = allCpus(stats.rateLimited);
  const stackFull = allCpus(stats.stackFull);
  // what neither the ring nor what was left in it explains
  const notHere = Math.max(0, stats.events - arrived - lostEvents(stats));
  const onTheWay = facts.isRecorded === true ? 0 : notHere;
  const elsewhere = notHere - onTheWay;
  const lost = lostEvents(stats) + onTheWay;
  const lines = [
    `${formatCount(stats.events - elsewhere)} events, ${formatCount(lost)} lost, ${formatCount(facts.packets)} packets, ` +
      `${formatCount(facts.printed)} lines in ${formatDuration(facts.durationMs * 1e6)}`,
  ];
  for (const [cpu, count] of stats.lostRing.entries())
    if (count > 0)
      lines.push(`  lost: ${formatCount(count)} on CPU ${cpu}, the ring buffer was full (see --ring-size)`);
  if (stats.undelivered > 0)
    lines.push(`  lost: ${formatCount(stats.undelivered)} left in the ring buffer at the end`);
  if (onTheWay > 0) lines.push(`  lost: ${formatCount(onTheWay)} between the agent and here`);
  if (elsewhere > 0)
    lines.push(`  ${formatCount(elsewhere)} more events of the same capture are not in this recording`);
  if (malformed > 0) lines.push(`  ${formatCount(malformed)} records were not understood and skipped`);
  if (trackFull > 0)
    lines.push(
      `  ${formatCount(trackFull)} packets could not be followed: the table was full (see --tracked)`,
    );
  if (facts.isTail === true)
    lines.push(
      `  told: ${formatCount(stats.told)} of ${formatCount(stats.packets)} packets that were followed (--tail)`,
    );
  if (stats.trailFull > 0)
    lines.push(
      `  ${formatCount(stats.trailFull)} records were not kept: their packets had too many (--tail)`,
    );
  if (rateLimited > 0)
    lines.push(`  ${formatCount(rateLimited)} packets were not followed: beyond --flow-rate`);
  if (stackFull > 0)
    lines.push(`  ${formatCount(stackFull)} stacks were not taken: the table was full (see --stack-table)`);
  if (stats.longLived > 0)
    lines.push(
      `  ${formatCount(stats.longLived)} packets were still followed after ten seconds, the oldest for ${formatDuration(stats.oldestNs)}`,
    );
  if (facts.unexplained !== undefined && facts.unexplained > 0)
    lines.push(`  ${formatCount(facts.unexplained)} packets were not explained: too many ended at once`);
  if (facts.refused !== undefined && facts.refused.length > 0) lines.push(refusedText(facts.refused));
  if (stats.missed > 0)
    lines.push(`  ${formatCount(stats.missed)} probe hits were skipped by the kernel (nested probes)`);
  if (stats.detaching > 0)
    lines.push(`  detaching: ${formatCount(stats.detaching)} probes left, which nobody needs to wait for`);
  return lines.join('\n');
}
