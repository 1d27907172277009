/** The command line's words as one typed value; everything wrong with them is told here, in one line. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../../core/base/nearest.ts';
import {
  chosenTriggers,
  DEFAULT_AFTER_MS,
  DEFAULT_LAST_MS,
  DEFAULT_TIMES,
  FREEZE_MS_MAX,
  type FreezeOrder,
  LAST_MS_MIN,
  type TriggerChoice,
} from '../../core/messages/freezing.ts';
import {
  BACKEND_CHOICES,
  type BackendChoice,
  DASHBOARD_SPEC,
  DEFAULT_SPEC,
  type ProbePlan,
  RINGS_MAX,
  type StackChoice,
  TAIL_TRACKED_PACKETS,
  type TailChoice,
} from '../../core/messages/source.ts';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  formatOfName,
  HOP_CHOICES,
  type HopChoice,
} from '../../core/model/export/formats.ts';
import { EMPTY_FORM, formToExpression, joinExpressions, parseAddress } from '../../core/model/filter.ts';
import type { ServeOptions } from '../launcher.ts';
import type { RingLimits } from '../recording/ring.ts';
import { DEFAULT_LIMITS, DEFAULT_MEMORY_BYTES } from '../store/limits.ts';
import {
  EXPECT_FLAGS,
  EXPORT_FLAGS,
  FORMATS,
  IMPORT_FLAGS,
  PRINT_FLAGS,
  QUERY_FLAGS,
  RECORD_FLAGS,
  SERVE_FLAGS,
  TRACE_FLAGS,
} from './flags.ts';
import { MODE_FLAGS, parseModes, refusePacketFlags, SHOWS_NOTHING, type Shown } from './modes.ts';
import {
  interfaceName,
  oneOf,
  parseDuration,
  parseLast,
  parseMark,
  parseRingSize,
  parseRotation,
  parseSize,
  parseTail,
  parseTriggers,
  powerOfTwo,
  wholeNumber,
} from './numbers.ts';
import { parseProbes } from './probes.ts';
import type { Rotation } from './rotating.ts';
import { usageError } from './usage.ts';

/** What a flight recorder keeps, and when it writes that. */
export interface FlightOptions {
  readonly limits: RingLimits;
  readonly triggers: TriggerChoice;
  /** So long after what happened. */
  readonly afterMs: number;
}

export interface TraceOptions {
  readonly expression: string;
  /** pcap expression for what a tunnel's packet carries. */
  readonly inner: string;
  /** -H and -P, which choose TCP connections, too; '' and undefined: any. */
  readonly host: string;
  readonly port: number | undefined;
  /** As written: resolved once the source has told its namespaces. */
  readonly netns: string | undefined;
  readonly interface: string | undefined;
  readonly mark: { readonly value: number; readonly mask: number } | undefined;
  readonly pid: number | undefined;
  readonly keep: boolean;
  readonly count: number | undefined;
  readonly time: 'clock' | 'seconds';
  readonly json: boolean;
  readonly shows: Shown;
  readonly stacks: StackChoice;
  /** Stacks are told with lines, and not only taken. */
  readonly printsStacks: boolean;
  /** A file, or `-`; undefined: nothing is recorded. */
  readonly record: string | undefined;
  /** Only the last of it is, once something happens; undefined: all. */
  readonly flight: FlightOptions | undefined;
  /** File that lines are written to; undefined: the standard output. */
  readonly lines: string | undefined;
  readonly rotation: Rotation | undefined;
  /** Until it is told to: undefined. */
  readonly durationMs: number | undefined;
  readonly controlBlock: boolean;
  readonly probes: ProbePlan;
  readonly backend: BackendChoice;
  readonly flowRate: number;
  /** What is told at a packet's end; undefined: everything, as it comes. */
  readonly tail: TailChoice | undefined;
  readonly trackedPackets: number;
  readonly stackTable: number;
  readonly ringBytes: number;
  /** 0: as suits the CPUs. */
  readonly rings: number;
  readonly source: 'host' | 'lab';
  readonly kernel: string;
  readonly readyFile: string | undefined;
  readonly debug: boolean;
  readonly ebpf: boolean;
}

/** `--last` and `--after` alone. */
function refuseWithoutFreeze({
  freeze,
  last,
  after,
}: {
  readonly freeze?: string;
  readonly last?: string;
  readonly after?: string;
}): void {
  if (freeze === undefined && (last !== undefined || after !== undefined))
    throw usageError('--last and --after are about --freeze: say what is waited for, as --freeze drop');
}

