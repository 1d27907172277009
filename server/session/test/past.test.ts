import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FoldedSession, PathFold } from '../../../core/model/analysis/fold.ts';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { Keeper } from '../../store/keeper.ts';
import { DEFAULT_LIMITS } from '../../store/limits.ts';
import { type KeptRecords, NOTHING_KEPT } from '../../store/records.ts';
import { Shelf } from '../../store/shelf.ts';
import { FUNCTIONS, packetsIn, trafficOf } from '../../store/test/traffic.ts';
import { Past } from '../past.ts';

const ROUNDS = 40;
/** Packets of the first rounds, of which memory has nothing any more. */
const OLD = Float64Array.from({ length: packetsIn(5) }, (_, i) => i + 1);

let folder = '';
let keeper: Keeper;
const memory = new SessionAssembler({ budgetBytes: 1 << 20 });
const everything = new SessionAssembler();
const sessions = [memory, everything];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'past-'));
  // several parts: a packet may be in two
  keeper = new Keeper(new Shelf(folder, { ...DEFAULT_LIMITS, bytes: 32 << 20 }), '0');
  await keeper.message({ type: 'functions', functions: FUNCTIONS });
  for (const session of sessions) session.takeNames({ functions: FUNCTIONS });
  for (let round = 0; round < ROUNDS; round += 1)
    for (const records of trafficOf(round)) {
      await keeper.batch(records);
      for (const session of sessions) session.take(records);
    }
});
afterAll(async () => {
  await keeper.close();
  rmSync(folder, { recursive: true });
});

const fromDisk = (packets: Float64Array) => keeper.records(new Set(packets));

/** Paths by their steps, as numbers may differ. */
function folded(session: FoldedSession, packets: Float64Array) {
  const fold = new PathFold(session, packets);
  while (!fold.isDone) fold.advance(100);
  const { steps, paths, leftOut, packets: count } = fold.result();
  const told = paths.map(({ steps: path, verdicts, count: on, p50Ns, p99Ns, samples }) => ({
    path: path.map((step) => {
      const { node: _, ...rest } = steps[step] ?? { node: 0 };
      return rest;
    }),
    verdicts,
    on,
    p50Ns,
    p99Ns,
    samples,
  }));
  return { told, leftOut, count };
}

describe('what memory has let go', () => {
  it('is folded as it was when memory had it', async () => {
    const past = new Past(memory, fromDisk);
    past.takeNames({ functions: FUNCTIONS });
    expect(past.isWorthReading(OLD, memory.newestNs)).toBe(true);
    const read = await past.read(OLD);
    expect(read).not.toBe(memory);
    const told = folded(read, OLD);
    expect(told).toEqual(folded(everything, OLD));
    expect(told.count).toBeGreaterThan(packetsIn(4));
    expect(told.leftOut.truncated).toBe(0);
    // memory alone would have told nothing
    expect(folded(memory, OLD).count).toBe(0);
  });

  it('is under the numbers that the session gives paths', async () => {
    const past = new Past(memory, fromDisk);
    expect((await past.read(OLD)).paths).toBe(memory.paths);
  });

  it('is read once as long as it cannot change, and anew when the session is over', async () => {
    let asked = 0;
    const ask = (packets: Float64Array) => {
      asked += 1;
      return fromDisk(packets);
    };
    const past = new Past(memory, ask);
    past.takeNames({ functions: FUNCTIONS });
    const read = await past.read(OLD);
    expect(await past.read(OLD)).toBe(read);
    expect(asked).toBe(1);
    past.restart();
    await past.read(OLD);
    expect(asked).toBe(2);
    // of the newest more may come
    for (const _ of 'ab') await past.read(everything.newest(50));
    expect(asked).toBe(4);
    past.restart();
  });

  it.each<[string, KeptRecords]>([
    ['the disk has nothing', NOTHING_KEPT],
    ['the disk has another session', { session: 77, records: [new Uint8Array(64)], left: [] }],
  ])('is told by memory where %s', async (_, records) => {
    const past = new Past(memory, async () => records);
    expect(await past.read(OLD)).toBe(memory);
  });

  it('is counted where its beginning has given way', async () => {
    const past = new Past(memory, async (packets) => {
      const { session, records, left } = await fromDisk(packets);
      return { session, records: records.slice(1), left };
    });
    past.takeNames({ functions: FUNCTIONS });
    const { told, leftOut } = folded(await past.read(OLD), OLD);
    expect(leftOut.truncated).toBeGreaterThan(0);
    const whole = new Set(folded(everything, OLD).told.map(({ path }) => JSON.stringify(path)));
    // no way that none of them took
    for (const { path } of told) expect(whole).toContain(JSON.stringify(path));
  });

  it('is counted where it is too much', async () => {
    const past = new Past(memory, async (packets) => {
      const { session, records } = await fromDisk(packets);
      return { session, records, left: [1, 2] };
    });
    past.takeNames({ functions: FUNCTIONS });
    expect(folded(await past.read(OLD), OLD).leftOut.truncated).toBe(2);
  });
});

it('memory answers for what it has', () => {
  const past = new Past(memory, fromDisk);
  expect(past.isWorthReading(memory.newest(10), memory.newestNs + 60e9)).toBe(false);
});

it('memory answers as long as more of what is asked for comes', () => {
  const past = new Past(memory, fromDisk);
  const all = memory.newest(20_000).reverse();
  expect(past.isWorthReading(all, memory.newestNs)).toBe(false);
  expect(past.isWorthReading(all, memory.newestNs + 60e9)).toBe(true);
});

it('a session that ends while it is read is read whole, or not at all', async () => {
  const own = mkdtempSync(join(tmpdir(), 'past-'));
  const ending = new Keeper(new Shelf(own, DEFAULT_LIMITS), '0');
  await ending.message({ type: 'functions', functions: FUNCTIONS });
  for (const records of trafficOf(0)) await ending.batch(records);
  const bytesOf = ({ records }: KeptRecords) => records.reduce((sum, { length }) => sum + length, 0);
  const whole = bytesOf(await ending.records(new Set(OLD)));
  const reading = ending.records(new Set(OLD));
  await ending.close();
  const read = await reading;
  expect(whole).toBeGreaterThan(0);
  expect(bytesOf(read)).toBe(read === NOTHING_KEPT ? 0 : whole);
  expect(await ending.records(new Set(OLD))).toMatchObject({ records: [] });
  rmSync(own, { recursive: true });
});
