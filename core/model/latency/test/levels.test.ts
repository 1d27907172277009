import { expect, it } from 'vitest';
import { LEVELS, levelFrom, levelOf } from '../levels.ts';

it('each level begins where the one before it ends', () => {
  for (let level = 0; level < LEVELS; level += 1) {
    const from = levelFrom(level);
    expect(levelOf(from * 1.0001), `level ${level}`).toBe(level);
    if (level > 0) expect(levelOf(from * 0.9999), `below level ${level}`).toBe(level - 1);
  }
  expect([0, -1, Number.NaN, 1, 2 ** 60].map(levelOf)).toEqual([0, 0, 0, 0, LEVELS - 1]);
  expect([2, 3, 4, 1000, 1024].map(levelOf)).toEqual([2, 3, 4, 19, 20]);
});
