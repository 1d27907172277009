import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { fail, ok, type Result } from '../../core/base/result.ts';
import { Turns } from '../../core/base/turns.ts';
import {
  type CaptureSpec,
  type CaptureState,
  COST_LEASE_MS,
  type Cost,
  type FunctionInfo,
  NO_STATS,
  PRICE_MS,
  type Price,
  type ProbePlan,
  type TracerStats,
} from '../../core/messages/source.ts';
import { idsOf, type ResolvedPlan, resolvePlan } from '../../core/model/probes/resolve.ts';
import { type NativeAddon, NativeError, type NativeTracer, type Switched } from '../../native/index.ts';

export interface CaptureListener {
  capture(state: CaptureState): void;
  stats(stats: TracerStats): void;
  /** Records, and what to call when they are taken. */
  batch(records: Buffer, taken: () => void): void;
}

/** What can be probed, and why some of the functions without an skb that were asked for cannot: a sentence each. */
export interface FunctionTable {
  readonly functions: readonly FunctionInfo[];
  readonly missing: readonly string[];
}
/** The table with these functions that take no skb in it. */
export type ReadFunctions = (others: readonly string[]) => Promise<FunctionTable>;

const STATS_EVERY_MS = 500;

/**
 * The one capture of an agent. Requests are carried out one after another: a stop that comes while a start is
 * under way stops what was started.
 */
export class Capture {
  readonly #addon: NativeAddon;
  readonly #functions: ReadFunctions;
  readonly #listener: CaptureListener;
  #state: CaptureState = { phase: 'idle' };
  #tracer: NativeTracer | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #costLease: NodeJS.Timeout | undefined;
  #last = NO_STATS;
  /** The counts that were told last in this state, as text. */
  #told = '';
  /** Ids of functions that were on the stacks of drops. */
  #onDrops: readonly number[] = [];
  #isWeighing = false;
  #delivered = 0;
  #onDelivered: () => void = () => undefined;
  readonly #turns = new Turns();

  constructor(addon: NativeAddon, functions: ReadFunctions, listener: CaptureListener) {
    this.#addon = addon;
    this.#functions = functions;
    this.#listener = listener;
  }

  get isStarting(): boolean {
    return this.#state.phase === 'starting';
  }

  /**
   * Starts, or changes, the capture. Where only the filter or the probe plan is another, no probe that stays is touched:
   * the filter is exchanged, which begins a new session, and of the probes the difference, which does not. Of what is
   * probed no more, no event comes behind the answer.
   */
  apply(spec: CaptureSpec): Promise<Result<{ readonly generation: number }>> {
    return this.#turns.take(async () => {
      try {
        const wanting = tailProblem(spec);
        if (wanting !== undefined) return fail('TAIL_UNSUPPORTED', wanting);
        if (spec.probes.probeStack && spec.stacks === 'none')
          return fail(
            'STACKS_WANTED',
            'functions on the stacks of drops are asked for: ask for these stacks, too',
          );
        // found wanting before anything that runs is changed for it
        await this.#addon.compileFilter(spec.filter.expression);
        await this.#addon.compileFilter(spec.filter.inner);
        const plan = await this.#resolve(spec);
        if (!plan.ok) return plan;
        const now = this.#state;
        if (now.phase === 'running' && isSameBeside(now.spec, spec))
          return ok(await this.#change(spec, plan.value));
        await this.#stopTracer();
        return ok(await this.#start(spec, plan.value));
      } catch (error) {
        return this.#refused(error);
      }
    });
  }

