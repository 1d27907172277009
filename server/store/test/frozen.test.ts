import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Fact } from '../../../core/messages/facts.ts';
import { DEFAULT_SPEC, NO_STATS } from '../../../core/messages/source.ts';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { HELLO } from '../../test/fixtures/hello.ts';
import { CopyOver } from '../copy.ts';
import { type FreezeRequest, writeFrozen } from '../frozen.ts';
import { Keeper } from '../keeper.ts';
import { Library } from '../library.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { Shelf } from '../shelf.ts';
import { plainIndex } from './index-here.ts';
import { readBack } from './read-back.ts';
import { FUNCTIONS, HOPS_A_ROUND, trafficOf } from './traffic.ts';

const TRIGGER = { packet: 7, timeNs: 1, why: 'dropped NO_SOCKET' };
const FACT: Fact = {
  query: { kind: 'conntrack', netns: 10 },
  readAtUnixMs: 5,
  answer: { ok: true, lines: ['now 3'], isCut: false },
};
/** Its parts are a megabyte: so many rounds are in several. */
const ROUNDS = 24;

let folder = '';
let keeper: Keeper;
let all: SessionAssembler;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'frozen-'));
  keeper = new Keeper(new Shelf(folder, { ...DEFAULT_LIMITS, bytes: 16 << 20 }), '1.2.3');
  await keeper.message({ type: 'hello', hello: HELLO });
  await keeper.message({ type: 'functions', functions: FUNCTIONS });
  await keeper.message({ type: 'capture', capture: { phase: 'starting', spec: DEFAULT_SPEC } });
  all = new SessionAssembler();
  all.restart();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const records of trafficOf(round)) {
      await keeper.batch(records);
      all.take(records);
    }
    await keeper.tidy(); // as it does each second
    await keeper.message({
      type: 'stats',
      stats: { ...NO_STATS, events: (round + 1) * HOPS_A_ROUND },
      atUnixMs: round,
    });
  }
});
afterEach(async () => {
  await keeper.close();
  rmSync(folder, { recursive: true });
});

const request = (change: Partial<FreezeRequest> = {}): FreezeRequest => ({
  path: join(folder, 'frozen.skbt'),
  session: 1,
  sinceNs: 0,
  trigger: TRIGGER,
  facts: [[7, [FACT]]],
  ...change,
});

async function freeze(of: FreezeRequest) {
  const blocks = await keeper.frozen(of.session, of.sinceNs);
  if (blocks === undefined) throw new Error('it is not kept');
  await writeFrozen(blocks, of);
  return blocks;
}

it('is everything of the session, in one recording, when that is asked for', async () => {
  const { blocks } = await freeze(request());
  expect(new Set(blocks.map(([part]) => part.name)).size).toBeGreaterThan(1);
  const { header, summary, session, messages } = await readBack(request().path);
  expect(header).toMatchObject({ product: '1.2.3', trigger: TRIGGER });
  expect(session.counters).toMatchObject({
    packets: all.counters.packets,
    hops: ROUNDS * HOPS_A_ROUND,
    missing: 0,
    malformed: 0,
  });
  for (const packet of [...all.newest(500)])
    expect(session.pathRecords(packet), `packet ${packet}`).toEqual(all.pathRecords(packet));
  // one session: what each part said at its beginning was said once
  expect(messages.filter((type) => ['hello', 'functions', 'capture'].includes(type))).toEqual([
    'hello',
    'functions',
    'capture',
  ]);
  expect(messages.filter((type) => ['fact', 'explained'].includes(type))).toEqual(['fact', 'explained']);
  expect(summary).toMatchObject({ stats: { events: ROUNDS * HOPS_A_ROUND } });
  expect(summary?.lastNs).toBeGreaterThanOrEqual(all.newestNs);
  expect(summary?.records).toBeGreaterThan(ROUNDS * HOPS_A_ROUND);
  expect(statSync(request().path).mode & 0o77).toBe(0);
});

it('has everything since a time, and little before', async () => {
  const sinceNs = all.newestNs * 0.9;
  await freeze(request({ sinceNs }));
  const { session, summary } = await readBack(request().path);
  const since = (of: SessionAssembler) =>
    [...of.newest(100_000)].filter((packet) => (of.row(packet)?.firstNs ?? 0) >= sinceNs);
  expect(since(session).length).toBeGreaterThan(50);
  expect(since(session)).toEqual(expect.arrayContaining(since(all)));
  expect(session.counters.hops).toBeLessThan(all.counters.hops / 2);
  expect(summary?.firstNs).toBeLessThanOrEqual(sinceNs);
  // the source's counts are of all of the session: it is not said to have so many
  const library = new Library(new Shelf(folder, DEFAULT_LIMITS), () => '');
  const listed = (await library.list()).recordings.find(({ name }) => name === 'frozen');
  await library.close();
  expect(listed).toMatchObject({ events: summary?.records, packets: undefined });
});

