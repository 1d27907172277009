/** The command line's words as one typed value; everything wrong with them is told here, in one line. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../../core/base/nearest.ts';
import {
  BACKEND_CHOICES,
  type BackendChoice,
  DEFAULT_SPEC,
  type ProbePlan,
  RINGS_MAX,
  type StackChoice,
  TAIL_TRACKED_PACKETS,
  type TailChoice,
} from '../../core/messages/source.ts';
import { EMPTY_FORM, formToExpression, joinExpressions, parseAddress } from '../../core/model/filter.ts';
import { parseModes, refusePacketFlags, type Shown } from './modes.ts';
import {
  interfaceName,
  oneOf,
  parseMark,
  parseRingSize,
  parseTail,
  powerOfTwo,
  wholeNumber,
} from './numbers.ts';
import { PROBE_FLAGS, parseProbes } from './probes.ts';
import { usageError } from './usage.ts';

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

const FLAGS = {
  ipaddr: { type: 'string', short: 'H' },
  proto: { type: 'string' },
  port: { type: 'string', short: 'P' },
  icmpid: { type: 'string' },
  netns: { type: 'string', short: 'N' },
  interface: { type: 'string', short: 'i' },
  mark: { type: 'string' },
  pid: { type: 'string', short: 'p' },
  inner: { type: 'string' },
  keep: { type: 'boolean' },
  'catch-count': { type: 'string', short: 'c' },
  time: { type: 'boolean', short: 'T' },
  timestamp: { type: 'boolean', short: 't' },
  json: { type: 'boolean' },
  route: { type: 'boolean' },
  iptable: { type: 'boolean' },
  dropstack: { type: 'boolean' },
  callstack: { type: 'boolean' },
  tcp: { type: 'boolean' },
  why: { type: 'boolean' },
  cb: { type: 'boolean' },
  'flow-rate': { type: 'string' },
  tail: { type: 'string' },
  tracked: { type: 'string' },
  'stack-table': { type: 'string' },
  ...PROBE_FLAGS,
  backend: { type: 'string' },
  'ring-size': { type: 'string' },
  rings: { type: 'string' },
  source: { type: 'string' },
  kernel: { type: 'string' },
  'ready-file': { type: 'string' },
  debug: { type: 'boolean' },
  ebpf: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

/** Flags that choose packets, or say how packets are followed. */
const PACKET_FLAGS = [
  'icmpid', 'interface', 'mark', 'inner', 'keep', 'group', 'stage', 'module', 'filter-func', 'func', 'filter-non-skb-funcs', 'probe-stack', 'flow-rate', 'tail', 'tracked',
] as const; // biome-ignore format: a list

/** Reads the words after `trace`. Throws a CliError with status 2. */
export function parseTrace(words: readonly string[]): TraceOptions {
  const { values, positionals } = parseFlags(words, FLAGS);
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
  const { shows, stacks: shown } = parseModes(values);
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
    // what is decided at a packet's end is about its whole life
    keep: values.keep === true || tail !== undefined,
    count: wholeNumber('-c', values['catch-count'], 1, Number.MAX_SAFE_INTEGER),
    time: values.timestamp === true ? 'seconds' : 'clock',
    json: values.json === true,
    shows,
    stacks,
    controlBlock: values.cb === true,
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
