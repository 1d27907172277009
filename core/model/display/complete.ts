/** What can stand at the caret of a display filter. */
import type { NameBook } from '../names.ts';
import { operatorsOf } from './compile.ts';
import { FIELDS, type Field, FLAG_BITS, fieldNamed, mayBecomeField, VERDICT_WORDS } from './fields.ts';
import { isTestNamed } from './syntax.ts';
import { quote, type Token, tokenise } from './tokens.ts';

/** A place in the text, what is written there, and what is expected. */
export interface Spot {
  readonly from: number;
  readonly to: number;
  readonly prefix: string;
  readonly expects: 'term' | 'operator' | 'value' | 'joiner';
  /** Of operator and value. */
  readonly field: Field | undefined;
}

export interface Suggestion {
  /** What takes the place of the prefix. */
  readonly insert: string;
  readonly label: string;
  readonly about: string;
}

/** A value that occurs, and how often. */
export interface Occurring {
  readonly text: string;
  readonly count: number;
}
export type ValuesOf = (field: Field) => readonly Occurring[];

const SUGGESTIONS_MAX = 40;

/** What the text up to the caret asks for next. */
export function spotAt(text: string, caret: number): Spot {
  const tokens = tokenise(text.slice(0, caret)).filter(({ kind }) => kind !== 'end');
  const last = tokens.at(-1);
  const isTouching =
    last !== undefined && last.end === caret && ['word', 'quoted', 'unclosed'].includes(last.kind);
  const before = isTouching ? tokens.slice(0, -1) : tokens;
  const prefix = isTouching ? text.slice(last.at, caret).replace(/^["']/, '') : '';
  const spot = { from: isTouching ? last.at : caret, to: caret, prefix };
  return { ...spot, ...expectedAfter(before) };
}

function expectedAfter(tokens: readonly Token[]): Pick<Spot, 'expects' | 'field'> {
  const last = tokens.at(-1);
  const nameAt = (index: number) => {
    const token = tokens.at(index);
    return token?.kind === 'word' ? fieldNamed(token.text) : undefined;
  };
  if (last === undefined) return { expects: 'term', field: undefined };
  if (last.kind === 'compare') return { expects: 'value', field: nameAt(-2) };
  const open = tokens.findLastIndex(({ kind }) => kind === '{');
  if (open >= 0 && !tokens.slice(open).some(({ kind }) => kind === '}'))
    return { expects: 'value', field: nameAt(open - 2 - tokens.length) };
  if (last.kind === 'word' || last.kind === 'quoted') {
    const isValue = tokens.at(-2)?.kind === 'compare';
    const field = isValue ? undefined : nameAt(-1);
    return field === undefined ? { expects: 'joiner', field } : { expects: 'operator', field };
  }
  return last.kind === ')' || last.kind === '}'
    ? { expects: 'joiner', field: undefined }
    : { expects: 'term', field: undefined };
}

/** Best first: what begins with the prefix, then what has it inside. */
export function suggest(spot: Spot, valuesOf: ValuesOf, book: NameBook): readonly Suggestion[] {
  switch (spot.expects) {
    case 'operator':
      return operators(spot.field).filter(({ label }) => label.startsWith(spot.prefix));
    case 'value':
      return spot.field === undefined ? [] : fitting(values(spot.field, valuesOf, book), spot.prefix);
    case 'joiner':
      return fitting([...JOINERS, ...(spot.prefix === '' ? [] : terms(spot, valuesOf))], spot.prefix);
    case 'term':
      return fitting(terms(spot, valuesOf), spot.prefix);
  }
}

const JOINERS: readonly Suggestion[] = [
  { insert: 'and ', label: 'and', about: 'both must hold' },
  { insert: 'or ', label: 'or', about: 'one of them must hold' },
];

const OPERATOR_WORDS: Readonly<Record<string, string>> = {
  '==': 'is',
  '!=': 'is not',
  contains: 'has in it',
  '~': 'fits the regular expression',
  in: 'is one of {…}',
  '<': 'is below',
  '<=': 'is at most',
  '>': 'is above',
  '>=': 'is at least',
};
const operators = (field: Field | undefined): readonly Suggestion[] =>
  field === undefined
    ? []
    : operatorsOf(field).map((op) => ({
        insert: op === 'in' ? 'in {' : `${op} `,
        label: op,
        about: OPERATOR_WORDS[op] ?? '',
      }));

/** Fields whose values are offered for a word that is typed without its field, a few of each: it may be meant as it stands. */
const OFFERED = ['reason', 'ns', 'iface', 'func'];
const OFFERED_MAX = 3;

function terms({ prefix }: Spot, valuesOf: ValuesOf): readonly Suggestion[] {
  const fields = FIELDS.map((field) => ({
    insert: `${field.id} `,
    label: field.id,
    about: field.about,
  }));
  if (prefix.length < 2) return fields;
  const word = prefix.toLowerCase();
  const whole = FIELDS.filter(({ id }) => OFFERED.includes(id)).flatMap((field) =>
    valuesOf(field)
      .filter(({ text }) => text.toLowerCase().includes(word))
      .slice(0, OFFERED_MAX)
      .map(({ text, count }) => ({
        insert: `${field.id} == ${quote(text)} `,
        label: `${field.id} == ${quote(text)}`,
        about: countText(count),
      })),
  );
  const words = [...VERDICT_WORDS, ...FLAG_BITS.keys()].map((word) => ({
    insert: `${word} `,
    label: word,
    about: FLAG_BITS.has(word) ? 'TCP packets with this flag' : 'packets that ended so',
  }));
  return [...fields, ...words, ...whole];
}

function values(field: Field, valuesOf: ValuesOf, book: NameBook): readonly Suggestion[] {
  const occurring = valuesOf(field);
  const seen = new Set(occurring.map(({ text }) => text));
  const known = knownNames(field, book).filter((text) => !seen.has(text));
  return [
    ...occurring.map(({ text, count }) => ({
      insert: `${quote(text)} `,
      label: text,
      about: countText(count),
    })),
    ...known.map((text) => ({ insert: `${quote(text)} `, label: text, about: '' })),
  ];
}

const countText = (count: number) => `${count.toLocaleString('en-GB')} packet${count === 1 ? '' : 's'}`;

/** Names that may be asked for although no row has them. */
function knownNames(field: Field, book: NameBook): readonly string[] {
  if (field.kind === 'flags') return [...FLAG_BITS.keys()];
  if (field.kind === 'boolean') return ['true', 'false'];
  if (field.kind !== 'name') return [];
  const id = field.id.replace(/\..*/, '');
  if (id === 'ns') return [...book.namespaces.values()].map(({ name }) => name);
  if (id === 'reason') return book.reasons.map(({ name }) => name);
  if (id === 'func') return [...book.functions.values()].map(({ name }) => name);
  if (id === 'iface')
    return [
      ...new Set(
        [...book.namespaces.values()].flatMap(({ interfaces }) => interfaces.map(({ name }) => name)),
      ),
    ];
  return field.vocabulary ?? [];
}

function fitting(all: readonly Suggestion[], prefix: string): readonly Suggestion[] {
  const word = prefix.toLowerCase();
  const place = ({ label }: Suggestion) => label.toLowerCase().indexOf(word);
  const found = all.filter((one) => place(one) >= 0);
  if (word !== '') found.sort((a, b) => Math.min(place(a), 1) - Math.min(place(b), 1));
  const isDone = found.length === 1 && found[0]?.insert.trim() === prefix;
  return isDone ? [] : found.slice(0, SUGGESTIONS_MAX);
}

/** Whether the last word, at the text's end, may be a field's name that is not written out yet. */
export function isUnfinished(text: string): boolean {
  const last = tokenise(text).at(-2);
  if (last?.kind !== 'word' || last.end !== text.length || isTestNamed(last.text)) return false;
  return spotAt(text, text.length).expects !== 'value' && mayBecomeField(last.text);
}
