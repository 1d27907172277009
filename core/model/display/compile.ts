/** A display filter as one function of a packed row. Names are resolved once for each number, not for each row. */
import { type Failure, fail, ok, type Result } from '../../base/result.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import { ROW } from '../../wire/rows.ts';
import type { NameBook } from '../names.ts';
import { AddressMemo, addressVersion, isInNet, type Net, parseNet } from './address.ts';
import {
  type AddressField, type BooleanField, type Field, FLAG_BITS, type NameField, type NumberField,
} from './fields.ts'; // biome-ignore format: a list
import { findTest, memo } from './find.ts';
import { type Expression, parse, type Value } from './syntax.ts';
import type { Comparison } from './tokens.ts';
import { wayTest } from './way.ts';

/** Whether the row that starts at byte `at` passes. Makes nothing. */
export type RowTest = (view: DataView, at: number) => boolean;

export interface DisplayContext {
  readonly book: NameBook;
  /** Time of the session's first packet: what `time` counts from. */
  readonly originNs: number;
}

type Test = Extract<Expression, { kind: 'test' }>;

class Fault extends Error {
  readonly failure: Failure;
  constructor(message: string, position: number) {
    super(message);
    this.failure = { code: 'DISPLAY_VALUE', message, position };
  }
}

/** null for a blank filter. A failure has its place in the text. */
export function compileDisplay(text: string, context: DisplayContext): Result<RowTest | null> {
  const parsed = parse(text);
  if (!parsed.ok) return parsed;
  try {
    return ok(parsed.value === null ? null : compile(parsed.value, context));
  } catch (error) {
    if (error instanceof Fault)
      return fail(error.failure.code, error.failure.message, error.failure.position);
    throw error;
  }
}

function compile(expression: Expression, context: DisplayContext): RowTest {
  switch (expression.kind) {
    case 'and': {
      const [left, right] = [compile(expression.left, context), compile(expression.right, context)];
      return (view, at) => left(view, at) && right(view, at);
    }
    case 'or': {
      const [left, right] = [compile(expression.left, context), compile(expression.right, context)];
      return (view, at) => left(view, at) || right(view, at);
    }
    case 'not': {
      const inner = compile(expression.inner, context);
      return (view, at) => !inner(view, at);
    }
    case 'find':
      return findTest(expression.text, context.book);
    case 'has':
      return hasTest(expression.field, context);
    case 'test':
      return comparison(expression, context);
  }
}

function hasTest(field: Field, { originNs }: DisplayContext): RowTest {
  switch (field.kind) {
    case 'boolean':
      return field.holds;
    case 'name':
      return (view, at) => field.keys.some((read) => !Number.isNaN(read(view, at)));
    case 'number':
    case 'duration':
      return (view, at) => field.values.some((read) => !Number.isNaN(read(view, at, originNs)));
    case 'address':
      return (view, at) => addressVersion(view, at) !== 0;
    case 'flags':
      return (view, at) => view.getUint8(at + ROW.l4Kind) === L4_KIND.tcp;
  }
}

const OPERATORS: Readonly<Record<Field['kind'], readonly Comparison[]>> = {
  name: ['==', '!=', 'contains', '~', 'in'],
  address: ['==', '!=', 'in', 'contains', '~'],
  number: ['==', '!=', '<', '<=', '>', '>=', 'in'],
  duration: ['==', '!=', '<', '<=', '>', '>=', 'in'],
  flags: ['contains', '==', '!=', 'in'],
  boolean: ['==', '!='],
};
export const operatorsOf = (field: Field): readonly Comparison[] => OPERATORS[field.kind];

/** `!=` is whatever `==` is not, also where the row has no such field. */
function comparison(test: Test, context: DisplayContext): RowTest {
  const { field, op } = test;
  if (!operatorsOf(field).includes(op))
    throw new Fault(`${field.id} is compared with ${operatorsOf(field).join(' ')}, not with ${op}`, test.at);
  if (op === '!=') {
    const equal = comparison({ ...test, op: '==' }, context);
    return (view, at) => !equal(view, at);
  }
  switch (field.kind) {
    case 'name':
      return nameTest(field, test, context.book);
    case 'address':
      return addressTest(field, test);
    case 'number':
    case 'duration':
      return numberTest(field, test, context.originNs);
    case 'flags':
      return flagsTest(test);
    case 'boolean':
      return booleanTest(field, test);
  }
}

const only = (test: Test): Value => test.values[0] ?? { text: '', at: test.at };

/** A test of text for `contains` and `~`. */
function textTest({ op, ...test }: Test): (text: string) => boolean {
  const { text, at } = only({ op, ...test });
  if (op === 'contains') return (given) => given.toLowerCase().includes(text.toLowerCase());
  try {
    const pattern = new RegExp(text, 'i');
    return (given) => pattern.test(given);
  } catch {
    throw new Fault(`“${text}” is no regular expression`, at);
  }
}

