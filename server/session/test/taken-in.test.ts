/** What was taken in from elsewhere is opened by an index that says of every packet what its frames say. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_SPEC } from '../../../core/messages/source.ts';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { PWRU_LINES } from '../../../core/model/import/test/imported.ts';
import { batch, decision, free, hop } from '../../../core/wire/test/records.ts';
import { openFileSink } from '../../recording/sink.ts';
import { writeRecording } from '../../recording/test/make-recording.ts';
import { RecordingWriter } from '../../recording/writer.ts';
import { Keeper } from '../../store/keeper.ts';
import { Library } from '../../store/library.ts';
import { DEFAULT_LIMITS } from '../../store/limits.ts';
import { Shelf } from '../../store/shelf.ts';
import { indexHere } from '../../store/test/index-here.ts';
import { FUNCTIONS, trafficOf } from '../../store/test/traffic.ts';
import { openShown } from '../shown.ts';
import { filesOf, replayed, rowsOf, shownOf } from './by-index.ts';

const PATHS_COMPARED = 200;
let elsewhere = '';
let folder = '';
beforeEach(() => {
  elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  folder = mkdtempSync(join(tmpdir(), 'taken-in-'));
});
afterEach(() => {
  for (const one of [elsewhere, folder]) rmSync(one, { recursive: true });
});

/** Where it lies then. */
async function takeIn(content: string | Uint8Array): Promise<string> {
  const library = new Library(new Shelf(folder, DEFAULT_LIMITS), () => '', indexHere);
  const result = await library.receive('case.skbt', Readable.from([Buffer.from(content)]));
  await library.close();
  if (!result.ok) throw new Error(result.error.message);
  return join(folder, `${result.value.name}.skbt`);
}

/** Rows of all packets, or of these, and their paths, against what the frames say. The number of all packets. */
async function compare(recording: string, only?: readonly number[]): Promise<number> {
  const files = await filesOf(recording);
  const memory = await replayed(files);
  const assembler = new SessionAssembler();
  const shown = await shownOf(files, assembler);
  const inMemory = rowsOf(memory.rowsSince(0, 1 << 20).rows, memory.paths.wordsAfter(0));
  const listed = rowsOf(shown.rowsSince(0, 1 << 20).rows, assembler.paths.wordsAfter(0));
  const wanted = only ?? [...inMemory.keys()];
  const rowsIn = (rows: typeof listed) => wanted.map((packet) => rows.get(packet));
  expect(rowsIn(listed)).toEqual(rowsIn(inMemory));
  expect(listed.size).toBe(inMemory.size);
  expect(shown.counters).toMatchObject({ packets: inMemory.size, hops: memory.counters.hops });
  for (const packet of wanted.slice(-PATHS_COMPARED)) {
    const { records } = await shown.path(packet);
    const expected = Buffer.from(memory.pathRecords(packet) ?? []);
    expect(expected.equals(Buffer.from(records ?? new ArrayBuffer(0))), `path of ${packet}`).toBe(true);
  }
  await shown.close();
  return inMemory.size;
}

/** A recording with these batches. */
async function written(...batches: readonly (Uint8Array | 'starting')[]): Promise<Buffer> {
  const path = join(elsewhere, 'written.skbt');
  const writer = new RecordingWriter(await openFileSink(path), { product: '0.0.0' }, (error) => {
    throw error;
  });
  writer.message({ type: 'functions', functions: [...FUNCTIONS] });
  for (const one of batches) {
    if (one === 'starting')
      writer.message({ type: 'capture', capture: { phase: 'starting', spec: DEFAULT_SPEC } });
    else await writer.batch(one);
  }
  await writer.close();
  return readFileSync(path);
}

