/**
 * The typed façade of the native addon: finds it, validates what goes in, names what comes out. Only
 * `server/agent` (and tests) may import it. Native code trusts what passes here.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { Failure } from '../core/base/result.ts';
import { check, positive, type Schema } from '../core/base/schema.ts';
import {
  type Capabilities,
  type CaptureFilter,
  type CaptureSpec,
  captureFilterSchema,
  captureSpecSchema,
  type FunctionInfo,
  type PlannedProgram,
  type ProgramCost,
  type TracerStats,
} from '../core/messages/source.ts';

/** What native code refused, with a stable `code`, and a zero-based `position` in a filter's text. */
export class NativeError extends Error {
  readonly code: string;
  readonly position: number | undefined;

  constructor(code: string, message: string, position?: number) {
    super(message);
    this.name = 'NativeError';
    this.code = code;
    this.position = position;
  }

  /** The same as a value that can be sent. */
  toFailure(): Failure {
    const { code, message, position } = this;
    return position === undefined ? { code, message } : { code, message, position };
  }
}

export interface CompiledFilter {
  /** What was compiled, as the user wrote it. */
  readonly expression: string;
  /** eBPF instructions that the filter became, for packets with and without a MAC header. */
  readonly instructions: { readonly l2: number; readonly l3: number };
}

/** `ringBytes` and `stackTable` must be powers of two. */
export interface StartOptions extends Omit<CaptureSpec, 'probes'> {
  readonly parts: ProbeParts;
}

/** Functions to probe, by id out of `functions()`, in parts that are attached and detached together. */
export type ProbeParts = readonly (readonly number[])[];

export interface Switched {
  readonly attached: number;
  /** Functions that refused their probe, with the errno's text. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  readonly attachMs: number;
  /** Batches delivered before: behind them comes no event of a function that is probed no more. */
  readonly batches: number;
  /** Ring buffers that the CPUs share. */
  readonly rings: number;
}

/** Hits of the functions that were weighed, and runs and time of the capture's own probes meanwhile. */
export interface Weight {
  readonly hits: number;
  readonly runs: number;
  readonly timeNs: number;
}

export interface Started extends Switched {
  readonly backend: 'kprobe.multi' | 'kprobe' | 'fentry';
}

/** A function that can be probed; which belong to the default group is not the kernel's business. */
export type NativeFunction = Omit<FunctionInfo, 'isDefault'>;

/** What is found by trying; the agent finds the others by reading. */
export type NativeCapabilities = Omit<Capabilities, 'tracefs' | 'symbols' | 'modules'>;

/** A network namespace, as the kernel tells it. */
export interface Network {
  readonly interfaces: readonly { readonly ifindex: number; readonly name: string }[];
  /**
   * Another one when something has changed that the topology shows: interfaces, their kinds, addresses and ends, ids of
   * other namespaces, default routes. '' when it could not be told.
   */
  readonly key: string;
}

export interface NetworkPlaces {
  /** By name. */
  readonly named: readonly { readonly inode: number; readonly name: string }[];
  /** The first process in each namespace that processes are in. */
  readonly processes: readonly { readonly inode: number; readonly pid: number }[];
}

/** A function that was asked for by name and cannot be probed. */
export interface MissingFunction {
  readonly name: string;
  readonly reason: string;
  /** There is none of that name. */
  readonly isUnknown: boolean;
}

