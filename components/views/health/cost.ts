/** What the eBPF programs cost, from what was told at different times. */
import type { Cost } from '../../../core/messages/source.ts';

/** The program that all probes share. */
export const PROBES_PROGRAM = 'skbt_entry';

export interface ProgramCost {
  readonly runs: number;
  /** Mean over these runs, ns; 0 without any. */
  readonly nsPerRun: number;
}

export interface CostTable {
  readonly programs: ReadonlyMap<string, ProgramCost>;
  /** Share of one CPU that all of them took between the last two answers; undefined until there are two. */
  readonly cpuShare: number | undefined;
}

/** Answers since measuring was asked for: the first, the last but one, the last. */
export interface CostAnswers {
  readonly first: Cost;
  readonly before: Cost | undefined;
  readonly last: Cost;
}

/** Takes in an answer; where counts are lower than before, the capture began anew, and so does this. */
export function addAnswer(known: CostAnswers | undefined, cost: Cost): CostAnswers {
  const isOlder = known === undefined || runsOf(cost) < runsOf(known.last);
  return isOlder
    ? { first: cost, before: undefined, last: cost }
    : { first: known.first, before: known.last, last: cost };
}

const runsOf = ({ programs }: Cost): number => programs.reduce((sum, { runs }) => sum + runs, 0);
const timeOf = ({ programs }: Cost): number => programs.reduce((sum, { timeNs }) => sum + timeNs, 0);

export function costTable({ first, before, last }: CostAnswers): CostTable {
  const began = new Map(first.programs.map((one) => [one.name, one]));
  const programs = new Map(
    last.programs.map(({ name, runs, timeNs }) => {
      const start = began.get(name) ?? { runs: 0, timeNs: 0 };
      const counted = Math.max(0, runs - start.runs);
      const took = Math.max(0, timeNs - start.timeNs);
      return [name, { runs: counted, nsPerRun: counted === 0 ? 0 : took / counted }];
    }),
  );
  const passedMs = before === undefined ? 0 : last.atMs - before.atMs;
  return {
    programs,
    cpuShare:
      before === undefined || passedMs <= 0
        ? undefined
        : Math.max(0, timeOf(last) - timeOf(before)) / (passedMs * 1e6),
  };
}