  /** Functions have come or gone: what the plan comes to now is probed. */
  refresh(): Promise<void> {
    return this.#turns.take(async () => {
      const [tracer, now] = [this.#tracer, this.#state];
      if (tracer === undefined || now.phase !== 'running') return;
      const plan = await this.#resolve(now.spec);
      if (plan.ok) this.#enter(await this.#switch(tracer, now, plan.value));
    });
  }

  /** Capture off at once; what was recorded is delivered first, then the last counts. */
  stop(): Promise<Result<null>> {
    return this.#turns.take(async () => {
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

  /** What it would cost to have this plan: what comes to the probes is attached for a second, and counts only. */
  async price(probes: ProbePlan): Promise<Result<Price>> {
    const begun = await this.#turns.take(async (): Promise<Result<Weighing>> => {
      const [tracer, now] = [this.#tracer, this.#state];
      if (tracer === undefined || now.phase !== 'running')
        return fail('NOT_RUNNING', 'no capture runs; start one first');
      if (this.#isWeighing) return fail('PRICE_BUSY', 'a price is being measured; ask again in a second');
      const plan = await this.#resolve({ ...now.spec, probes });
      if (!plan.ok) return plan;
      const probed = new Set(now.probed);
      const more = idsOf(plan.value).filter((id) => !probed.has(id));
      try {
        if (more.length > 0) await tracer.weigh(more);
      } catch (error) {
        const { code, message } = asFailure(error);
        return fail(code, message);
      }
      this.#isWeighing = true;
      return ok({ tracer, functions: more.length, at: performance.now() });
    });
    if (!begun.ok) return begun;
    const { tracer, functions, at } = begun.value;
    try {
      if (functions === 0) return ok({ functions, ms: PRICE_MS, hits: 0, nsPerHit: 0 });
      await sleep(PRICE_MS);
      return await this.#turns.take(async () => {
        const ms = performance.now() - at;
        const { hits, runs, timeNs } = await tracer.endWeighing();
        return ok({ functions, ms, hits, nsPerHit: runs === 0 ? 0 : timeNs / runs });
      });
    } catch (error) {
      const { code, message } = asFailure(error);
      return fail(code, message);
    } finally {
      this.#isWeighing = false;
    }
  }

  /** What the plan comes to. What it names must be there, when it is asked for. */
  async #resolve({ probes }: CaptureSpec): Promise<Result<ResolvedPlan>> {
    const table = await this.#functions(probes.others);
    const plan = resolvePlan(probes, table.functions, this.#onDrops);
    const now = this.#state;
    const isKnown = now.phase === 'running' && isDeepStrictEqual(now.spec.probes, probes);
    const [missing] = plan.ok && !isKnown ? [...plan.value.missing, ...table.missing] : [];
    return missing === undefined ? plan : fail('PLAN_UNKNOWN', missing);
  }

  async #start(spec: CaptureSpec, plan: ResolvedPlan): Promise<Generation> {
    this.#enter({ phase: 'starting', spec });
    const tracer = this.#addon.createTracer();
    this.#delivered = 0;
    this.#onDrops = [];
    this.#last = NO_STATS;
    const started = await tracer.start({ ...spec, parts: partsOf(plan) }, (records) => {
      this.#listener.batch(records, () => tracer.release());
      this.#delivered += 1;
      this.#onDelivered();
    });
    this.#tracer = tracer;
    const { backend } = started;
    this.#enter({ phase: 'running', spec, generation: 1, backend, ...probesOf(plan, started) });
    this.#tellStats();
    return { generation: 1 };
  }

  /** Probes first: a filter that is refused then leaves them as they were asked for. */
  async #change(spec: CaptureSpec, plan: ResolvedPlan): Promise<Generation> {
    const tracer = this.#tracer;
    let now = this.#state;
    if (tracer === undefined || now.phase !== 'running') throw new Error('no capture runs');
    const isOtherPlan = !isDeepStrictEqual(now.spec.probes, spec.probes);
    if (isOtherPlan) {
      now = { ...(await this.#switch(tracer, now, plan)), spec: { ...now.spec, probes: spec.probes } };
      this.#enter(now);
    }
    // the same filter again: whoever asks for nothing new wants to begin anew
    if (!isOtherPlan || !isDeepStrictEqual(now.spec.filter, spec.filter)) {
      const { generation } = await tracer.update(spec.filter);
      now = { ...now, spec, generation };
      this.#enter(now);
    }
    return { generation: now.generation };
  }

  async #switch(tracer: NativeTracer, now: Running, plan: ResolvedPlan): Promise<Running> {
    const switched = await tracer.setProbes(partsOf(plan));
    await this.#until(switched.batches);
    return { ...now, ...probesOf(plan, switched) };
  }

  /** Functions on the stacks of drops that are new come to the plan, where it wants them. */
  #joinFromDrops(): void {
    const tracer = this.#tracer;
    const found = tracer?.functionsOnDrops() ?? [];
    if (found.length === this.#onDrops.length || this.#turns.isBusy) return;
    this.#turns
      .take(async () => {
        const now = this.#state;
        if (tracer === undefined || tracer !== this.#tracer || now.phase !== 'running') return;
        this.#onDrops = found;
        const plan = await this.#resolve(now.spec);
        if (!plan.ok || plan.value.joined.length === (now.joined?.length ?? 0)) return;
        this.#enter(await this.#switch(tracer, now, plan.value));
      })
      .catch((error: unknown) => console.error(`skbtracer agent: ${asFailure(error).message}`));
  }

  /** Until so many batches of this capture were delivered. */
  async #until(batches: number): Promise<void> {
    while (this.#delivered < batches)
      await new Promise<void>((resolve) => {
        this.#onDelivered = resolve;
      });
  }

  /**
   * Counts now and then, where they are others than before: as long as a capture runs, and after it until all of its
   * probes are detached.
   */
  #tellStats(): void {
    clearInterval(this.#ticker);
    this.#ticker = setInterval(() => {
      const stats = this.#stats();
      if (JSON.stringify(stats) !== this.#told) this.#tell(stats);
      if (this.#state.phase === 'running') this.#joinFromDrops();
      if (this.#tracer === undefined && stats.detaching === 0) clearInterval(this.#ticker);
    }, STATS_EVERY_MS);
  }

  #tell(stats: TracerStats): void {
    this.#told = JSON.stringify(stats);
    this.#listener.stats(stats);
  }

  #stats(): TracerStats {
    if (this.#tracer !== undefined) this.#last = this.#tracer.stats();
    return { ...this.#last, detaching: this.#addon.detaching() };
  }

  async #stopTracer(): Promise<void> {
    const tracer = this.#tracer;
    if (tracer === undefined) return;
    this.#enter({ phase: 'stopping' });
    clearTimeout(this.#costLease);
    await tracer.stop();
    const stats = this.#stats();
    // the last ones may come behind the promise: whoever is told that it is over has all of them
    await this.#until(stats.batches);
    this.#tell(stats);
    this.#tracer = undefined;
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
    this.#told = '';
    this.#listener.capture(state);
  }
}

interface Weighing {
  readonly tracer: NativeTracer;
  readonly functions: number;
  readonly at: number;
}

type Running = Extract<CaptureState, { readonly phase: 'running' }>;

interface Generation {
  readonly generation: number;
}

/** Only their filters or their plans differ. */
const isSameBeside = (a: CaptureSpec, b: CaptureSpec): boolean =>
  isDeepStrictEqual(
    { ...a, filter: undefined, probes: undefined },
    { ...b, filter: undefined, probes: undefined },
  );

/** Why tail mode cannot be had together with what else is asked for. */
const tailProblem = ({ tail, filter, stacks, controlBlock }: CaptureSpec): string | undefined => {
  if (tail === undefined) return undefined;
  if (!filter.keep) return 'in tail mode a packet is followed for its whole life: ask for that (keep)';
  if (stacks === 'all' || controlBlock)
    return 'tail mode keeps a hop in a few bytes, without stack and control block: ask for stacks of drops only';
  return undefined;
};

const partsOf = ({ stages }: ResolvedPlan) => stages.map(({ ids }) => [...ids]);

const probesOf = (plan: ResolvedPlan, { attached, attachMs, refused, rings }: Switched) => ({
  attached,
  attachMs,
  rings,
  probed: idsOf(plan),
  joined: [...plan.joined],
  refused: refused.slice(0, 4096),
});

/** Any error as a failure that can be sent. */
export function asFailure(error: unknown): { code: string; message: string; position?: number } {
  if (error instanceof NativeError) return error.toFailure();
  return { code: 'AGENT_FAULT', message: error instanceof Error ? error.message : String(error) };
}
