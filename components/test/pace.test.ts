import { describe, expect, it } from 'vitest';
import { Pace } from '../state/pace.ts';

describe('a pace', () => {
  it('begins at once, and rests for as long as is asked for when it costs little', () => {
    const pace = new Pace(100, 1000, 1 / 16);
    expect(pace.waitMs(0)).toBeLessThanOrEqual(0);
    pace.begin(50);
    pace.end(52);
    expect(pace.waitMs(60)).toBe(90);
  });

  it('takes no more than its share of the time', () => {
    const pace = new Pace(100, 1000, 1 / 16);
    pace.begin(0);
    pace.end(25);
    expect(pace.waitMs(25)).toBe(375);
  });

  it('goes on once in a while, whatever it costs, and is quick again when that is over', () => {
    const pace = new Pace(100, 1000, 1 / 16);
    pace.begin(0);
    pace.end(500);
    expect(pace.waitMs(500)).toBe(500);
    pace.begin(1000);
    pace.end(1001);
    expect(pace.waitMs(1001)).toBe(99);
  });
});
