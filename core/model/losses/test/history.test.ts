import { describe, expect, it } from 'vitest';
import { NO_STATS, type TracerStats } from '../../../messages/source.ts';
import type { SessionCounters } from '../../counters.ts';
import { LOSS_BINS, LossHistory } from '../history.ts';

const COUNTERS: SessionCounters = {
  packets: 0, hops: 0, missing: 0, malformed: 0, unnumbered: 0, evicted: 0, bytes: 0, budgetBytes: 1,
}; // biome-ignore format: short
const START = 1_700_000_000_000;

function watch(history: LossHistory) {
  let second = 0;
  return (
    tracer: Partial<TracerStats>,
    counters: Partial<SessionCounters> = {},
    { session = 1, seconds = 1 } = {},
  ) => {
    history.add({
      atUnixMs: START + second * 1000,
      session,
      tracer: { ...NO_STATS, ...tracer },
      counters: { ...COUNTERS, ...counters },
    });
    second += seconds;
  };
}
const totals = (history: LossHistory) =>
  Object.fromEntries(history.report.series.map(({ cause, total }) => [cause, total]));

describe('the history of losses', () => {
  it('has no cause while nothing is lost', () => {
    const history = new LossHistory();
    const sees = watch(history);
    sees({ events: 10 });
    sees({ events: 20 });
    expect(history.report).toEqual({ fromUnixMs: START, toUnixMs: START + 1000, binMs: 1000, series: [] });
  });

  it('puts what each cause lost where it was told, all CPUs together', () => {
    const history = new LossHistory();
    const sees = watch(history);
    sees({ lostRing: [1, 2] });
    sees({ lostRing: [1, 2], trackFull: [4] });
    sees({ lostRing: [5, 2], trackFull: [4] });
    expect(totals(history)).toEqual({ ring: 7, trackFull: 4 });
    const [ring] = history.report.series;
    expect(ring?.bins.slice(0, 4)).toEqual([3, 0, 4, 0]);
    expect(ring?.lastUnixMs).toBe(START + 2000);
  });

  it('counts a gap that the ring explains once, though the ring’s count comes later', () => {
    const history = new LossHistory();
    const sees = watch(history);
    sees({}, {});
    sees({}, { missing: 9 });
    sees({ lostRing: [9] }, { missing: 9 });
    sees({ lostRing: [9] }, { missing: 9 });
    sees({ lostRing: [9] }, { missing: 9 });
    expect(totals(history)).toEqual({ ring: 9 });
  });

  it('counts a gap that nothing explains, and none that a late record fills', () => {
    const history = new LossHistory();
    const sees = watch(history);
    for (const missing of [2, 2, 2, 50, 2, 2, 2, 2]) sees({}, { missing });
    expect(totals(history)).toEqual({ gaps: 2 });
  });

  it('goes on over a new session, whose own counters begin at 0', () => {
    const history = new LossHistory();
    const sees = watch(history);
    sees({ lostRing: [3] }, { malformed: 2 });
    sees({ lostRing: [3] }, { malformed: 0 }, { session: 2 });
    sees({ lostRing: [3] }, { malformed: 1 }, { session: 2 });
    expect(totals(history)).toEqual({ ring: 3, malformed: 3 });
  });

  it('is bounded: parts become longer, and their sum stays', () => {
    const history = new LossHistory();
    const sees = watch(history);
    for (let i = 1; i <= 1000; i += 1) sees({ lostRing: [i] });
    const { binMs, series, fromUnixMs, toUnixMs } = history.report;
    expect(series[0]?.bins).toHaveLength(LOSS_BINS);
    expect(series[0]?.bins.reduce((sum, count) => sum + count, 0)).toBe(1000);
    expect(binMs * LOSS_BINS).toBeGreaterThan(toUnixMs - fromUnixMs);
    expect(binMs).toBe(16_000);
  });

  it('begins anew with a capture', () => {
    const history = new LossHistory();
    const sees = watch(history);
    sees({ lostRing: [3] });
    history.restart();
    sees({ lostRing: [] });
    expect(history.report.series).toEqual([]);
    expect(history.report.fromUnixMs).toBe(START + 1000);
  });
});
