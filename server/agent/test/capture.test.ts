import { afterEach, expect, test, vi } from 'vitest';
import {
  type CaptureSpec,
  type CaptureState,
  DEFAULT_SPEC,
  type FunctionInfo,
  NO_STATS,
  type TracerStats,
} from '../../../core/messages/source.ts';
import { DEFAULT_PLAN, planOf } from '../../../core/model/probes/plan.ts';
import type { NativeAddon, NativeTracer, ProbeParts } from '../../../native/index.ts';
import { Capture } from '../capture.ts';

const FUNCTION: FunctionInfo = { id: 1, name: 'ip_rcv', module: '', argument: 1, isDefault: true };

/** As the addon does: a batch that the reader handed over may reach Node's thread after the promise of the stop. */
function tracerOf(batches: number) {
  let deliver: (batch: Buffer) => void = () => undefined;
  const tracer = {
    start: async (_options, onBatch) => {
      deliver = onBatch;
      return { attached: 1, refused: [], attachMs: 1, batches: 0, rings: 1, backend: 'kprobe' };
    },
    release: () => undefined,
    stats: () => ({ ...NO_STATS, batches }),
    stop: async () => {
      for (let i = 0; i < batches; i += 1) setImmediate(() => deliver(Buffer.alloc(8)));
    },
  } satisfies Partial<NativeTracer>;
  return tracer as Partial<NativeTracer> as NativeTracer;
}

test('a stop is answered when the last batch was passed on, though it came behind the native one', async () => {
  const told: string[] = [];
  const addon = {
    compileFilter: async (expression: string) => ({ expression, instructions: { l2: 0, l3: 0 } }),
    createTracer: () => tracerOf(3),
    detaching: () => 0,
  } satisfies Partial<NativeAddon>;
  const capture = new Capture(
    addon as Partial<NativeAddon> as NativeAddon,
    async () => ({ functions: [FUNCTION], missing: [] }),
    {
      capture: ({ phase }) => told.push(phase),
      stats: () => undefined,
      batch: () => told.push('batch'),
    },
  );
  expect(await capture.apply(DEFAULT_SPEC)).toMatchObject({ ok: true });
  expect(await capture.stop()).toMatchObject({ ok: true });
  expect(told).toEqual(['starting', 'running', 'stopping', 'batch', 'batch', 'batch', 'idle']);
});

const OTHERS: readonly FunctionInfo[] = [
  FUNCTION,
  { id: 2, name: 'ip_local_deliver', module: '', argument: 1, isDefault: false },
  { id: 3, name: 'skb_put', module: '', argument: 1, isDefault: false },
];

/** A capture over a tracer that remembers what it was asked for. */
function captureOf(onDrops: readonly number[]) {
  const asked: { readonly set: ProbeParts[]; readonly weighed: (readonly number[])[] } = {
    set: [],
    weighed: [],
  };
  const told: CaptureState[] = [];
  const counts = { now: NO_STATS, told: [] as TracerStats[] };
  const switched = { attached: 1, refused: [], attachMs: 1, batches: 0, rings: 1 };
  const tracer = {
    start: async () => ({ ...switched, backend: 'kprobe' as const }),
    setProbes: async (parts) => {
      asked.set.push(parts);
      return switched;
    },
    weigh: async (part) => {
      asked.weighed.push(part);
    },
    endWeighing: async () => ({ hits: 30, runs: 4, timeNs: 1000 }),
    functionsOnDrops: () => [...onDrops],
    stats: () => counts.now,
    stop: async () => undefined,
  } satisfies Partial<NativeTracer>;
  const addon = {
    compileFilter: async (expression: string) => ({ expression, instructions: { l2: 0, l3: 0 } }),
    createTracer: () => tracer as Partial<NativeTracer> as NativeTracer,
    detaching: () => 0,
  } satisfies Partial<NativeAddon>;
  const capture = new Capture(
    addon as Partial<NativeAddon> as NativeAddon,
    async (others) => ({ functions: OTHERS, missing: others.map((name) => `function ${name} is not there`) }),
    {
      capture: (state) => told.push(state),
      stats: (stats) => counts.told.push(stats),
      batch: () => undefined,
    },
  );
  return { capture, asked, told, counts };
}

