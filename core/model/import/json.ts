import { ImportError } from './types.ts';

/** Digits that a double may not hold. */
const LONG = /\d{16}/;
/** Strings, which stay as they are, and numbers. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * A line of JSON, in which whole numbers of 16 digits and more are strings: kernel addresses are exact so. Throws an
 * {@link ImportError}.
 */
export function parseExactly(line: string): unknown {
  const value = parse(line);
  // what has been parsed has no string without an end: the pattern is through in one go
  return LONG.test(line)
    ? parse(line.replaceAll(TOKENS, (token) => (/^-?\d{16,}$/.test(token) ? `"${token}"` : token)))
    : value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ImportError('it is no JSON');
  }
}

/** Of a number of up to 64 bits that {@link parseExactly} gave. */
export const asBigInt = (value: number | string): bigint => BigInt(value);
export const isU64 = (value: unknown): value is number | string =>
  (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) ||
  (typeof value === 'string' && /^\d{1,20}$/.test(value) && BigInt(value) < 2n ** 64n);
