import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordedItem } from '../../../core/messages/recording.ts';
import { DEFAULT_SPEC } from '../../../core/messages/source.ts';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { readFrames } from '../../../core/model/test/recording.ts';
import { HELLO } from '../../test/fixtures/hello.ts';
import { FlightRecorder } from '../flight.ts';
import { BLOCK_TYPE, CODING, encodeBlockHeader } from '../format.ts';
import { Recording } from '../reader.ts';
import { RingSink } from '../ring.ts';
import { openFileSink } from '../sink.ts';

const { batches, names } = readFrames('capture');
const TRIGGER = { why: 'dropped NETFILTER_DROP', packet: 12, timeNs: 5 };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flight-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function begun(limits = { bytes: 1 << 30, ms: 3_600_000 }): FlightRecorder {
  const recorder = new FlightRecorder('1.2.3', limits);
  recorder.said({ type: 'hello', hello: HELLO });
  recorder.said({ type: 'functions', functions: [...names.functions.values()] });
  recorder.said({ type: 'capture', capture: { phase: 'starting', spec: DEFAULT_SPEC } });
  return recorder;
}

async function frozen(recorder: FlightRecorder, name = 'a.skbt') {
  const path = join(folder, name);
  const summary = await recorder.freeze(await openFileSink(path), TRIGGER);
  const recording = await Recording.open(path);
  const items: RecordedItem[] = [];
  for await (const item of recording.items()) items.push(item);
  await recording.close();
  const records = items.flatMap((item) => (item.kind === 'batch' ? [item.records] : []));
  return { summary, recording, items, records };
}

describe('a flight recorder', () => {
  it('makes a recording of everything as long as that has room, with what happened', async () => {
    const recorder = begun();
    for (const records of batches) await recorder.batch(records);
    recorder.explained(3, [
      {
        query: { kind: 'conntrack', netns: 10 },
        readAtUnixMs: 5,
        answer: { ok: true, lines: ['x'], isCut: false },
      },
    ]);
    const { recording, items, records } = await frozen(recorder);
    expect(recording.header.trigger).toEqual(TRIGGER);
    expect(recording.summary).toBeDefined();
    expect(items.map((item) => item.kind === 'message' && item.message.type).slice(0, 3)).toEqual([
      'hello',
      'functions',
      'capture',
    ]);
    const memory = new SessionAssembler();
    for (const one of records) memory.take(one);
    const whole = new SessionAssembler();
    for (const one of batches) whole.take(new Uint8Array(one));
    expect(memory.counters.hops).toBe(whole.counters.hops);
    expect(memory.symbols).toEqual(whole.symbols);
    expect(items.some((item) => item.kind === 'message' && item.message.type === 'explained')).toBe(true);
    // and goes on: what comes then is in the next
    await recorder.batch(batches[0] ?? new Uint8Array(0));
    expect((await frozen(recorder, 'b.skbt')).summary.records).toBeGreaterThan(whole.counters.hops);
    await recorder.close();
  });

  it('keeps the newest within its room, and all names', async () => {
    const recorder = begun({ bytes: 200_000, ms: 3_600_000 });
    const whole = new SessionAssembler();
    for (let round = 0; round < 40; round += 1)
      for (const one of batches) {
        await recorder.batch(one);
        whole.take(new Uint8Array(one));
      }
    expect(recorder.bytes).toBeLessThan(400_000);
    const { records } = await frozen(recorder);
    const memory = new SessionAssembler();
    for (const one of records) memory.take(one);
    expect(memory.counters.hops).toBeGreaterThan(1000);
    expect(memory.counters.hops).toBeLessThan(whole.counters.hops / 3);
    expect(memory.symbols).toEqual(whole.symbols);
    const last = Buffer.from(batches.at(-1) ?? []);
    expect(Buffer.from(records.at(-1) ?? []).equals(last)).toBe(true);
    await recorder.close();
  });

  it('that cannot write says why', async () => {
    const recorder = begun();
    for (const records of batches) await recorder.batch(records);
    const sink = await openFileSink(join(folder, 'full'));
    const full = { ...sink, write: () => Promise.reject(new Error('the disk is full')) };
    await expect(recorder.freeze(full, TRIGGER)).rejects.toThrow('the disk is full');
    await sink.close();
    await recorder.close();
  });
});

describe('the last blocks', () => {
  const block = (text: string) => {
    const raw = Buffer.from(text);
    return Buffer.concat([encodeBlockHeader(BLOCK_TYPE.frames, CODING.none, raw, raw.length), raw]);
  };
  const texts = (ring: RingSink) => ring.blocks.map((one) => one.subarray(20).toString());

  it('go when they are too old, or too many, but for the newest', async () => {
    let now = 0;
    const ring = new RingSink({ bytes: 1000, ms: 100 }, () => now);
    await ring.write(Buffer.from('the header of a recording'));
    expect(texts(ring)).toEqual([]);
    for (const text of ['a', 'b', 'c']) {
      now += 60;
      await ring.write(block(text));
    }
    expect(texts(ring)).toEqual(['b', 'c']);
    now += 1000;
    await ring.write(block('x'.repeat(2000)));
    expect(texts(ring)).toEqual(['x'.repeat(2000)]);
    expect(ring.bytes).toBe(2020);
  });
});
