import { describe, expect, it } from 'vitest';
import { DEFAULT_SPEC, TAIL_TRACKED_PACKETS } from '../../messages/source.ts';
import { CHOSEN } from '../../wire/layout.gen.ts';
import { tail } from '../../wire/test/records.ts';
import {
  choiceOf,
  FOLLOW_CHOICES,
  FOLLOW_FOR_LIFE,
  followAs,
  followOf,
  tailText,
  toldText,
  withFollow,
} from '../follow.ts';
import type { Tail } from '../hop.ts';
import { HopReader } from '../reader.ts';

describe('how packets are followed', () => {
  it.each(FOLLOW_CHOICES.map(({ value }) => value))(
    '%s is found again in the capture that it makes',
    (choice) => {
      expect(choiceOf(followOf(withFollow(DEFAULT_SPEC, followAs(choice))))).toBe(choice);
    },
  );

  it('is no choice of the page when the command line asked for more', () => {
    expect(choiceOf({ keep: true, tail: { slowUs: 10_000, newPaths: true, oneIn: 0 } })).toBeUndefined();
  });

  it('has room for as many packets as is usual when the mode changes, and as before when not', () => {
    const few = { ...DEFAULT_SPEC, trackedPackets: 100 };
    expect(withFollow(few, followAs('matches')).trackedPackets).toBe(100);
    const tail = withFollow(few, followAs('drops'));
    expect(tail.trackedPackets).toBe(TAIL_TRACKED_PACKETS);
    expect(withFollow({ ...tail, trackedPackets: 64 }, followAs('new')).trackedPackets).toBe(64);
    const back = withFollow(tail, FOLLOW_FOR_LIFE);
    expect(back.trackedPackets).toBe(DEFAULT_SPEC.trackedPackets);
    expect(back).not.toHaveProperty('tail');
  });

  it.each([
    [{ slowUs: 0, newPaths: false, oneIn: 0 }, 'drops'],
    [{ slowUs: 2_000_000, newPaths: true, oneIn: 7 }, 'drops, over 2000 ms, new paths, 1 in 7'],
    [{ slowUs: 50, newPaths: false, oneIn: 0 }, 'drops, over 50 µs'],
  ])('%j is told as %s', (tail, text) => expect(tailText(tail)).toBe(text));

  it.each([
    [CHOSEN.slow, 0, 'told after 312 ms, as slow'],
    [CHOSEN.new, 3, 'told as the first on its path; 3 events not kept'],
    [CHOSEN.sampled, 0, 'told as one in so many'],
    [CHOSEN.dropped, 0, ''],
  ])('why a packet is told: %i, %i not kept', (chosen, missed, text) => {
    const bytes = tail({ records: 0, chosen, missed, time: 412e6, begun: 100e6 });
    const told: Tail[] = [];
    new HopReader().read(bytes, { tail: (one) => told.push(one) });
    expect(told.map(toldText)).toEqual([text]);
  });
});