/** Flags that choose packets, or say how packets are followed. */
const PACKET_FLAGS = [
  'icmpid', 'interface', 'mark', 'inner', 'keep', 'group', 'stage', 'module', 'filter-func', 'func', 'filter-non-skb-funcs', 'probe-stack', 'flow-rate', 'tail', 'tracked',
] as const; // biome-ignore format: a list

/** Reads the words after `trace`. Throws a CliError with status 2. */
export function parseTrace(words: readonly string[]): TraceOptions {
  const { values, positionals } = parseFlags(words, TRACE_FLAGS);
  const { output, rotate, ...flags } = values;
  if (output === '' || output === '-')
    throw usageError('lines are written to the standard output without --output, too');
  if (rotate !== undefined && output === undefined)
    throw usageError('--rotate is about the file of --output: give that');
  return { ...traceOptions(flags, positionals), lines: output, rotation: parseRotation(rotate) };
}

/**
 * Reads the words after `record`: what a dashboard asks for is recorded, so that a page can show all that it has;
 * printed is what flags ask for. Throws a CliError with status 2.
 */
export function parseRecord(words: readonly string[]): TraceOptions {
  const { values, positionals } = parseFlags(words, RECORD_FLAGS);
  const { output, freeze, last, after, ...flags } = values;
  refuseWithoutFreeze(values);
  if (output === undefined || output === '')
    throw usageError("record writes a file: give -o FILE, or '-o -' for the standard output");
  const isPrinted =
    MODE_FLAGS.some((flag) => flags[flag] === true) || flags.json === true || flags.format !== undefined;
  if (output === '-' && isPrinted)
    throw usageError(
      'the standard output takes the recording or lines: give -o a file, or leave what prints out',
    );
  if (flags.tcp === true && !MODE_FLAGS.some((flag) => flag !== 'tcp' && flags[flag] === true))
    throw usageError(
      'record has connections anyhow: --tcp alone would record nothing else. Add --route, or leave it out',
    );
  const options = traceOptions(flags, positionals);
  return {
    ...options,
    stacks: options.stacks === 'none' ? DASHBOARD_SPEC.stacks : options.stacks,
    shows: isPrinted ? options.shows : SHOWS_NOTHING,
    record: output,
    flight:
      freeze === undefined
        ? undefined
        : {
            triggers: parseTriggers(freeze),
            limits: parseLast(last),
            afterMs: parseDuration('--after', after) ?? DEFAULT_AFTER_MS,
          },
  };
}

export interface ReplayOptions {
  /** `-`: the standard input. */
  readonly file: string;
  readonly shows: Shown;
  readonly stacks: StackChoice;
  readonly printsStacks: boolean;
  readonly controlBlock: boolean;
  readonly count: number | undefined;
  readonly time: 'clock' | 'seconds';
  readonly json: boolean;
}

/** Reads the words after `replay`. Throws a CliError with status 2. */
export function parseReplay(words: readonly string[]): ReplayOptions {
  const { values, positionals } = parseFlags(words, PRINT_FLAGS);
  const [file, extra] = positionals;
  if (file === undefined)
    throw usageError("replay reads a recording: give its file, or '-' for the standard input");
  if (extra !== undefined) throw usageError(`replay reads one recording, and has no use for '${extra}'`);
  return { file, ...printOptions(values) };
}

export interface ExportOptions {
  /** `-`: the standard input. */
  readonly file: string;
  /** A new file, or `-`. */
  readonly output: string;
  readonly format: ExportFormat;
  readonly hops: HopChoice;
  /** Undefined: all. */
  readonly packets: ReadonlySet<number> | undefined;
}

/** Packets that can be named. */
const PACKETS_MAX = 1000;