/** Every promise rejects with a {@link NativeError} only. */
export interface NativeAddon {
  /** Wall clock (ms since 1970) at the zero of the records' times. */
  readonly baseUnixMs: number;
  /** What this kernel allows, found by trying; never rejects for a kernel that lacks something. */
  capabilities(): Promise<NativeCapabilities>;
  /**
   * Of this boot, this kernel, the modules that are loaded and this build of the addon: what `packKnown()` gave under
   * one key holds under the same.
   */
  kernelKey(): string;
  /** Of the programs of tc and XDP that are loaded now: another one when these have come or gone. */
  programsKey(): string;
  /** All that was found out about the kernel; undefined when there is nothing that was not packed or taken over. */
  packKnown(): Promise<Buffer | undefined>;
  /** Takes over what another process packed under the same key; false when these bytes are not that. */
  takeOverKnown(packed: Buffer): boolean;
  /** The bytes, so that `unseal` can tell whether they are whole and of this key. */
  seal(key: string, bytes: Buffer): Buffer;
  unseal(key: string, sealed: Buffer): Buffer | undefined;
  /** What is in the network namespaces that these files stand for; undefined where one is gone or cannot be entered. */
  networks(files: readonly string[]): Promise<readonly (Network | undefined)[]>;
  /** Where network namespaces are found: `named` is the folder of `ip netns`. */
  networkPlaces(named: string): Promise<NetworkPlaces>;
  /**
   * Every attachable function with an skb among its first five arguments, entry and exit of the programs of tc and XDP, and
   * what `others()` has put there, as the kernel is now. What was told before keeps its id, also when its module, or
   * program, is gone.
   */
  functions(): Promise<NativeFunction[]>;
  /** Puts functions that take no skb among `functions()`, by their names; resolves to those that are not there, and why. */
  others(names: readonly string[]): Promise<readonly MissingFunction[]>;
  /** All functions that a probe could be put on, in the order of their names. */
  probeableNames(): Promise<readonly string[]>;
  /** Drop reason names by value, from the running kernel's BTF. */
  dropReasons(): Promise<{ readonly value: number; readonly name: string }[]>;
  /** What a capture would load beside the probes' program, on this kernel now. */
  programs(): Promise<PlannedProgram[]>;
  /** Compiles a pcap expression; needs no privileges. FILTER_SYNTAX and others carry a position. */
  compileFilter(expression: string): Promise<CompiledFilter>;
  /** Probes of captures of this process, stopped ones too, that the kernel has not detached yet. */
  detaching(): number;
  createTracer(): NativeTracer;
}

export interface NativeTracer {
  /**
   * Loads, attaches and starts delivering. `onBatch` gets whole records of bpf/wire.h; the next batch comes
   * only while fewer than 64 batches wait for `release()`, otherwise records stay in the kernel's ring, where a
   * loss is counted. At a stop what is there comes, 320 batches at most.
   */
  start(options: StartOptions, onBatch: (batch: Buffer) => void): Promise<Started>;
  /** Puts other filter settings in force on the running capture, without detaching a probe. */
  update(filter: CaptureFilter): Promise<{ readonly generation: number }>;
  /**
   * Other functions on the running capture: only the difference is attached and detached. Rejects, with nothing changed,
   * with ATTACH_FAILED when none would have a probe, and PROBES_BUSY.
   */
  setProbes(parts: ProbeParts): Promise<Switched>;
  /**
   * Probes these functions, beside all others, and only counts what they are hit until `endWeighing()`. Rejects as
   * `setProbes`, and with STATS_REFUSED.
   */
  weigh(part: ProbeParts[number]): Promise<void>;
  endWeighing(): Promise<Weight>;
  /** Ids of the functions on the stacks of drops, in the order in which they were found; with stacks only. */
  functionsOnDrops(): number[];
  /** The receiver is done with one batch. */
  release(): void;
  stats(): TracerStats;
  /**
   * What each eBPF program has cost, as far as it was measured: the kernel measures from the first call on, all eBPF
   * programs of the host, until `endCost()` or `stop()`. Rejects with NOT_RUNNING, STATS_REFUSED.
   */
  cost(): Promise<ProgramCost[]>;
  endCost(): void;
  /**
   * Capture off at once, what was recorded delivered, then probes detached by a process of its own. The last batches may
   * come behind the promise: `stats().batches` says how many there are.
   */
  stop(): Promise<void>;
}

/** As binding.cc exports it: parts, of which there is one. */
interface BoundTracer extends Omit<NativeTracer, 'weigh'> {
  weigh(parts: ProbeParts): Promise<void>;
}
/** As binding.cc exports it. */
interface Binding extends Omit<NativeAddon, 'createTracer' | 'unseal'> {
  /** Where what was sealed begins. */
  unseal(key: string, sealed: Buffer): number | undefined;
  readonly Tracer: new () => BoundTracer;
}

const partsSchema = v.pipe(
  v.array(v.pipe(v.array(positive), v.nonEmpty('there is no function in it'))),
  v.nonEmpty('there would be nothing to see'),
);
const startSchema = v.object({ ...v.omit(captureSpecSchema, ['probes']).entries, parts: partsSchema });

/** Libraries that it needs, by the packages of Debian that have them. */
const LIBRARIES = 'libbpf1, libpcap0.8, libelf1 and zlib1g';

