/** What is slow on a path. */
import { describe, expect, it } from 'vitest';
import { slowFrom } from '../slow.ts';

describe('a slow step', () => {
  it('takes far longer than the usual one of its path, and long enough to matter', () => {
    expect(slowFrom([1000, 1000, 2000, 90_000])).toBe(50_000);
    expect(slowFrom([20_000, 20_000, 30_000, 900_000])).toBe(200_000);
  });

  it('is one of few, too: where there is nothing to compare it with, only what is slow anyhow', () => {
    expect(slowFrom([5_000_000_000])).toBe(10_000_000);
    expect(slowFrom([1000, 400_000])).toBe(50_000);
    expect(slowFrom([])).toBe(50_000);
  });
});