/** Reads the words after `export`. Throws a CliError with status 2. */
export function parseExport(words: readonly string[]): ExportOptions {
  const { values, positionals } = parseFlags(words, EXPORT_FLAGS);
  const [file, extra] = positionals;
  if (file === undefined)
    throw usageError("export reads a recording: give its file, or '-' for the standard input");
  if (extra !== undefined) throw usageError(`export reads one recording, and has no use for '${extra}'`);
  const { output } = values;
  if (output === undefined || output === '')
    throw usageError("export writes a file: give -o FILE, or '-o -' for the standard output");
  const named = values.format ?? formatOfName(output);
  if (named === undefined)
    throw usageError(
      `'${output}' does not say what it is to be: give --format ${EXPORT_FORMATS.join(', ')}, or a name that ends in one`,
    );
  const format = oneOf('--format', named, EXPORT_FORMATS, 'jsonl');
  if (format === 'parquet' && values.packet !== undefined)
    throw usageError('--packet is not for parquet, which has all tables whole: `query` chooses rows');
  if (values.hops !== undefined && format !== 'pcapng')
    throw usageError(`--hops is about pcapng: ${format} has every hop`);
  return {
    file,
    output,
    format,
    hops: oneOf('--hops', values.hops, HOP_CHOICES, 'interfaces'),
    packets: packetIds(values.packet),
  };
}

export interface ImportOptions {
  /** Of one capture, in their order; `-` alone: the standard input. */
  readonly files: readonly string[];
  /** A new file, or `-`. */
  readonly output: string;
}

/** Files that a rotating tool may have written. */
const FILES_MAX = 256;

/** Reads the words after `import`. Throws a CliError with status 2. */
export function parseImport(words: readonly string[]): ImportOptions {
  const { values, positionals: files } = parseFlags(words, IMPORT_FLAGS);
  if (files.length === 0)
    throw usageError("import reads another tool’s capture: give its file, or '-' for the standard input");
  if (files.length > FILES_MAX)
    throw usageError(`import reads ${FILES_MAX} files at once, not ${files.length}`);
  if (files.length > 1 && files.includes('-'))
    throw usageError("import reads the standard input alone: give '-', or files");
  const { output } = values;
  if (output === undefined || output === '')
    throw usageError("import writes a recording: give -o FILE, or '-o -' for the standard output");
  return { files, output };
}

export interface QueryOptions {
  /** `-`: the standard input. */
  readonly file: string;
  readonly sql: string;
  readonly format: 'text' | 'json' | 'csv';
}

/** Reads the words after `query`. Throws a CliError with status 2. */
export function parseQuery(words: readonly string[]): QueryOptions {
  const { values, positionals } = parseFlags(words, QUERY_FLAGS);
  const [file, sql, extra] = positionals;
  if (file === undefined || sql === undefined || sql.trim() === '')
    throw usageError(
      "query asks a recording: give its file and SQL, as 'SELECT verdict, count(*) FROM packets GROUP BY ALL'",
    );
  if (extra !== undefined)
    throw usageError(`query takes one question, in quotes, and has no use for '${extra}'`);
  if (values.json === true && values.csv === true) throw usageError('--json or --csv, not both');
  return { file, sql, format: values.json ? 'json' : values.csv ? 'csv' : 'text' };
}

export interface ExpectOptions {
  /** Of expectations: YAML. */
  readonly file: string;
  /** What is captured while the command runs. */
  readonly capture: TraceOptions;
  /** Program and arguments; none with a recording. */
  readonly command: readonly string[];
  readonly recording: string | undefined;
  readonly format: 'text' | 'tap';
  /** A file that is written, too. */
  readonly junit: string | undefined;
  /** How long is waited at most for packets that are still on their way. */
  readonly settleMs: number;
}

const SETTLE_MS = 2000;

/** Reads the words after `expect`. Throws a CliError with status 2. */
export function parseExpect(words: readonly string[]): ExpectOptions {
  const end = words.indexOf('--');
  const command = end < 0 ? [] : words.slice(end + 1);
  const { values, positionals } = parseFlags(end < 0 ? words : words.slice(0, end), EXPECT_FLAGS);
  const { recording, tap, junit, settle, ...flags } = values;
  const [file, ...expression] = positionals;
  if (file === undefined)
    throw usageError('expect reads a file of expectations: give its name (docs/expect.md)');
  if (recording === undefined && command.length === 0)
    throw usageError(
      'expect watches a command: give it behind --, as in `expect FILE -- ping -c1 10.1.0.3`, or give --recording FILE',
    );
  if (recording !== undefined && command.length > 0)
    throw usageError('expect watches a command or reads a recording: give one');
  if (recording !== undefined && (expression.length > 0 || Object.keys(flags).length > 0))
    throw usageError('a recording has what was captured then: leave out what chooses packets and probes');
  return {
    file,
    capture: { ...traceOptions(flags, expression), keep: true },
    command,
    recording,
    format: tap === true ? 'tap' : 'text',
    junit,
    settleMs: parseDuration('--settle', settle) ?? SETTLE_MS,
  };
}

