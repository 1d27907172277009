/** What a file of expectations says; docs/expect.md is its manual. */
import * as v from 'valibot';
import { type Checked, check, list, text } from '../../base/schema.ts';
import { VERDICT, type Verdict, type VerdictName } from '../packet.ts';

const EXPECTATIONS_MAX = 1000;
const PLACES_MAX = 64;

export interface Range {
  readonly min: number;
  readonly max: number;
}

const VERDICT_WORDS = [
  'delivered',
  'forwarded',
  'dropped',
  'consumed',
] as const satisfies readonly VerdictName[];

/** `3`, `'>= 2'`, `'<= 5'`, `'2-5'`; undefined when it is none. */
export function parseCount(given: string | number): Range | undefined {
  const [, exact, low, high, least, most] =
    /^\s*(?:(\d+)|(\d+)\s*-\s*(\d+)|>=\s*(\d+)|<=\s*(\d+))\s*$/.exec(String(given)) ?? [];
  if (exact !== undefined) return { min: Number(exact), max: Number(exact) };
  if (least !== undefined) return { min: Number(least), max: Number.POSITIVE_INFINITY };
  if (most !== undefined) return { min: 0, max: Number(most) };
  return low !== undefined && Number(low) <= Number(high)
    ? { min: Number(low), max: Number(high) }
    : undefined;
}

const UNITS_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

/** `5ms`, `1.5 s`, as ns; undefined when it is none. */
export function parseSpan(given: string): number | undefined {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s)\s*$/.exec(given) ?? [];
  return number === undefined ? undefined : Number(number) * (UNITS_NS[unit] ?? Number.NaN);
}

const countSchema = v.pipe(
  v.custom<string | number>(
    (value) => (typeof value === 'string' || typeof value === 'number') && parseCount(value) !== undefined,
    "expected a number of packets: 1, '>= 2', '<= 5' or '2-5'",
  ),
  v.transform((value) => parseCount(value) ?? { min: 0, max: 0 }),
);
const spanSchema = v.pipe(
  v.custom<string>(
    (value) => typeof value === 'string' && parseSpan(value) !== undefined,
    'expected a duration: 5ms, 1.5s, 200us',
  ),
  v.transform((value) => parseSpan(value) ?? 0),
);
const place = text(200, 1);

const expectationSchema = v.strictObject({
  /** What is expected, for people. */
  name: text(200, 1),
  /** Display filter: the packets that it is about. */
  packets: text(2000, 1),
  /** Namespace where they are first seen; others are not meant. */
  from: v.optional(place),
  /** How many there are; not given: at least one. */
  count: v.optional(countSchema),
  /** Namespace where each is seen last. */
  reaches: v.optional(place),
  /** From first to last hop, at most. */
  within: v.optional(spanSchema),
  /** Places on the way, in this order: netfilter hooks, functions, namespaces, interfaces as `web/eth0`. */
  passes: v.optional(list(place, PLACES_MAX, 1)),
  verdict: v.optional(
    v.pipe(
      v.picklist(VERDICT_WORDS),
      v.transform((word): Verdict => VERDICT[word]),
    ),
  ),
  /** Display filter that holds for none of them. */
  never: v.optional(text(2000, 1)),
  /** Display filter that holds for each of them. */
  always: v.optional(text(2000, 1)),
});
export type Expectation = v.InferOutput<typeof expectationSchema>;

const fileSchema = v.strictObject({ expect: list(expectationSchema, EXPECTATIONS_MAX, 1) });

/** The expectations of a file that has been read (YAML, JSON). The problem says which field. */
export function readExpectations(file: unknown): Checked<readonly Expectation[]> {
  const checked = check(fileSchema, file);
  return checked.ok ? { ok: true, value: checked.value.expect } : checked;
}
