/** A display filter cut into tokens; each knows where it stands in the text, so that a fault has a place. */

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'contains' | '~' | 'in';

export type Token =
  | { readonly kind: 'word' | 'quoted'; readonly text: string; readonly at: number; readonly end: number }
  | { readonly kind: 'compare'; readonly op: Comparison; readonly at: number; readonly end: number }
  | { readonly kind: 'and' | 'or' | 'not'; readonly at: number; readonly end: number }
  | {
      readonly kind: '(' | ')' | '{' | '}' | ',' | 'unclosed' | 'end';
      readonly at: number;
      readonly end: number;
    };

const SIGNS: readonly (readonly [sign: string, comparison: Comparison | 'and' | 'or' | 'not'])[] = [
  ['==', '=='],
  ['!=', '!='],
  ['<=', '<='],
  ['>=', '>='],
  ['&&', 'and'],
  ['||', 'or'],
  ['=', '=='],
  ['<', '<'],
  ['>', '>'],
  ['~', '~'],
  ['!', 'not'],
];
const WORDS = new Map<string, Comparison | 'and' | 'or' | 'not'>([
  ['and', 'and'],
  ['or', 'or'],
  ['not', 'not'],
  ['eq', '=='],
  ['ne', '!='],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
  ['contains', 'contains'],
  ['matches', '~'],
  ['in', 'in'],
]);
const BRACKETS = ['(', ')', '{', '}', ','] as const;
const WORD = /[^\s(){},"'<>=~!&|]+/y;

const meaning = (op: Comparison | 'and' | 'or' | 'not', at: number, end: number): Token =>
  op === 'and' || op === 'or' || op === 'not' ? { kind: op, at, end } : { kind: 'compare', op, at, end };

/** Never fails: what cannot be read is for the parser to say. The last token is `end`. */
export function tokenise(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    const bracket = BRACKETS.find((one) => one === char);
    const sign = SIGNS.find(([one]) => text.startsWith(one, at));
    WORD.lastIndex = at;
    const word = WORD.exec(text)?.[0];
    let token: Token | undefined;
    if (bracket !== undefined) token = { kind: bracket, at, end: at + 1 };
    else if (char === '"' || char === "'") token = quoted(text, at, char);
    else if (sign !== undefined) token = meaning(sign[1], at, at + sign[0].length);
    else if (word !== undefined) token = wordToken(word, at);
    if (token !== undefined) tokens.push(token);
    at = token?.end ?? at + 1;
  }
  tokens.push({ kind: 'end', at: text.length, end: text.length });
  return tokens;
}

function wordToken(word: string, at: number): Token {
  const op = WORDS.get(word.toLowerCase());
  return op === undefined
    ? { kind: 'word', text: word, at, end: at + word.length }
    : meaning(op, at, at + word.length);
}

/** A backslash before the quotation mark, or before a backslash, takes its meaning away. */
function quoted(text: string, at: number, mark: string): Token {
  let value = '';
  for (let i = at + 1; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === mark) return { kind: 'quoted', text: value, at, end: i + 1 };
    const next = text.charAt(i + 1);
    if (char === '\\' && (next === mark || next === '\\')) {
      value += next;
      i += 1;
    } else value += char;
  }
  return { kind: 'unclosed', at, end: text.length };
}

/** A value as it is written in a filter: in quotation marks where a word would not do. */
export function quote(value: string): string {
  WORD.lastIndex = 0;
  const isWord = WORD.exec(value)?.[0] === value && !WORDS.has(value.toLowerCase());
  return isWord ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