function nameTest(field: NameField, test: Test, book: NameBook): RowTest {
  const { keys, namesOf, fullNameOf, numberOf, onWay, vocabulary } = field;
  let holds: (key: number) => boolean;
  if (test.op === '==' || test.op === 'in') {
    for (const { text, at } of test.values)
      if (vocabulary !== undefined && !/^\d+$/.test(text) && !isWordOf(vocabulary, text))
        throw new Fault(`there is no ${field.id} “${text}”: ${vocabulary.join(', ')}`, at);
    const wanted = new Set(test.values.map(({ text }) => text.toLowerCase()));
    holds = (key) =>
      namesOf(key, book).some((one) => wanted.has(one.toLowerCase())) ||
      wanted.has(String(numberOf(key))) ||
      (fullNameOf !== undefined && wanted.has(fullNameOf(key, book).toLowerCase()));
  } else {
    const matches = textTest(test);
    holds = (key) => namesOf(key, book).some(matches);
  }
  const known = memo(holds);
  const [first, second] = keys;
  if (first === undefined) return () => false;
  const has = (key: number) => !Number.isNaN(key) && known(key);
  const atEnds: RowTest =
    second === undefined
      ? (view, at) => has(first(view, at))
      : (view, at) => has(first(view, at)) || has(second(view, at));
  if (onWay === undefined) return atEnds;
  const between = wayTest(book.paths, onWay, known);
  return (view, at) => atEnds(view, at) || between(view, at);
}

const isWordOf = (vocabulary: readonly string[], text: string) =>
  vocabulary.some((word) => word === text.toLowerCase()) || text.toLowerCase() === 'in flight';

function addressTest({ places, id }: AddressField, test: Test): RowTest {
  const [first = 0, second = first] = places;
  if (test.op === 'contains' || test.op === '~') {
    const memory = new AddressMemo(textTest(test));
    return (view, at) => memory.holds(view, at, first) || memory.holds(view, at, second);
  }
  const nets: readonly Net[] = test.values.map(({ text, at }) => {
    const net = parseNet(text);
    if (net === undefined)
      throw new Fault(`“${text}” is no address: ${id} == 10.1.0.3, 10.1.0.0/16 or fd00::/8`, at);
    return net;
  });
  return (view, at) => {
    for (const net of nets) if (isInNet(view, at, first, net) || isInNet(view, at, second, net)) return true;
    return false;
  };
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  min: 60e9,
};

function numberOf(field: NumberField, text: string, at: number): number {
  if (field.kind === 'duration') {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-zµμ]+)?$/i.exec(text) ?? [];
    if (digits !== undefined && Number(digits) === 0 && unit === undefined) return 0;
    const factor = unit === undefined ? undefined : UNITS[unit.toLowerCase()];
    if (digits === undefined || factor === undefined)
      throw new Fault(`“${text}” is no time: give a number with ns, us, ms, s or min`, at);
    return Number(digits) * factor;
  }
  const plain = /^#?(0x[0-9a-f]+|\d+)$/i.exec(text)?.[1];
  if (plain === undefined) throw new Fault(`“${text}” is no whole number`, at);
  return Number(plain);
}

function numberTest(field: NumberField, test: Test, originNs: number): RowTest {
  const [first, second = first] = field.values;
  if (first === undefined || second === undefined) return () => false;
  const holds = compared(field, test);
  if (first === second) return (view, at) => holds(first(view, at, originNs));
  return (view, at) => holds(first(view, at, originNs)) || holds(second(view, at, originNs));
}

/** NaN holds for nothing. */
function compared(field: NumberField, test: Test): (value: number) => boolean {
  const ranges = test.values.map(({ text, at, to }) => {
    const low = numberOf(field, text, at);
    return { low, high: to === undefined ? low : numberOf(field, to, at) };
  });
  const wanted = ranges[0]?.low ?? Number.NaN;
  switch (test.op) {
    case '<':
      return (value) => value < wanted;
    case '<=':
      return (value) => value <= wanted;
    case '>':
      return (value) => value > wanted;
    case '>=':
      return (value) => value >= wanted;
    default:
      return (value) => {
        for (const { low, high } of ranges) if (value >= low && value <= high) return true;
        return false;
      };
  }
}

function flagsTest(test: Test): RowTest {
  const wanted = test.values.map(({ text, at }) =>
    text
      .toLowerCase()
      .split(/[+|,\s]+/)
      .reduce((bits, word) => {
        const bit = FLAG_BITS.get(word);
        if (bit === undefined)
          throw new Fault(`there is no TCP flag “${word}”: ${[...FLAG_BITS.keys()].join(', ')}`, at);
        return bits | bit;
      }, 0),
  );
  const isWhole = test.op !== 'contains';
  return (view, at) => {
    if (view.getUint8(at + ROW.l4Kind) !== L4_KIND.tcp) return false;
    const flags = view.getUint8(at + ROW.tcpFlags);
    for (const bits of wanted) if (isWhole ? flags === bits : (flags & bits) === bits) return true;
    return false;
  };
}

function booleanTest({ holds }: BooleanField, test: Test): RowTest {
  const { text, at } = only(test);
  if (!/^(true|false|yes|no|1|0)$/i.test(text)) throw new Fault(`“${text}” is neither true nor false`, at);
  const wanted = /^(true|yes|1)$/i.test(text);
  return (view, row) => holds(view, row) === wanted;
}