it('has what each part said at its beginning once, however long that is', async () => {
  const own = new Keeper(new Shelf(join(folder, 'own'), { ...DEFAULT_LIMITS, bytes: 16 << 20 }), '1');
  const one = {
    kind: 'unit',
    name: 'a.service',
    runtime: '',
    container: '',
    pod: '',
    podName: '',
    qos: '',
  } as const;
  const path = `/${'x'.repeat(400)}`;
  const cgroups = Array.from({ length: 4000 }, (_, id) => ({ ...one, id: id + 1, path: `${path}/${id}` }));
  await own.message({ type: 'hello', hello: HELLO });
  await own.message({ type: 'functions', functions: FUNCTIONS });
  await own.message({ type: 'cgroups', cgroups });
  await own.message({ type: 'capture', capture: { phase: 'starting', spec: DEFAULT_SPEC } });
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const records of trafficOf(round)) await own.batch(records);
    await own.tidy();
  }
  const blocks = await own.frozen(1, 0);
  if (blocks === undefined) throw new Error('it is not kept');
  expect(new Set(blocks.blocks.map(([part]) => part.name)).size).toBeGreaterThan(1);
  await writeFrozen(blocks, request());
  await own.close();
  const { session, messages } = await readBack(request().path);
  expect(messages.filter((type) => ['cgroups', 'capture'].includes(type))).toEqual(['cgroups', 'capture']);
  expect(session.counters.hops).toBe(ROUNDS * HOPS_A_ROUND);
});

it('is the newest quarter of what there may be, which does not give way while it is copied', async () => {
  const limit = 2 << 20;
  const rounds = 3 * ROUNDS;
  const shelf = new Shelf(join(folder, 'own'), { ...DEFAULT_LIMITS, bytes: limit });
  const own = new Keeper(shelf, '1', plainIndex);
  await own.message({ type: 'functions', functions: FUNCTIONS });
  const feed = async (from: number) => {
    for (let round = from; round < from + rounds; round += 1) {
      for (const records of trafficOf(round)) await own.batch(records);
      if (round % 4 === 0) await own.tidy();
    }
    await own.tidy();
  };
  await feed(0);
  const session = (await own.records(new Set([1]))).session;
  const blocks = await own.frozen(session, 0);
  if (blocks === undefined) throw new Error('it is not kept');
  const bytes = blocks.blocks.reduce((sum, [, block]) => sum + block.bytes, 0);
  expect(bytes).toBeGreaterThan(limit / 8);
  expect(bytes).toBeLessThanOrEqual(limit / 4);
  const names = () => shelf.list().map(({ name }) => name);
  const held = blocks.blocks.map(([part]) => part.name);
  await feed(rounds);
  await feed(2 * rounds);
  expect(names()).toEqual(expect.arrayContaining(held));
  // younger ones have given way instead
  const numbers = names().map((name) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 1));
  expect(Math.max(...numbers) - Math.min(...numbers)).toBeGreaterThanOrEqual(numbers.length);
  await writeFrozen(blocks, request({ session }));
  blocks.release();
  await feed(3 * rounds);
  expect(names()).not.toEqual(expect.arrayContaining(held));
  await own.close();
  expect((await readBack(request().path)).session.counters.hops).toBeGreaterThan(HOPS_A_ROUND);
});

it('ends when the server does', async () => {
  const blocks = await keeper.frozen(1, 0);
  if (blocks === undefined) throw new Error('it is not kept');
  await expect(writeFrozen(blocks, request(), () => true)).rejects.toThrow(CopyOver);
});

it('is of the session that is wanted only', async () => {
  expect(await keeper.frozen(2, 0)).toBeUndefined();
  await keeper.close();
  expect(await keeper.frozen(1, 0)).toBeUndefined();
});

it('is not written where the session ends meanwhile, which is told', async () => {
  const blocks = await keeper.frozen(1, 0);
  if (blocks === undefined) throw new Error('it is not kept');
  await keeper.close();
  await expect(writeFrozen(blocks, request())).rejects.toThrow(CopyOver);
});

it('is not written over what is there, and says so', async () => {
  await freeze(request());
  await expect(freeze(request())).rejects.toThrow('there is such a file');
  expect(existsSync(request().path)).toBe(true);
});