/** `12`, `12,15`. */
function packetIds(text: string | undefined): ReadonlySet<number> | undefined {
  if (text === undefined) return undefined;
  const ids = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : 0));
  if (ids.length > PACKETS_MAX || ids.some((id) => !Number.isSafeInteger(id) || id < 1))
    throw usageError(
      `--packet takes packet ids with commas between them, ${PACKETS_MAX} at most, not '${text}'`,
    );
  return new Set(ids);
}

type PrintFlags = ReturnType<typeof parseFlags<typeof PRINT_FLAGS>>['values'];
type TraceFlags = Omit<ReturnType<typeof parseFlags<typeof TRACE_FLAGS>>['values'], 'output' | 'rotate'>;

/** What is printed of events, wherever they come from. */
function printOptions(values: PrintFlags): Omit<ReplayOptions, 'file'> {
  if (values.time === true && values.timestamp === true)
    throw usageError('-T and -t are two ways to show the time: give one');
  const format = oneOf('--format', values.format, FORMATS, values.json === true ? 'json' : 'classic');
  if (values.json === true && format !== 'json')
    throw usageError(`--json and --format ${format} are two formats: give one`);
  const { shows, stacks } = parseModes({ ...values, isTree: format === 'tree' });
  const count = wholeNumber('-c', values['catch-count'], 1, Number.MAX_SAFE_INTEGER);
  if (shows.top && (format === 'json' || count !== undefined))
    throw usageError(
      `--drops is a table: leave ${format === 'json' ? '--json' : '-c'} out (--dropstack prints each drop)`,
    );
  if (shows.stats && count !== undefined)
    throw usageError('--stats prints no events: leave -c out (--duration stops after a time)');
  return {
    shows,
    stacks,
    printsStacks: stacks !== 'none',
    controlBlock: values.cb === true,
    count,
    time: values.timestamp === true ? 'seconds' : 'clock',
    json: format === 'json',
  };
}

function traceOptions(values: TraceFlags, positionals: readonly string[]): TraceOptions {
  const printed = printOptions(values);
  const form = formToExpression({
    ...EMPTY_FORM,
    host: values.ipaddr ?? '',
    protocol: values.proto ?? '',
    port: values.port ?? '',
    icmpId: values.icmpid ?? '',
  });
  if (!form.ok) throw usageError(form.error.message);
  const { shows, stacks: shown } = printed;
  const stacks = values['probe-stack'] === true && shown === 'none' ? 'drops' : shown;
  refusePacketFlags(shows, [
    ...(positionals.length > 0 ? ['a pcap expression'] : []),
    ...(['tcp', 'any', undefined].includes(values.proto) ? [] : [`--proto ${values.proto}`]),
    ...PACKET_FLAGS.filter((flag) => values[flag] !== undefined).map((flag) => `--${flag}`),
  ]);
  if (values['stack-table'] !== undefined && stacks === 'none')
    throw usageError(
      '--stack-table is the room for kernel stacks: give --callstack, --dropstack or --probe-stack with it',
    );
  const tail = parseTail(values.tail);
  if (tail && values.stats === true)
    throw usageError('--stats counts all packets, --tail tells only some: leave one of them out');
  if (tail && (values.callstack === true || values.cb === true))
    throw usageError(
      '--tail keeps a hop in a few bytes, without stack and control block: --dropstack works with it, --callstack and --cb do not',
    );
  return {
    expression: joinExpressions(form.value, positionals.join(' ')),
    inner: values.inner?.trim() ?? '',
    host: parseAddress(values.ipaddr?.trim() ?? '') ?? '',
    port: wholeNumber('-P', values.port?.trim(), 1, 65535),
    netns: values.netns,
    interface: interfaceName(values.interface),
    mark: parseMark(values.mark),
    pid: wholeNumber('-p', values.pid, 1, 4_194_304),
    // what is decided, or told, at a packet's end is about its whole life
    keep: values.keep === true || tail !== undefined || shows.story,
    ...printed,
    stacks,
    printsStacks: stacks !== 'none',
    record: undefined,
    flight: undefined,
    lines: undefined,
    rotation: undefined,
    durationMs: parseDuration('--duration', values.duration),
    flowRate: wholeNumber('--flow-rate', values['flow-rate'], 1, 1_000_000) ?? DEFAULT_SPEC.flowRate,
    tail,
    trackedPackets:
      wholeNumber('--tracked', values.tracked, 64, 1 << 20) ??
      (tail ? TAIL_TRACKED_PACKETS : DEFAULT_SPEC.trackedPackets),
    stackTable: powerOfTwo('--stack-table', values['stack-table'], 16, 1 << 16) ?? DEFAULT_SPEC.stackTable,
    probes: parseProbes(values),
    backend: oneOf('--backend', values.backend, BACKEND_CHOICES, 'auto'),
    ringBytes: parseRingSize(values['ring-size']) ?? DEFAULT_SPEC.ringBytes,
    rings: wholeNumber('--rings', values.rings, 1, RINGS_MAX) ?? DEFAULT_SPEC.rings,
    source: oneOf('--source', values.source, ['host', 'lab'] as const, 'host'),
    kernel: values.kernel ?? '6.12',
    readyFile: values['ready-file'],
    debug: values.debug === true,
    ebpf: values.ebpf === true,
  };
}

