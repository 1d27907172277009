import { isDeepStrictEqual } from 'node:util';
import { fail, ok, type Result } from '../../core/base/result.ts';
import {
  type CaptureSpec,
  type CaptureState,
  COST_LEASE_MS,
  type Cost,
  type FunctionInfo,
  type TracerStats,
} from '../../core/messages/source.ts';
import { type NativeAddon, NativeError, type NativeTracer } from '../../native/index.ts';

export interface CaptureListener {
  capture(state: CaptureState): void;
  stats(stats: TracerStats): void;
  /** Records, and what to call when they are taken. */
  batch(records: Buffer, taken: () => void): void;
}

const STATS_EVERY_MS = 500;

/**
 * The one capture of an agent. Requests are carried out one after another: a stop that comes while a start is
 * under way stops what was started.
 */
export class Capture {
  readonly #addon: NativeAddon;
  readonly #functions: () => Promise<readonly FunctionInfo[]>;
  readonly #listener: CaptureListener;
  #state: CaptureState = { phase: 'idle' };
  #tracer: NativeTracer | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #costLease: NodeJS.Timeout | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    addon: NativeAddon,
    functions: () => Promise<readonly FunctionInfo[]>,
    listener: CaptureListener,
  ) {
    this.#addon = addon;
    this.#functions = functions;
    this.#listener = listener;
  }

  /** Starts, or changes, the capture. With the same probes and sizes only the filter is exchanged. */
  apply(spec: CaptureSpec): Promise<Result<{ readonly generation: number }>> {
    return this.#inTurn(async () => {
      try {
        const now = this.#state;
        if (this.#tracer !== undefined && now.phase === 'running' && sameProbes(now.spec, spec)) {
          const { generation } = await this.#tracer.update(spec.filter);
          this.#enter({ ...now, spec, generation });
          return ok({ generation });
        }
        // found wanting before what runs is stopped for it
        await this.#addon.compileFilter(spec.filter.expression);
        await this.#addon.compileFilter(spec.filter.inner);
        await this.#stopTracer();
        return await this.#start(spec);
      } catch (error) {
        return this.#refused(error);
      }
    });
  }

  /** Capture off at once; what was recorded is delivered first, then the last counts. */
  stop(): Promise<Result<null>> {
    return this.#inTurn(async () => {
      await this.#stopTracer();
      return ok(null);
    });
  }

  /** What the programs cost: measured for a while, since measuring costs something itself. */
  async cost(): Promise<Result<Cost>> {
    const tracer = this.#tracer;
    if (tracer === undefined) return fail('NOT_RUNNING', 'no capture runs; start one first');
    clearTimeout(this.#costLease);
    this.#costLease = setTimeout(() => tracer.endCost(), COST_LEASE_MS);
    try {
      return ok({ atMs: performance.now(), programs: await tracer.cost() });
    } catch (error) {
      const { code, message } = asFailure(error);
      return fail(code, message);
    }
  }

  async #start(spec: CaptureSpec): Promise<Result<{ readonly generation: number }>> {
    this.#enter({ phase: 'starting', spec });
    const functions = (await this.#functions()).filter(({ isDefault }) => spec.group === 'all' || isDefault);
    const tracer = this.#addon.createTracer();
    const started = await tracer.start({ ...spec, functionIds: functions.map(({ id }) => id) }, (records) =>
      this.#listener.batch(records, () => tracer.release()),
    );
    this.#tracer = tracer;
    const generation = 1;
    this.#enter({ phase: 'running', spec, generation, ...started, refused: started.refused.slice(0, 4096) });
    this.#ticker = setInterval(() => this.#listener.stats(tracer.stats()), STATS_EVERY_MS);
    return ok({ generation });
  }

  async #stopTracer(): Promise<void> {
    const tracer = this.#tracer;
    if (tracer === undefined) return;
    this.#enter({ phase: 'stopping' });
    clearInterval(this.#ticker);
    clearTimeout(this.#costLease);
    await tracer.stop();
    this.#tracer = undefined;
    this.#listener.stats(tracer.stats());
    this.#enter({ phase: 'idle' });
  }

  /** A capture that ran goes on as before; one that did not start has failed. */
  #refused(error: unknown): Result<never> {
    const { code, message, position } = asFailure(error);
    if (this.#state.phase === 'starting') this.#enter({ phase: 'failed', code, message });
    return fail(code, message, position);
  }

  #enter(state: CaptureState): void {
    this.#state = state;
    this.#listener.capture(state);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}

/** Only their filters differ. */
const sameProbes = (a: CaptureSpec, b: CaptureSpec): boolean =>
  isDeepStrictEqual({ ...a, filter: undefined }, { ...b, filter: undefined });

/** Any error as a failure that can be sent. */
export function asFailure(error: unknown): { code: string; message: string; position?: number } {
  if (error instanceof NativeError) return error.toFailure();
  return { code: 'AGENT_FAULT', message: error instanceof Error ? error.message : String(error) };
}