/** Loads the addon out of native/build. Throws a {@link NativeError} that says what to do. */
export function loadAddon(): NativeAddon {
  const file = join(checkoutRoot(), 'native', 'build', 'Release', 'skbtracer.node');
  if (process.platform !== 'linux')
    throw new NativeError('NOT_LINUX', `tracing needs Linux; this is ${process.platform}`);
  if (!existsSync(file))
    throw new NativeError(
      'ADDON_MISSING',
      `there is no ${file}; run \`npm run setup\` in a checkout, or install the package again`,
    );
  let binding: Binding;
  try {
    binding = createRequire(import.meta.url)(file);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const advice = message.includes('cannot open shared object file')
      ? `install what Debian has as ${LIBRARIES}`
      : 'run `npm run setup` in a checkout, or install the package again';
    throw new NativeError('ADDON_BROKEN', `cannot load ${file}: ${message}; ${advice}`);
  }
  const { size, mtimeMs } = statSync(file);
  return {
    baseUnixMs: binding.baseUnixMs,
    kernelKey: () => `${binding.kernelKey()} ${size} ${mtimeMs}`,
    programsKey: () => binding.programsKey(),
    packKnown: () => typed(() => binding.packKnown()),
    takeOverKnown: (packed) => binding.takeOverKnown(packed),
    seal: (key, bytes) => binding.seal(key, bytes),
    unseal(key, sealed) {
      const begin = binding.unseal(key, sealed);
      return begin === undefined ? undefined : sealed.subarray(begin);
    },
    networks: (files) => typed(() => binding.networks(files)),
    networkPlaces: (named) => typed(() => binding.networkPlaces(textOf(named))),
    capabilities: () => typed(() => binding.capabilities()),
    functions: () => typed(() => binding.functions()),
    others: (names) => typed(() => binding.others(names)),
    probeableNames: () => typed(() => binding.probeableNames()),
    dropReasons: () => typed(() => binding.dropReasons()),
    programs: () => typed(() => binding.programs()),
    compileFilter: (expression) => typed(() => binding.compileFilter(textOf(expression))),
    detaching: () => binding.detaching(),
    createTracer: () => checkedTracer(new binding.Tracer()),
  };
}

function checkedTracer(tracer: BoundTracer): NativeTracer {
  return {
    start: (options, onBatch) => typed(() => tracer.start(checkStart(options), onBatch)),
    update: (filter) => typed(() => tracer.update(checkFilter(filter))),
    setProbes: (parts) => typed(() => tracer.setProbes(parseOptions(partsSchema, parts))),
    weigh: (part) => typed(() => tracer.weigh(parseOptions(partsSchema, [part]))),
    endWeighing: () => typed(() => tracer.endWeighing()),
    functionsOnDrops: () => tracer.functionsOnDrops(),
    release: () => tracer.release(),
    stats: () => tracer.stats(),
    cost: () => typed(() => tracer.cost()),
    endCost: () => tracer.endCost(),
    stop: () => typed(() => tracer.stop()),
  };
}

async function typed<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asNativeError(error);
  }
}

function asNativeError(error: unknown): NativeError {
  if (error instanceof NativeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = property(error, 'code');
  const position = property(error, 'position');
  return new NativeError(
    typeof code === 'string' ? code : 'NATIVE_FAULT',
    message,
    typeof position === 'number' ? position : undefined,
  );
}

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

function textOf(expression: string): string {
  const end = expression.indexOf('\0');
  if (end >= 0) throw new NativeError('FILTER_SYNTAX', 'the filter contains a NUL character', end);
  return expression;
}

function checkFilter(filter: CaptureFilter): CaptureFilter {
  const checked = parseOptions(captureFilterSchema, filter);
  return { ...checked, expression: textOf(checked.expression), inner: textOf(checked.inner) };
}

function checkStart(options: StartOptions): StartOptions {
  const checked = parseOptions(startSchema, options);
  for (const field of ['ringBytes', 'stackTable'] as const)
    if (Math.log2(checked[field]) % 1 !== 0)
      throw new NativeError('BAD_OPTIONS', `${field} must be a power of two, not ${checked[field]}`);
  return { ...checked, filter: checkFilter(checked.filter) };
}

function parseOptions<T>(schema: Schema<T>, given: unknown): T {
  const checked = check(schema, given);
  if (!checked.ok) throw new NativeError('BAD_OPTIONS', checked.problem);
  return checked.value;
}

/** The folder of the package.json that says skbtracer, upwards from this file or the bundle it is in. */
function checkoutRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'skbtracer')
      return folder;
    if (folder === dirname(folder))
      throw new NativeError('ADDON_MISSING', `${import.meta.dirname} is not inside a checkout of skbtracer`);
  }
}