/** Reads the words after `serve`. */
export function parseServe(words: readonly string[]): ServeOptions {
  const { values, positionals } = parseFlags(words, SERVE_FLAGS);
  const [recording, extra] = positionals;
  if (extra !== undefined)
    throw usageError(`serve takes one recording, or nothing: filters are set in the page, not by '${extra}'`);
  if (recording !== undefined && values.source !== undefined)
    throw usageError(
      `a recording is shown, or what there is to capture: leave --source or '${recording}' out`,
    );
  const freeze = freezeOrder(values);
  if (freeze !== null && recording !== undefined)
    throw usageError('--freeze waits for what happens: of a recording everything has happened');
  if (freeze !== null && values.recordings === 'off')
    throw usageError(
      '--freeze makes recordings, and --recordings off says that none are kept: leave one out',
    );
  return {
    recording,
    freeze,
    source: oneOf('--source', values.source, ['auto', 'host', 'lab'] as const, 'auto'),
    kernel: values.kernel ?? '6.12',
    readyFile: values['ready-file'],
    memoryBytes: memorySize(values.memory),
    recordings: values.recordings === 'off' ? null : values.recordings,
    limits: {
      bytes: parseSize('--recordings-size', values['recordings-size']) ?? DEFAULT_LIMITS.bytes,
      ageMs: parseDuration('--recordings-age', values['recordings-age']) ?? DEFAULT_LIMITS.ageMs,
      files:
        wholeNumber('--recordings-number', values['recordings-number'], 1, 1_000_000) ?? DEFAULT_LIMITS.files,
      tables:
        oneOf('--recordings-tables', values['recordings-tables'], ['on', 'off'] as const, 'on') === 'on',
    },
  };
}

/** What `serve` waits for; null for nothing. */
function freezeOrder(
  values: ReturnType<typeof parseFlags<typeof SERVE_FLAGS>>['values'],
): FreezeOrder | null {
  const { freeze, last, after } = values;
  refuseWithoutFreeze(values);
  if (freeze === undefined) return null;
  const order = {
    triggers: parseTriggers(freeze),
    lastMs: parseDuration('--last', last) ?? DEFAULT_LAST_MS,
    afterMs: parseDuration('--after', after) ?? DEFAULT_AFTER_MS,
    times: DEFAULT_TIMES,
  };
  if (order.lastMs < LAST_MS_MIN)
    throw usageError(`serve keeps ${LAST_MS_MIN} ms at least with --freeze: --last is from 100ms to 1h`);
  if (Math.max(order.lastMs, order.afterMs) > FREEZE_MS_MAX)
    throw usageError('serve keeps an hour at most with --freeze: --last and --after are up to 1h');
  if (chosenTriggers(order.triggers).length === 0)
    throw usageError('by hand the page freezes anyhow: say what else is waited for, as --freeze drop');
  return order;
}

const MEMORY_MIN = 64 << 10;
const MEMORY_MAX = 8 * 2 ** 30;

function memorySize(text: string | undefined): number {
  const bytes = parseSize('--memory', text) ?? DEFAULT_MEMORY_BYTES;
  if (bytes < MEMORY_MIN || bytes > MEMORY_MAX) throw usageError(`--memory is from 64K to 8G, not '${text}'`);
  return bytes;
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