describe('a recording that was taken in is shown by its index as by its frames', () => {
  it.each(['capture', 'tasks'] as const)('one of ours (%s)', async (name) => {
    const path = join(elsewhere, 'ours.skbt');
    await writeRecording(path, undefined, name);
    expect(await compare(await takeIn(readFileSync(path)))).toBeGreaterThan(100);
  });

  it('a part of a session, of which packets began in the one before', async () => {
    const keeper = new Keeper(new Shelf(elsewhere, { ...DEFAULT_LIMITS, bytes: 16 << 20 }), '1.2.3');
    await keeper.message({ type: 'functions', functions: FUNCTIONS });
    const parts = () => readdirSync(elsewhere).filter((file) => file.endsWith('.skbt'));
    for (let round = 0; parts().length < 3; round += 1)
      for (const records of trafficOf(round)) await keeper.batch(records);
    await keeper.close();
    const second = parts().find((file) => file.endsWith('.2.skbt')) ?? '';
    expect(await compare(await takeIn(readFileSync(join(elsewhere, second))))).toBeGreaterThan(100);
  });

  it('one that was cut off', async () => {
    const path = join(elsewhere, 'cut.skbt');
    await writeRecording(path);
    expect(await compare(await takeIn(readFileSync(path).subarray(0, -100)))).toBeGreaterThan(50);
  });

  it('packets of which something came behind their end', async () => {
    const ended = batch(
      hop({ packet: 7, time: 10, seq: 0 }),
      hop({ packet: 8, time: 15, seq: 1 }),
      free({ packet: 7, time: 20, seq: 2 }),
      free({ packet: 8, time: 21, seq: 3 }),
    );
    const behind = batch(
      decision({ packet: 7, time: 30, seq: 4, decision: 'route', value: 0 }),
      hop({ packet: 8, time: 40, seq: 5 }),
      hop({ packet: 9, time: 41, seq: 6 }),
    );
    expect(await compare(await takeIn(await written(ended, behind)))).toBe(3);
  });

  it('packets that outlive very many others', async () => {
    const long = [1, 2, 3];
    const begin = batch(...long.map((packet) => hop({ packet, time: packet })));
    const others = Array.from({ length: 14 }, (_, round) =>
      batch(
        ...Array.from({ length: 10_000 }, (_, i) => {
          const packet = 10 + round * 10_000 + i;
          return [hop({ packet, time: packet }), free({ packet, time: packet })];
        }).flat(),
      ),
    );
    // the first goes on while its row is known, the others stay where they are
    others.splice(9, 0, batch(hop({ packet: 1, time: 90_010 }), free({ packet: 1, time: 90_011 })));
    expect(await compare(await takeIn(await written(begin, ...others)), long)).toBe(140_003);
  });

  it('packets that do not end, of many records', async () => {
    const hops = Array.from({ length: 40 }, (_, round) =>
      batch(
        ...Array.from({ length: 10_000 }, (_, i) =>
          hop({ packet: 1 + (i % 1000), func: 1 + round, time: round * 10_000 + i }),
        ),
      ),
    );
    expect(hops.reduce((sum, { length }) => sum + length, 0)).toBeGreaterThan(20 << 20);
    expect(await compare(await takeIn(await written(...hops)), [1, 500, 1000])).toBe(1000);
  });

  it('a capture of pwru', async () => {
    expect(await compare(await takeIn(`${PWRU_LINES.join('\n')}\n`))).toBe(2);
  });

  it('a capture of pwru in which the kernel uses an address again', async () => {
    const event = { cpu: 0, netns: 4026532192, tuple: { saddr: '10.1.0.2', daddr: '10.1.0.3', proto: 1 } };
    const lines = ['ip_rcv', 'consume_skb', 'kfree_skbmem', 'ip_rcv', 'ip_local_deliver', 'kfree_skbmem'];
    const text = lines.map((func, time) =>
      JSON.stringify({ ...event, skb: '0xffff888004ad3700', func, time }),
    );
    expect(await compare(await takeIn(`${text.join('\n')}\n`))).toBe(2);
  });
});

describe('a recording of several sessions', () => {
  it.each([
    ['by their generation', [...trafficOf(0, 1).slice(0, 3), ...trafficOf(1, 2).slice(0, 3)]],
    ['by a start', [...trafficOf(0).slice(0, 3), 'starting', ...trafficOf(0).slice(0, 3)]],
  ] as const)('has no index, since that cannot tell them apart: %s', async (_, batches) => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const recording = await takeIn(await written(...batches));
    expect(said.mock.lastCall?.[0]).toContain('case has no index: it has several sessions');
    said.mockRestore();
    expect(existsSync(recording.replace('.skbt', '.duckdb'))).toBe(false);
    expect(await openShown(await filesOf(recording), new SessionAssembler())).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['case.skbt']);
  });

  it('may begin before its first record', async () => {
    expect(await compare(await takeIn(await written('starting', ...trafficOf(0))))).toBeGreaterThan(100);
  });
});