afterEach(() => {
  vi.useRealTimers();
});

test('what was on the stack of a drop joins where that is wanted, and is told', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { capture, asked, told } = captureOf([2]);
  const spec: CaptureSpec = { ...DEFAULT_SPEC, stacks: 'drops' };
  expect(await capture.apply(spec)).toMatchObject({ ok: true });
  await vi.advanceTimersByTimeAsync(2000);
  expect(asked.set).toEqual([]);
  // what was found before is not forgotten
  expect(await capture.apply({ ...spec, probes: { ...DEFAULT_PLAN, probeStack: true } })).toMatchObject({
    ok: true,
  });
  expect(asked.set).toEqual([[[1, 2]]]);
  expect(told.at(-1)).toMatchObject({ phase: 'running', probed: [1, 2], joined: [2] });
  await vi.advanceTimersByTimeAsync(2000);
  expect(asked.set).toHaveLength(1);
  await capture.stop();
});

test('counts are told when they are others, in a new state, and at the end', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { capture, counts } = captureOf([]);
  const events = () => counts.told.map((stats) => stats.events);
  expect(await capture.apply(DEFAULT_SPEC)).toMatchObject({ ok: true });
  await vi.advanceTimersByTimeAsync(5000);
  expect(events()).toEqual([0]);
  counts.now = { ...NO_STATS, events: 7 };
  await vi.advanceTimersByTimeAsync(5000);
  expect(events()).toEqual([0, 7]);
  expect(await capture.apply({ ...DEFAULT_SPEC, probes: planOf('all') })).toMatchObject({ ok: true });
  await vi.advanceTimersByTimeAsync(5000);
  expect(events()).toEqual([0, 7, 7]);
  await capture.stop();
  expect(events()).toEqual([0, 7, 7, 7]);
});

test('functions without an skb that are not there are refused, and nothing is changed', async () => {
  const { capture, asked } = captureOf([]);
  expect(await capture.apply(DEFAULT_SPEC)).toMatchObject({ ok: true });
  const refused = await capture.apply({
    ...DEFAULT_SPEC,
    probes: { ...DEFAULT_PLAN, others: ['fib_tabel'] },
  });
  expect(refused).toEqual({
    ok: false,
    error: { code: 'PLAN_UNKNOWN', message: 'function fib_tabel is not there' },
  });
  expect(asked.set).toEqual([]);
  await capture.stop();
});

test('functions that join need the stacks of drops', async () => {
  const { capture } = captureOf([]);
  const refused = await capture.apply({ ...DEFAULT_SPEC, probes: { ...DEFAULT_PLAN, probeStack: true } });
  expect(refused).toMatchObject({ ok: false, error: { code: 'STACKS_WANTED' } });
});

test('a price is measured of what is not probed yet, one at a time, while a capture runs', async () => {
  const { capture, asked } = captureOf([]);
  expect(await capture.price(planOf('all'))).toMatchObject({ ok: false, error: { code: 'NOT_RUNNING' } });
  await capture.apply(DEFAULT_SPEC);
  const first = capture.price(planOf('all'));
  expect(await capture.price(planOf('all'))).toMatchObject({ ok: false, error: { code: 'PRICE_BUSY' } });
  expect(await first).toMatchObject({ ok: true, value: { functions: 2, hits: 30, nsPerHit: 250 } });
  expect(asked.weighed).toEqual([[2, 3]]);
  expect(await capture.price(DEFAULT_PLAN)).toMatchObject({ ok: true, value: { functions: 0, hits: 0 } });
  await capture.stop();
});
