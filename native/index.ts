/**
 * The typed façade of the native addon: finds it, validates what goes in, names what comes out. Only
 * `server/agent` (and tests) may import it. Native code trusts what passes here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Failure } from '../core/base/result.ts';
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
export interface StartOptions extends Omit<CaptureSpec, 'group'> {
  /** Functions to probe, by id out of `functions()`. */
  readonly functionIds: readonly number[];
}

export interface Started {
  readonly attached: number;
  /** Functions that refused their probe, with the errno's text. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  readonly backend: 'kprobe.multi' | 'kprobe';
  readonly attachMs: number;
}

/** A function that can be probed; which belong to the default group is not the kernel's business. */
export type NativeFunction = Omit<FunctionInfo, 'isDefault'>;

/** Every promise rejects with a {@link NativeError} only. */
export interface NativeAddon {
  /** Wall clock (ms since 1970) at the zero of the records' times. */
  readonly baseUnixMs: number;
  /** What this kernel allows, found by trying; never rejects for a kernel that lacks something. */
  capabilities(): Promise<Capabilities>;
  /** Every attachable function with an skb among its first five arguments, by name. */
  functions(): Promise<NativeFunction[]>;
  /** Drop reason names by value, from the running kernel's BTF. */
  dropReasons(): Promise<{ readonly value: number; readonly name: string }[]>;
  /** What a capture would load beside the probes' program, on this kernel now. */
  programs(): Promise<PlannedProgram[]>;
  /** Compiles a pcap expression; needs no privileges. FILTER_SYNTAX and others carry a position. */
  compileFilter(expression: string): Promise<CompiledFilter>;
  createTracer(): NativeTracer;
}

export interface NativeTracer {
  /**
   * Loads, attaches and starts delivering. `onBatch` gets whole records of bpf/wire.h; the next batch comes
   * only while fewer than 64 batches wait for `release()`, otherwise records stay in the kernel's ring, where a
   * loss is counted.
   */
  start(options: StartOptions, onBatch: (batch: Buffer) => void): Promise<Started>;
  /** Puts other filter settings in force on the running capture, without detaching a probe. */
  update(filter: CaptureFilter): Promise<{ readonly generation: number }>;
  /** The receiver is done with one batch. */
  release(): void;
  stats(): TracerStats;
  /**
   * What each eBPF program has cost, as far as it was measured: the kernel measures from the first call on, all eBPF
   * programs of the host, until `endCost()` or `stop()`. Rejects with NOT_RUNNING, STATS_REFUSED.
   */
  cost(): Promise<ProgramCost[]>;
  endCost(): void;
  /** Capture off at once, what was recorded delivered, then probes detached by a process of its own. */
  stop(): Promise<void>;
}

/** As binding.cc exports it. */
interface Binding extends Omit<NativeAddon, 'createTracer'> {
  readonly Tracer: new () => NativeTracer;
}

const startSchema = captureSpecSchema
  .omit({ group: true })
  .extend({ functionIds: z.array(z.number().int().positive()).min(1, 'there would be nothing to see') });

/** Loads the addon out of native/build. Throws a {@link NativeError} that says what to do. */
export function loadAddon(): NativeAddon {
  const file = join(checkoutRoot(), 'native', 'build', 'Release', 'skbtracer.node');
  if (process.platform !== 'linux')
    throw new NativeError('NOT_LINUX', `tracing needs Linux; this is ${process.platform}`);
  if (!existsSync(file)) throw new NativeError('ADDON_MISSING', `there is no ${file}; run \`npm run setup\``);
  let binding: Binding;
  try {
    binding = createRequire(import.meta.url)(file);
  } catch (error) {
    throw new NativeError(
      'ADDON_BROKEN',
      `cannot load ${file}: ${error instanceof Error ? error.message : String(error)}; run \`npm run setup\``,
    );
  }
  return {
    baseUnixMs: binding.baseUnixMs,
    capabilities: () => typed(() => binding.capabilities()),
    functions: () => typed(() => binding.functions()),
    dropReasons: () => typed(() => binding.dropReasons()),
    programs: () => typed(() => binding.programs()),
    compileFilter: (expression) => typed(() => binding.compileFilter(textOf(expression))),
    createTracer: () => checkedTracer(new binding.Tracer()),
  };
}

function checkedTracer(tracer: NativeTracer): NativeTracer {
  return {
    start: (options, onBatch) => typed(() => tracer.start(checkStart(options), onBatch)),
    update: (filter) => typed(() => tracer.update(checkFilter(filter))),
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

function parseOptions<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new NativeError('BAD_OPTIONS', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
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
