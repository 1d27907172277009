import { expect, test } from 'vitest';
import { DEFAULT_SPEC, type FunctionInfo, NO_STATS } from '../../../core/messages/source.ts';
import type { NativeAddon, NativeTracer } from '../../../native/index.ts';
import { Capture } from '../capture.ts';

const FUNCTION: FunctionInfo = { id: 1, name: 'ip_rcv', module: '', argument: 1, isDefault: true };

/** As the addon does: a batch that the reader handed over may reach Node's thread after the promise of the stop. */
function tracerOf(batches: number) {
  let deliver: (batch: Buffer) => void = () => undefined;
  const tracer = {
    start: async (_options, onBatch) => {
      deliver = onBatch;
      return { attached: 1, refused: [], attachMs: 1, batches: 0, backend: 'kprobe' };
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
  const capture = new Capture(addon as Partial<NativeAddon> as NativeAddon, async () => [FUNCTION], {
    capture: ({ phase }) => told.push(phase),
    stats: () => undefined,
    batch: () => told.push('batch'),
  });
  expect(await capture.apply(DEFAULT_SPEC)).toMatchObject({ ok: true });
  expect(await capture.stop()).toMatchObject({ ok: true });
  expect(told).toEqual(['starting', 'running', 'stopping', 'batch', 'batch', 'batch', 'idle']);
});
