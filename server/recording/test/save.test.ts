import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Fact } from '../../../core/messages/facts.ts';
import { FRAME_MAX_BYTES } from '../../../core/messages/frames.ts';
import { DEFAULT_SPEC, NO_STATS } from '../../../core/messages/source.ts';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { readFrames } from '../../../core/model/test/recording.ts';
import { batch, symbol } from '../../../core/wire/test/records.ts';
import { HELLO } from '../../test/fixtures/hello.ts';
import { Recording } from '../reader.ts';
import { FactLog, type SavedHub, SessionOver, saveSession } from '../save.ts';
import { openFileSink } from '../sink.ts';

const { names, batches } = readFrames('capture');
const functions = [...names.functions.values()];
const fact: Fact = {
  query: { kind: 'conntrack', netns: 10 },
  readAtUnixMs: 5,
  answer: { ok: true, lines: ['now 3'], isCut: false },
};

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'save-'));
  path = join(folder, 'a.skbt');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A hub whose session keeps so many bytes of the capture; `between` runs between two parts. */
function hubOf(budgetBytes: number, between: (session: SessionAssembler) => void = () => undefined) {
  const assembler = new SessionAssembler({ budgetBytes });
  assembler.takeNames({ functions, reasons: names.reasons });
  assembler.restart();
  for (const batch of batches) assembler.take(batch.slice());
  const facts = new FactLog();
  facts.add(31, [fact]);
  const hub: SavedHub = {
    lastHello: HELLO,
    snapshot: {
      source: { phase: 'connected', hello: HELLO },
      capture: { phase: 'running', spec: DEFAULT_SPEC, generation: 1, attached: 1, refused: [], backend: 'kprobe', attachMs: 1 },
      session: 1,
      labReason: '',
    },
    names: { functions, reasons: names.reasons },
    stats: { ...NO_STATS, lostRing: [2] },
    facts,
    session: {
      async saved(from) {
        const part = from < 0 ? { bytes: assembler.nameRecords, next: 0 } : assembler.batchFrom(from);
        const answer = {
          session: assembler.session,
          records: part && new Uint8Array(part.bytes).buffer,
          next: part?.next ?? from,
        };
        between(assembler);
        return answer;
      },
    },
  }; // biome-ignore format: short
  return { hub, assembler };
}

/** The recording as a session would take it in. */
async function readBack() {
  const recording = await Recording.open(path);
  const assembler = new SessionAssembler();
  const messages: string[] = [];
  for await (const item of recording.items()) {
    if (item.kind === 'batch') assembler.take(item.records);
    else {
      messages.push(item.message.type);
      if (item.message.type === 'functions') assembler.takeNames({ functions: item.message.functions });
      if (item.message.type === 'reasons') assembler.takeNames({ reasons: item.message.reasons });
    }
  }
  await recording.close();
  return { assembler, messages, summary: recording.summary };
}

it('a session is saved with every packet that it keeps, and all that names it', async () => {
  const { hub, assembler } = hubOf(128 << 20);
  await saveSession(hub, await openFileSink(path), { product: '1' });
  const back = await readBack();
  expect(back.messages.slice(0, 5)).toEqual(['hello', 'functions', 'reasons', 'capture', 'capture']);
  expect(back.messages).toEqual(expect.arrayContaining(['stats', 'fact', 'explained']));
  expect(back.summary?.stats?.lostRing).toEqual([2]);
  expect(back.assembler.counters.hops).toBe(assembler.counters.hops);
  for (const packet of assembler.newest(1000)) {
    expect(back.assembler.pathRecords(packet), `packet ${packet}`).toEqual(assembler.pathRecords(packet));
    expect(back.assembler.row(packet)?.verdict).toBe(assembler.row(packet)?.verdict);
  }
});

it('of a session that has let packets go it has the rest, and the names of what was let go', async () => {
  const { hub, assembler } = hubOf(200_000);
  expect(assembler.counters.bytes).toBeLessThanOrEqual(200_000);
  await saveSession(hub, await openFileSink(path), { product: '1' });
  const { assembler: back } = await readBack();
  expect(back.counters.hops).toBeGreaterThan(1000);
  expect(back.counters.hops).toBeLessThan(assembler.counters.hops);
  expect(new Set(back.symbols.map(({ name }) => name))).toEqual(
    new Set(assembler.symbols.map(({ name }) => name)),
  );
  expect(back.stacks.size).toBe(assembler.stacks.size);
});

it('names that are more than a frame takes are all in it', async () => {
  const { hub } = hubOf(128 << 20);
  const many = Array.from({ length: 40_000 }, (_, i) =>
    symbol({ address: 0x1000 + i, name: `function_${i}` }),
  );
  const all = batch(...many);
  expect(all.length).toBeGreaterThan(FRAME_MAX_BYTES);
  const saved = async (from: number) =>
    from < 0
      ? { session: 1, records: new Uint8Array(all).buffer, next: 0 }
      : { session: 1, records: undefined, next: from };
  await saveSession({ ...hub, session: { saved } }, await openFileSink(path), { product: '1' });
  const { assembler } = await readBack();
  expect(assembler.symbolCount).toBe(many.length);
});

it('a session that begins anew meanwhile is no recording', async () => {
  let parts = 0;
  const { hub } = hubOf(128 << 20, (session) => {
    parts += 1;
    if (parts === 2) session.restart();
  });
  const sink = await openFileSink(path);
  await expect(saveSession(hub, sink, { product: '1' })).rejects.toThrow(SessionOver);
  await sink.close();
});

it('a receiver that is gone ends it', async () => {
  const { hub } = hubOf(128 << 20);
  const sink = {
    write: async () => {
      throw new Error('EPIPE');
    },
    sync: async () => undefined,
    close: async () => undefined,
  };
  await expect(saveSession(hub, sink, { product: '1' })).rejects.toThrow('EPIPE');
});
