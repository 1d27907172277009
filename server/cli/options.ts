/** The command line's words as one typed value; everything wrong with them is told here, in one line. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { ProbeGroup } from '../../core/messages/source.ts';
import { EMPTY_FORM, formToExpression, joinExpressions } from '../../core/model/filter.ts';
import { nearest, usageError } from './usage.ts';

export interface TraceOptions {
  readonly expression: string;
  /** As written: resolved once the source has told its namespaces. */
  readonly netns: string | undefined;
  readonly interface: string | undefined;
  readonly mark: { readonly value: number; readonly mask: number } | undefined;
  readonly pid: number | undefined;
  readonly keep: boolean;
  readonly count: number | undefined;
  readonly time: 'clock' | 'seconds';
  readonly json: boolean;
  readonly group: ProbeGroup;
  readonly ringBytes: number;
  readonly source: 'host' | 'lab';
  readonly kernel: string;
  readonly readyFile: string | undefined;
  readonly debug: boolean;
  readonly ebpf: boolean;
}

const FLAGS = {
  ipaddr: { type: 'string', short: 'H' },
  proto: { type: 'string' },
  port: { type: 'string', short: 'P' },
  icmpid: { type: 'string' },
  netns: { type: 'string', short: 'N' },
  interface: { type: 'string', short: 'i' },
  mark: { type: 'string' },
  pid: { type: 'string', short: 'p' },
  keep: { type: 'boolean' },
  'catch-count': { type: 'string', short: 'c' },
  time: { type: 'boolean', short: 'T' },
  timestamp: { type: 'boolean', short: 't' },
  json: { type: 'boolean' },
  route: { type: 'boolean' },
  iptable: { type: 'boolean' },
  dropstack: { type: 'boolean' },
  callstack: { type: 'boolean' },
  group: { type: 'string' },
  'ring-size': { type: 'string' },
  source: { type: 'string' },
  kernel: { type: 'string' },
  'ready-file': { type: 'string' },
  debug: { type: 'boolean' },
  ebpf: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

/** Flags of the original that a later version brings. */
const NOT_YET = ['iptable', 'dropstack', 'callstack'] as const;

const RING_BYTES = 16 << 20;
const RING_BYTES_MIN = 4096;
const RING_BYTES_MAX = 2 ** 30;

/** Reads the words after `trace`. Throws a CliError with status 2. */
export function parseTrace(words: readonly string[]): TraceOptions {
  const { values, positionals } = parseFlags(words, FLAGS);
  for (const flag of NOT_YET)
    if (values[flag] === true)
      throw usageError(`--${flag} is not there yet; drops are shown with their reason in every trace`);
  if (values.time === true && values.timestamp === true)
    throw usageError('-T and -t are two ways to show the time: give one');
  const form = formToExpression({
    ...EMPTY_FORM,
    host: values.ipaddr ?? '',
    protocol: values.proto ?? '',
    port: values.port ?? '',
    icmpId: values.icmpid ?? '',
  });
  if (!form.ok) throw usageError(form.error.message);
  return {
    expression: joinExpressions(form.value, positionals.join(' ')),
    netns: values.netns,
    interface: interfaceName(values.interface),
    mark: parseMark(values.mark),
    pid: wholeNumber('-p', values.pid, 1, 4_194_304),
    keep: values.keep === true,
    count: wholeNumber('-c', values['catch-count'], 1, Number.MAX_SAFE_INTEGER),
    time: values.timestamp === true ? 'seconds' : 'clock',
    json: values.json === true,
    group: oneOf('--group', values.group, ['default', 'all'] as const, 'default'),
    ringBytes: parseRingSize(values['ring-size']),
    source: oneOf('--source', values.source, ['host', 'lab'] as const, 'host'),
    kernel: values.kernel ?? '6.12',
    readyFile: values['ready-file'],
    debug: values.debug === true,
    ebpf: values.ebpf === true,
  };
}

export interface ServeOptions {
  readonly source: 'auto' | 'host' | 'lab';
  readonly kernel: string;
  readonly readyFile: string | undefined;
}

/** Reads the words after `serve`. */
export function parseServe(words: readonly string[]): ServeOptions {
  const { values, positionals } = parseFlags(words, {
    source: { type: 'string' },
    kernel: { type: 'string' },
    'ready-file': { type: 'string' },
  });
  const [extra] = positionals;
  if (extra !== undefined) throw usageError(`serve takes no '${extra}': filters are set in the page`);
  return {
    source: oneOf('--source', values.source, ['auto', 'host', 'lab'] as const, 'auto'),
    kernel: values.kernel ?? '6.12',
    readyFile: values['ready-file'],
  };
}

/** node:util's parseArgs with errors that help. */
export function parseFlags<T extends NonNullable<ParseArgsConfig['options']>>(
  words: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const unknown = /Unknown option '(-[^']*)'/.exec(message)?.[1];
    if (unknown === undefined) throw usageError(message.split('\n')[0] ?? message);
    const near = nearest(unknown.replace(/^-+/, ''), Object.keys(options));
    throw usageError(
      `there is no flag ${unknown}${near === '' ? '' : `; did you mean --${near}?`} (see --help)`,
    );
  }
}

function wholeNumber(flag: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max))
    throw usageError(
      `${flag} takes a whole number from ${min}${max > 1e9 ? '' : ` to ${max}`}, not '${text}'`,
    );
  return number;
}

function oneOf<T extends string>(
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

function interfaceName(text: string | undefined): string | undefined {
  // dev_valid_name() of the kernel
  if (text !== undefined && !/^[^\s/:]{1,15}$/.test(text))
    throw usageError(`'${text}' is no interface name: at most 15 characters, no space, slash or colon`);
  return text;
}

/** `0x20`, `32`, `0x20/0xf0`. */
export function parseMark(text: string | undefined): TraceOptions['mark'] {
  if (text === undefined) return undefined;
  const [value, mask, more] = text.split('/').map((part) => {
    const number = /^(0x[0-9a-f]+|\d+)$/i.test(part) ? Number(part) : Number.NaN;
    return number <= 0xffffffff ? number : Number.NaN;
  });
  if (value === undefined || Number.isNaN(value) || Number.isNaN(mask ?? 0) || more !== undefined)
    throw usageError(`'${text}' is no mark: VALUE or VALUE/MASK, as 32 or 0x20/0xf0`);
  return { value, mask: mask ?? 0xffffffff };
}

function parseRingSize(text: string | undefined): number {
  if (text === undefined) return RING_BYTES;
  const match = /^(\d+)([KMG]?)$/i.exec(text);
  const scale = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[(match?.[2] ?? '').toUpperCase()] ?? 1;
  const bytes = Number(match?.[1] ?? Number.NaN) * scale;
  if (!(bytes >= RING_BYTES_MIN && bytes <= RING_BYTES_MAX && Math.log2(bytes) % 1 === 0))
    throw usageError(`--ring-size is a power of two from 4K to 1G, not '${text}'`);
  return bytes;
}
