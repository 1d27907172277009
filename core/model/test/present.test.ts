import { expect, it } from 'vitest';
import { asNs } from '../../base/units.ts';
import { Present } from '../present.ts';

it('the present goes on after the newest record, however late that came, and whatever the clocks say', () => {
  const present = new Present();
  expect(present.at(5e9)).toBeUndefined();
  present.saw(asNs(100), 5e9 + 400);
  present.saw(asNs(1000), 5e9 + 1050); // late by 50
  present.saw(asNs(1100), 5e9 + 9000); // held up on the way
  expect(present.at(5e9 + 9000)).toBe(8950);
  expect(present.at(15e9)).toBe(10e9 - 50);
});

it('a source that starts again has a time of its own', () => {
  const present = new Present();
  present.saw(asNs(50e9), 60e9);
  present.restart();
  present.saw(asNs(1e9), 70e9);
  expect(present.at(71e9)).toBe(2e9);
});
