/** What is let in, and what one reads of what is not: the field, and what belongs there. */
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  check,
  count,
  finite,
  integer,
  list,
  matching,
  parse,
  record,
  sparse,
  text,
  whole,
} from '../schema.ts';

describe('is refused', () => {
  it.each<[string, v.GenericSchema, readonly unknown[]]>([
    ['as a whole number', whole(1, 5), [0, 6, 1.5, '3', null, undefined, true, Number.NaN, 3n]],
    ['as a number that a double holds exactly', integer, [2 ** 53, -(2 ** 53), Number.POSITIVE_INFINITY]],
    ['as a number', finite, [Number.NaN, Number.POSITIVE_INFINITY, '1']],
    ['as a count', count, [-1, Number.POSITIVE_INFINITY, Number.NaN]],
    ['as text', text(3, 1), ['', 'four', 7, ['a']]],
    ['as text of a form', matching(/^a+$/, 'letters a'), ['b', 'a\n', ['a']]],
    ['as a list', list(finite, 2, 1), [[], [1, 2, 3], ['1'], { length: 1 }]],
    ['as an object', record, [[], null, 'x']],
    ['as an object of which nothing is required', sparse({ a: v.optional(finite, 1) }), [[], null, { a: '1' }]],
  ])('%s', (_, schema, wrong) => {
    for (const value of wrong) expect(v.is(schema, value), String(value)).toBe(false);
  }); // biome-ignore format: a table
});

const schema = v.object({
  name: text(3),
  ports: v.optional(list(whole(1, 65535), 4), []),
  how: v.variant('kind', [
    v.object({ kind: v.literal('slow') }),
    v.object({ kind: v.literal('fast'), by: v.picklist(['a', 'b']) }),
  ]),
});

it('is taken without what has no name, and with what has a default', () => {
  expect(check(schema, { name: 'x', how: { kind: 'slow', by: 'c' }, more: 1 })).toEqual({
    ok: true,
    value: { name: 'x', ports: [], how: { kind: 'slow' } },
  });
});

it.each<[string, unknown]>([
  ['expected Object', 'secret'],
  ['name is missing', {}],
  ['name: expected text of 0 to 3 characters', { name: 'secret' }],
  ['ports.1: expected a whole number from 1 to 65535', { name: '', ports: [1, 'secret'] }],
  ['ports: expected a list of 0 to 4', { name: '', ports: [1, 2, 3, 4, 5] }],
  ['how.kind: expected ("slow" | "fast")', { name: '', how: { kind: 'secret' } }],
  ['how.kind is missing', { name: '', how: {} }],
  ['how.by: expected ("a" | "b")', { name: '', how: { kind: 'fast', by: 'secret' } }],
])('what is wrong is told as: %s', (problem, value) => {
  expect(check(schema, value)).toEqual({ ok: false, problem });
  expect(() => parse(schema, value)).toThrow(new TypeError(problem));
});
