import { expect, it } from 'vitest';
import { NO_STATS } from '../../../core/messages/source.ts';
import { summaryText } from '../summary.ts';

const facts = { printed: 1200, packets: 9, missing: 0, malformed: 0, durationMs: 3210 };

it('the summary says what was lost where, once', () => {
  const stats = {
    ...NO_STATS,
    events: 1234,
    lostRing: [0, 30],
    trackFull: [2, 0],
    undelivered: 4,
    packets: 9,
  };
  expect(summaryText({ ...facts, stats, missing: 30 }).split('\n')).toEqual([
    '1,234 events, 34 lost, 9 packets, 1,200 lines in 3.21 s',
    '  lost: 30 on CPU 1, the ring buffer was full (see --ring-size)',
    '  lost: 4 left in the ring buffer at the end',
    '  2 packets could not be followed: the table was full (see --tracked)',
  ]);
});

it('the summary says what was passed over, and does not call it lost', () => {
  const stats = {
    ...NO_STATS,
    events: 10,
    rateLimited: [0, 5],
    stackFull: [3],
    longLived: 1,
    oldestNs: 42e9,
  };
  expect(summaryText({ ...facts, stats }).split('\n')).toEqual([
    '10 events, 0 lost, 9 packets, 1,200 lines in 3.21 s',
    '  5 packets were not followed: beyond --flow-rate',
    '  3 stacks were not taken: the table was full (see --stack-table)',
    '  1 packets were still followed after ten seconds, the oldest for 42.0 s',
  ]);
});
