/** Values of flags: each is understood, or refused in one line that says what it takes. */
import type { TailChoice } from '../../core/messages/source.ts';
import { usageError } from './usage.ts';

/** A whole number from `min` to `max`; undefined when the flag was not given. */
export function wholeNumber(
  flag: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max))
    throw usageError(
      `${flag} takes a whole number from ${min}${max > 1e9 ? '' : ` to ${max}`}, not '${text}'`,
    );
  return number;
}

/** A power of two from `min` to `max`. */
export function powerOfTwo(
  flag: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max && Math.log2(number) % 1 === 0))
    throw usageError(`${flag} is a power of two from ${min} to ${max}, not '${text}'`);
  return number;
}

/** One of `values`. */
export function oneOf<T extends string>(
  flag: string,
  text: string | undefined,
  values: readonly T[],
  otherwise: T,
): T {
  if (text === undefined) return otherwise;
  const value = values.find((candidate) => candidate === text);
  if (value === undefined) throw usageError(`${flag} is one of ${values.join(', ')}, not '${text}'`);
  return value;
}

/** An interface name as dev_valid_name() of the kernel has it. */
export function interfaceName(text: string | undefined): string | undefined {
  if (text !== undefined && !/^[^\s/:]{1,15}$/.test(text))
    throw usageError(`'${text}' is no interface name: at most 15 characters, no space, slash or colon`);
  return text;
}

/** `0x20`, `32`, `0x20/0xf0`. */
export function parseMark(
  text: string | undefined,
): { readonly value: number; readonly mask: number } | undefined {
  if (text === undefined) return undefined;
  const [value, mask, more] = text.split('/').map((part) => {
    const number = /^(0x[0-9a-f]+|\d+)$/i.test(part) ? Number(part) : Number.NaN;
    return number <= 0xffffffff ? number : Number.NaN;
  });
  if (value === undefined || Number.isNaN(value) || Number.isNaN(mask ?? 0) || more !== undefined)
    throw usageError(`'${text}' is no mark: VALUE or VALUE/MASK, as 32 or 0x20/0xf0`);
  return { value, mask: mask ?? 0xffffffff };
}

const MICROSECONDS: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 };
const SLOW_US_MAX = 3_600_000_000;

/** `drops`, or what else is told at a packet's end: `slow:10ms`, `new`, `1/100`, with commas between them. */
export function parseTail(text: string | undefined): TailChoice | undefined {
  if (text === undefined) return undefined;
  const choice = { slowUs: 0, newPaths: false, oneIn: 0 };
  for (const part of text.split(',').map((one) => one.trim())) {
    const [, slow, unit = ''] = /^slow:(\d+)(us|ms|s)$/.exec(part) ?? [];
    const oneIn = Number(/^1\/(\d+)$/.exec(part)?.[1] ?? Number.NaN);
    const slowUs = Number(slow ?? Number.NaN) * (MICROSECONDS[unit] ?? Number.NaN);
    if (slowUs >= 1 && slowUs <= SLOW_US_MAX) choice.slowUs = slowUs;
    else if (oneIn >= 1 && oneIn <= 0xffffffff) choice.oneIn = oneIn;
    else if (part === 'new') choice.newPaths = true;
    else if (part !== 'drops')
      throw usageError(
        `--tail takes drops, slow:10ms (us, ms, s; at most an hour), new, 1/100, with commas between them, not '${part}'`,
      );
  }
  return choice;
}

const RING_BYTES_MIN = 4096;
const RING_BYTES_MAX = 2 ** 30;

/** `16M`, `65536`; undefined when the flag was not given. */
export function parseRingSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+)([KMG]?)$/i.exec(text);
  const scale = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[(match?.[2] ?? '').toUpperCase()] ?? 1;
  const bytes = Number(match?.[1] ?? Number.NaN) * scale;
  if (!(bytes >= RING_BYTES_MIN && bytes <= RING_BYTES_MAX && Math.log2(bytes) % 1 === 0))
    throw usageError(`--ring-size is a power of two from 4K to 1G, not '${text}'`);
  return bytes;
}
