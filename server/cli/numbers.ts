/** Values of flags: each is understood, or refused in one line that says what it takes. */

import type { TriggerChoice } from '../../core/messages/freezing.ts';
import type { TailChoice } from '../../core/messages/source.ts';
import type { RingLimits } from '../recording/ring.ts';
import type { Rotation } from './rotating.ts';
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

const ROTATED_FILES = 5;
const ROTATED_FILES_MAX = 1000;
const SCALE: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** `64K`, `100M`, `2G`, `4096`; NaN for anything else. */
function bytesOf(text: string): number {
  const [, size, unit = ''] = /^(\d+)([KMG]?)$/i.exec(text) ?? [];
  return Number(size ?? Number.NaN) * (SCALE[unit.toUpperCase()] ?? Number.NaN);
}

/** `100M`, `10M:20` (twenty files); undefined when the flag was not given. */
export function parseRotation(text: string | undefined): Rotation | undefined {
  if (text === undefined) return undefined;
  const [, size = '', count] = /^(.*?)(?::(\d+))?$/.exec(text.trim()) ?? [];
  const maxBytes = bytesOf(size);
  const files = count === undefined ? ROTATED_FILES : Number(count);
  if (!(maxBytes >= 1 && Number.isSafeInteger(maxBytes) && files >= 1 && files <= ROTATED_FILES_MAX))
    throw usageError(
      `--rotate takes the size of a file, as 100M, and how many are kept, as 100M:20 (${ROTATED_FILES} otherwise), not '${text}'`,
    );
  return { maxBytes, files };
}

/** `500M`, `20G`; undefined when the flag was not given. */
export function parseSize(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = bytesOf(text.trim());
  if (!(bytes >= 1 && Number.isSafeInteger(bytes)))
    throw usageError(`${flag} takes a size, as 500M or 20G, not '${text}'`);
  return bytes;
}

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** As long as a timer can wait. */
const DURATION_MS_MAX = 2 ** 31 - 1;

/** `30s`, `500ms`, `5m`, `2h`, `10` seconds, as milliseconds; undefined when the flag was not given. */
export function parseDuration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = ''] = /^(\d+)(ms|s|m|h|)$/.exec(text.trim()) ?? [];
  const ms = Number(number ?? Number.NaN) * (MILLISECONDS[unit === '' ? 's' : unit] ?? Number.NaN);
  if (!(ms >= 1 && ms <= DURATION_MS_MAX))
    throw usageError(`${flag} takes 500ms, 30s, 5m or 2h, up to 596h, not '${text}'`);
  return ms;
}

/** What a flight recorder has in memory. */
const LAST: RingLimits = { bytes: 64 << 20, ms: 30_000 };
/** Of what is not given, when the other is. */
const LAST_MAX: RingLimits = { bytes: 8 * 2 ** 30, ms: DURATION_MS_MAX };

/** `60s`, `64M`, or both with a comma: whatever is reached first. */
export function parseLast(text: string | undefined): RingLimits {
  if (text === undefined) return LAST;
  let { bytes, ms } = LAST_MAX;
  for (const part of text.split(',').map((one) => one.trim())) {
    if (/^\d+(ms|s|m|h)$/.test(part)) ms = parseDuration('--last', part) ?? ms;
    else bytes = parseSize('--last', part) ?? bytes;
  }
  return { bytes, ms };
}

const MICROSECONDS: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 };
const SLOW_US_MAX = 3_600_000_000;

/** `slow:10ms` in microseconds, at most an hour; undefined for anything else. */
function slowUsOf(part: string): number | undefined {
  const [, slow, unit = ''] = /^slow:(\d+)(us|ms|s)$/.exec(part) ?? [];
  const us = Number(slow ?? Number.NaN) * (MICROSECONDS[unit] ?? Number.NaN);
  return us >= 1 && us <= SLOW_US_MAX ? us : undefined;
}

/** `drop`, `drop:NETFILTER_DROP`, `slow:10ms`, `new`, `rst`, `retransmit`, `duplicate`, `hand`, with commas between them. */
export function parseTriggers(text: string): TriggerChoice {
  const reasons: string[] = [];
  let isAnyDrop = false;
  let slowNs: number | null = null;
  const words = new Set<string>();
  for (const part of text.split(',').map((one) => one.trim())) {
    const [, reason] = /^drop(?::([A-Z0-9_]+))?$/.exec(part) ?? [];
    const us = slowUsOf(part);
    if (part === 'drop') isAnyDrop = true;
    else if (reason !== undefined) reasons.push(reason);
    else if (us !== undefined) slowNs = us * 1000;
    else if (['new', 'rst', 'retransmit', 'duplicate', 'hand'].includes(part)) words.add(part);
    else
      throw usageError(
        `--freeze takes drop, drop:NETFILTER_DROP (any reason of the kernel), slow:10ms (us, ms, s), new (a path), rst, retransmit, duplicate (a datagram that arrives twice), hand (when told to only), with commas between them, not '${part}'`,
      );
  }
  return {
    drops: isAnyDrop ? [] : reasons.length > 0 ? reasons : null,
    slowNs,
    newPaths: words.has('new'),
    resets: words.has('rst'),
    retransmits: words.has('retransmit'),
    duplicates: words.has('duplicate'),
  };
}

/** `drops`, or what else is told at a packet's end: `slow:10ms`, `new`, `1/100`, with commas between them. */
export function parseTail(text: string | undefined): TailChoice | undefined {
  if (text === undefined) return undefined;
  const choice = { slowUs: 0, newPaths: false, oneIn: 0 };
  for (const part of text.split(',').map((one) => one.trim())) {
    const slowUs = slowUsOf(part);
    const oneIn = Number(/^1\/(\d+)$/.exec(part)?.[1] ?? Number.NaN);
    if (slowUs !== undefined) choice.slowUs = slowUs;
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
  const bytes = bytesOf(text);
  if (!(bytes >= RING_BYTES_MIN && bytes <= RING_BYTES_MAX && Math.log2(bytes) % 1 === 0))
    throw usageError(`--ring-size is a power of two from 4K to 1G, not '${text}'`);
  return bytes;
}
