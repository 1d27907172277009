import { expect, it } from 'vitest';
import { NO_STATS } from '../../../core/messages/source.ts';
import { summaryText } from '../summary.ts';

const facts = { printed: 1200, packets: 9, arrived: 1200, malformed: 0, durationMs: 3210 };

it('the summary says what was lost where, once', () => {
  const stats = {
    ...NO_STATS,
    events: 1234,
    lostRing: [0, 30],
    trackFull: [2, 0],
    undelivered: 4,
    packets: 9,
  };
  expect(summaryText({ ...facts, stats }).split('\n')).toEqual([
    '1,234 events, 34 lost, 9 packets, 1,200 lines in 3.21 s',
    '  lost: 30 on CPU 1, the ring buffer was full (see --ring-size)',
    '  lost: 4 left in the ring buffer at the end',
    '  2 packets could not be followed: the table was full (see --tracked)',
  ]);
});

it('the summary says what was passed over, and does not call it lost', () => {
  const stats = {
    ...NO_STATS,
    events: 1200,
    rateLimited: [0, 5],
    stackFull: [3],
    longLived: 1,
    oldestNs: 42e9,
    detaching: 129,
  };
  expect(summaryText({ ...facts, stats }).split('\n')).toEqual([
    '1,200 events, 0 lost, 9 packets, 1,200 lines in 3.21 s',
    '  5 packets were not followed: beyond --flow-rate',
    '  3 stacks were not taken: the table was full (see --stack-table)',
    '  1 packets were still followed after ten seconds, the oldest for 42.0 s',
    '  detaching: 129 probes left, which nobody needs to wait for',
  ]);
});

it('in tail mode the summary says of how many packets some were told', () => {
  const stats = { ...NO_STATS, events: 1200, packets: 4000, told: 9, trailFull: 17 };
  const below = (more: typeof stats) =>
    summaryText({ ...facts, stats: more, isTail: true })
      .split('\n')
      .slice(1);
  expect(below({ ...stats, told: 0, trailFull: 0 })).toEqual([
    '  told: 0 of 4,000 packets that were followed (--tail)',
  ]);
  expect(below(stats)).toEqual([
    '  told: 9 of 4,000 packets that were followed (--tail)',
    '  17 records were not kept: their packets had too many (--tail)',
  ]);
});

it('the summary tells what did not arrive, the last events too', () => {
  const stats = { ...NO_STATS, events: 1203 };
  expect(summaryText({ ...facts, stats }).split('\n')).toEqual([
    '1,203 events, 3 lost, 9 packets, 1,200 lines in 3.21 s',
    '  lost: 3 between the agent and here',
  ]);
});

it('of a recording, what is not in it is not called lost', () => {
  const stats = { ...NO_STATS, events: 1300, lostRing: [20] };
  expect(summaryText({ ...facts, stats, isRecorded: true }).split('\n')).toEqual([
    '1,220 events, 20 lost, 9 packets, 1,200 lines in 3.21 s',
    '  lost: 20 on CPU 0, the ring buffer was full (see --ring-size)',
    '  80 more events of the same capture are not in this recording',
  ]);
});

it('the summary names functions that took no probe, the first of them', () => {
  const refused = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, reason: 'Invalid argument (errno 22)' }));
  const of = (some: typeof refused) =>
    summaryText({ ...facts, stats: NO_STATS, refused: some })
      .split('\n')
      .at(-1);
  expect(of(refused.slice(0, 1))).toBe('  1 function took no probe: a (Invalid argument (errno 22))');
  expect(of(refused)).toBe(
    '  5 functions took no probe: a (Invalid argument (errno 22)), b (Invalid argument (errno 22)), c (Invalid argument (errno 22)), and 2 more',
  );
  expect(of([])).not.toContain('took no probe');
});
