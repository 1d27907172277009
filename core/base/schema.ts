/**
 * What messages are made of, and how one that does not fit is told. Numbers and texts are one step each, since some are
 * looked at by the thousands when a trace starts.
 */
import * as v from 'valibot';

export type Schema<T> = v.GenericSchema<unknown, T>;

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whole numbers that a double holds exactly. */
export const whole = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  v.custom<number>(
    (value) => isWhole(value) && value >= min && value <= max,
    `expected a whole number from ${min} ${max === Number.MAX_SAFE_INTEGER ? 'on' : `to ${max}`}`,
  );
export const integer = v.custom<number>(isWhole, 'expected a whole number');
/** How many, and numbers of which 0 stands for none. */
export const natural = whole(0);
/** Ids, inodes. */
export const positive = whole(1);
export const uint32 = whole(0, 0xffff_ffff);

export const finite = v.custom<number>(isNumber, 'expected a number');
/** What is counted, or measured, and may be more than a double holds exactly. */
export const count = v.custom<number>(
  (value) => isNumber(value) && value >= 0,
  'expected a number that is not negative',
);

export const text = (max: number, min = 0) =>
  v.custom<string>(
    (value) => typeof value === 'string' && value.length >= min && value.length <= max,
    `expected text of ${min} to ${max} characters`,
  );
/** `what` says what the pattern stands for. */
export const matching = (pattern: RegExp, what: string) =>
  v.custom<string>((value) => typeof value === 'string' && pattern.test(value), `expected ${what}`);

export const list = <const Item extends v.GenericSchema>(item: Item, max: number, min = 0) =>
  v.pipe(
    v.custom<unknown[]>(
      (value) => Array.isArray(value) && value.length >= min && value.length <= max,
      `expected a list of ${min} to ${max}`,
    ),
    v.array(item),
  );

/** An object with whatever is in it. */
export const record = v.custom<Record<string, unknown>>(isRecord, 'expected Object');

/** An object of which nothing is required: `v.object` alone would take a list for one. */
export const sparse = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(record, v.object(entries));

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  /** Which field does not fit and what was expected there. Not what it is instead: that may be anything, of any length. */
  | { readonly ok: false; readonly problem: string };

/** The value as the schema has it: without what it does not name, with defaults for what is missing. */
export function check<T>(schema: Schema<T>, value: unknown): Checked<T> {
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true });
  return success ? { ok: true, value: output } : { ok: false, problem: problemOf(issues[0]) };
}

/** The same of what nothing can go on without: throws the problem. */
export function parse<T>(schema: Schema<T>, value: unknown): T {
  const checked = check(schema, value);
  if (!checked.ok) throw new TypeError(checked.problem);
  return checked.value;
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (path !== null && issue.input === undefined) return `${path} is missing`;
  const isOurs = issue.type === 'custom' || issue.kind === 'validation';
  const problem = isOurs ? issue.message : `expected ${issue.expected}`;
  return path === null ? problem : `${path}: ${problem}`;
}
