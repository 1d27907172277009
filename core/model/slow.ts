/**
 * What is slow on a path is measured by the path itself: this much longer than its usual step, and at least so long
 * that it could matter to anybody. What takes this long is slow whatever the others took.
 */
const FACTOR = 10;
const LEAST_NS = 50_000;
const ALWAYS_NS = 10_000_000;

/** The least time between two steps that is slow, out of all times between steps of a path. */
export function slowFrom(deltasNs: readonly number[]): number {
  const sorted = Float64Array.from(deltasNs).sort();
  const usual = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return Math.min(ALWAYS_NS, Math.max(usual * FACTOR, LEAST_NS));
}
