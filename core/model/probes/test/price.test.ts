import { describe, expect, it } from 'vitest';
import { priceText } from '../price.ts';

describe('the price of probes', () => {
  it.each([
    [{ functions: 34, ms: 1000, hits: 12_400, nsPerHit: 310.4 }, 'netfilter: 34 functions more, hit 12,400 times a second: at 310 ns a hit 0.4 % of one CPU.'],
    [{ functions: 1893, ms: 2000, hits: 9_000_000, nsPerHit: 200 }, 'netfilter: 1,893 functions more, hit 4,500,000 times a second: at 200 ns a hit 90.0 % of one CPU.'],
    [{ functions: 1, ms: 1000, hits: 1, nsPerHit: 300 }, 'netfilter: 1 function more, hit 1 times a second: at 300 ns a hit less than 0.1 % of one CPU.'],
    [{ functions: 3, ms: 1000, hits: 0, nsPerHit: 300 }, 'netfilter: 3 functions more, not hit within a second: with this traffic they cost nothing.'],
    [{ functions: 3, ms: 1000, hits: 50, nsPerHit: 0 }, 'netfilter: 3 functions more, hit 50 times a second; no hit of the present probes says how long one takes.'],
    [{ functions: 0, ms: 1000, hits: 0, nsPerHit: 0 }, 'netfilter: no function more than are probed now.'],
  ])('%j', (price, text) => expect(priceText('netfilter', price)).toBe(text)); // biome-ignore format: a table
});
