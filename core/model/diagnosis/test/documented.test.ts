/** docs/diagnosis.md says what there is: every rule, in order, and every reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diagnose, RULES } from '../index.ts';
import { build, udp } from './build.ts';
import { REASONS_6_1, REASONS_SINCE } from './reasons.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/diagnosis.md'), 'utf8');
const rows = [...page.matchAll(/^\| `([\w.-]+)` \| (.*)$/gm)].map(([, rule = '', text = '']) => ({
  rule,
  text,
}));

it('has a row for each rule, in the order in which they are asked', () => {
  expect(rows.map(({ rule }) => rule)).toEqual(RULES.map(({ id }) => id));
});

it.each([...REASONS_6_1, ...REASONS_SINCE])('names %s at the rule that explains it', (reason) => {
  const { path, names } = build({ state: udp(), drop: [reason, 'some_function'] });
  const rule = diagnose(path, names)?.rule;
  const row = rows.find((one) => one.rule === rule);
  // a table decides NETFILTER_DROP, when it was recorded
  if (reason !== 'NETFILTER_DROP') expect(row?.text.split(/[^\w]+/)).toContain(reason);
});
