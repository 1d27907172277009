import { expect, it } from 'vitest';
import { generator } from '../../../wire/test/random.ts';
import { Histograms } from '../histograms.ts';

it('tells quantiles within 7 % of any duration from 1 ns to two hours', () => {
  const histograms = new Histograms();
  const random = generator(11);
  for (let magnitude = 0; magnitude < 43; magnitude += 1) {
    const histogram = histograms.add();
    const values = Array.from({ length: 101 }, () =>
      Math.floor(2 ** magnitude * (1 + (random() % 1000) / 1000)),
    ).sort((a, b) => a - b);
    for (const value of values) histograms.record(histogram, value);
    for (const share of [0.5, 0.99]) {
      const exact = values[Math.ceil(values.length * share) - 1] ?? 0;
      expect(Math.abs(histograms.quantile(histogram, share) - exact)).toBeLessThanOrEqual(exact * 0.07);
    }
  }
});

it('keeps what is beyond its ends', () => {
  const histograms = new Histograms();
  const [low, high, empty] = [histograms.add(), histograms.add(), histograms.add()];
  for (const value of [-5, Number.NaN, 0]) histograms.record(low, value);
  for (const value of [2 ** 50, Number.POSITIVE_INFINITY]) histograms.record(high, value);
  expect(histograms.quantile(low, 0.99)).toBe(0);
  expect(histograms.quantile(high, 0.5)).toBeGreaterThan(2 ** 43);
  expect(histograms.quantile(empty, 0.5)).toBe(0);
});

it('keeps each apart from the others while it grows', () => {
  const histograms = new Histograms();
  const numbers = Array.from({ length: 200 }, () => histograms.add());
  for (const number of numbers) histograms.record(number, 2 ** (number % 40));
  for (const number of numbers)
    expect(histograms.quantile(number, 0.5) / 2 ** (number % 40)).toBeCloseTo(1, 0);
});
