/**
 * Display filters, read: `(src == 10.1.0.0/16 or ns == web) and not dport in {80, 443}`. Terms that stand beside each
 * other must all hold; `or` binds least. A field's value may follow it without an operator, as in tcpdump.
 */
import { type Failure, fail, ok, type Result } from '../../base/result.ts';
import { type Field, FLAG_BITS, fieldNamed, PROTOCOL_WORDS, VERDICT_WORDS } from './fields.ts';
import { type Comparison, type Token, tokenise } from './tokens.ts';

export interface Value {
  readonly text: string;
  readonly at: number;
  /** Second end of a range `8000..8100`. */
  readonly to?: string;
}

export type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly inner: Expression }
  /** Anywhere in the row's text. */
  | { readonly kind: 'find'; readonly text: string }
  /** The row has this field. */
  | { readonly kind: 'has'; readonly field: Field }
  | {
      readonly kind: 'test';
      readonly field: Field;
      readonly op: Comparison;
      /** Of the operator, or of the field when there is none. */
      readonly at: number;
      /** More than one only with `in`. */
      readonly values: readonly Value[];
    };

/** Fields that say something when they stand alone. */
const ALONE = new Set(['parent', 'reason', 'translated', 'truncated']);
/** Deeper nesting is nobody's wish, and would be a deep stack. */
const DEPTH_MAX = 64;

const test = (field: string, op: Comparison, text: string, at: number): Expression | undefined => {
  const found = fieldNamed(field);
  return found === undefined ? undefined : { kind: 'test', field: found, op, at, values: [{ text, at }] };
};

/** Words that are a test by themselves: a protocol, a verdict, a TCP flag. */
function testNamed(text: string, at: number): Expression | undefined {
  const word = text.toLowerCase();
  if (PROTOCOL_WORDS.some((one) => one === word)) return test('proto', '==', word, at);
  if (VERDICT_WORDS.some((one) => one === word)) return test('verdict', '==', word, at);
  return FLAG_BITS.has(word) ? test('flags', 'contains', word, at) : undefined;
}

export const isTestNamed = (text: string): boolean => testNamed(text, 0) !== undefined;

/** null for a filter that is blank: everything passes. */
export function parse(text: string): Result<Expression | null> {
  const parser = new Parser(tokenise(text));
  try {
    return ok(parser.whole());
  } catch (error) {
    if (error instanceof Fault)
      return fail(error.failure.code, error.failure.message, error.failure.position);
    throw error;
  }
}

class Fault extends Error {
  readonly failure: Failure;
  constructor(message: string, position: number) {
    super(message);
    this.failure = { code: 'DISPLAY_SYNTAX', message, position };
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression | null {
    if (this.#peek().kind === 'end') return null;
    const expression = this.#or();
    const rest = this.#peek();
    if (rest.kind === ')') throw new Fault('there is no “(” for this “)”', rest.at);
    if (rest.kind !== 'end') throw unexpected(rest);
    return expression;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#accept('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    for (;;) {
      const { kind } = this.#peek();
      if (kind === 'and') this.#next += 1;
      else if (!['word', 'quoted', 'not', '(', 'unclosed'].includes(kind)) return left;
      left = { kind: 'and', left, right: this.#not() };
    }
  }

  #not(): Expression {
    const { at } = this.#peek();
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new Fault('too deeply nested', at);
    const expression: Expression = this.#accept('not') ? { kind: 'not', inner: this.#not() } : this.#term();
    this.#depth -= 1;
    return expression;
  }

  #term(): Expression {
    const token = this.#take();
    if (token.kind === '(') {
      const inner = this.#or();
      const end = this.#take();
      if (end.kind !== ')') throw end.kind === 'end' ? new Fault('“)” is missing', end.at) : unexpected(end);
      return inner;
    }
    if (token.kind === 'quoted') return { kind: 'find', text: token.text };
    if (token.kind !== 'word') throw unexpected(token);
    const after = this.#peek();
    const field = fieldNamed(token.text);
    if (after.kind === 'compare') {
      if (field === undefined) throw new Fault(`there is no field “${token.text}”`, token.at);
      return this.#comparison(field);
    }
    const isBare = field === undefined || ALONE.has(field.id);
    if (!isBare && (after.kind === 'word' || after.kind === 'quoted') && !this.#isField(1)) {
      const op = field.kind === 'flags' ? 'contains' : '==';
      return { kind: 'test', field, op, at: token.at, values: [this.#value()] };
    }
    if (field !== undefined && ALONE.has(field.id)) return { kind: 'has', field };
    return testNamed(token.text, token.at) ?? { kind: 'find', text: token.text };
  }

  /** Whether the token so far on begins a comparison itself. */
  #isField(ahead: number): boolean {
    return this.#tokens[this.#next + ahead]?.kind === 'compare';
  }

  #comparison(field: Field): Expression {
    const token = this.#take();
    if (token.kind !== 'compare') throw unexpected(token);
    const { op, at } = token;
    if (op !== 'in') return { kind: 'test', field, op, at, values: [this.#value()] };
    const open = this.#take();
    if (open.kind !== '{') throw new Fault('a list is missing: {80, 443}', open.at);
    const values: Value[] = [];
    do values.push(this.#value());
    while (this.#accept(',') || this.#peek().kind === 'word' || this.#peek().kind === 'quoted');
    const close = this.#take();
    if (close.kind !== '}') throw new Fault('“}” is missing', close.at);
    return { kind: 'test', field, op, at, values };
  }

  #value(): Value {
    const token = this.#take();
    if (token.kind === 'quoted') return { text: token.text, at: token.at };
    if (token.kind !== 'word')
      throw token.kind === 'unclosed' ? unexpected(token) : new Fault('a value is missing', token.at);
    const range = /^(.+?)\.\.(.+)$/.exec(token.text);
    return range?.[1] !== undefined && range[2] !== undefined
      ? { text: range[1], at: token.at, to: range[2] }
      : { text: token.text, at: token.at };
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', at: 0, end: 0 };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }

  #accept(kind: Token['kind']): boolean {
    if (this.#peek().kind !== kind) return false;
    this.#next += 1;
    return true;
  }
}

function unexpected(token: Token): Fault {
  switch (token.kind) {
    case 'end':
      return new Fault('something is missing here', token.at);
    case 'unclosed':
      return new Fault('the closing quotation mark is missing', token.at);
    case 'compare':
      return new Fault(`a field is missing before “${token.op}”`, token.at);
    case 'word':
    case 'quoted':
      return new Fault(`“${token.text}” does not belong here`, token.at);
    default:
      return new Fault(`“${token.kind}” does not belong here`, token.at);
  }
}
