import { exponentOf } from '../analysis/histograms.ts';

/** The levels of a heat map: two for each power of two of nanoseconds, up to 2^43, which is more than two hours. */
const EXPONENT_MAX = 43;
export const LEVELS = 2 * (EXPONENT_MAX + 1);

/** What takes less than 1 ns is at the first level, what takes longer than the last one is there. */
export function levelOf(ns: number): number {
  if (!(ns >= 1)) return 0;
  const exponent = exponentOf(ns);
  if (exponent > EXPONENT_MAX) return LEVELS - 1;
  return 2 * exponent + (ns >= levelFrom(2 * exponent + 1) ? 1 : 0);
}

/** The least duration of a level, in ns. */
export const levelFrom = (level: number): number =>
  level % 2 === 0 ? 2 ** (level / 2) : Math.SQRT2 * 2 ** ((level - 1) / 2);
