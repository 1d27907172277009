import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { Recording } from '../../recording/reader.ts';
import { HELLO } from '../../test/fixtures/hello.ts';
import { IndexFile } from '../index-file.ts';
import { Keeper } from '../keeper.ts';
import { DEFAULT_LIMITS, type KeepLimits } from '../limits.ts';
import { Shelf } from '../shelf.ts';
import { FUNCTIONS, packetsIn, trafficOf } from './traffic.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keeper-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function open(limits: Partial<KeepLimits> = {}): Promise<Keeper> {
  const keeper = new Keeper(new Shelf(folder, { ...DEFAULT_LIMITS, ...limits }), '1.2.3');
  await keeper.message({ type: 'hello', hello: HELLO });
  await keeper.message({ type: 'functions', functions: FUNCTIONS });
  return keeper;
}

const recordings = () =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.skbt'))
    .sort();

async function batchesIn(file: string): Promise<Buffer> {
  const recording = await Recording.open(join(folder, file));
  const parts: Buffer[] = [];
  for await (const item of recording.items())
    if (item.kind === 'batch') parts.push(Buffer.from(item.records));
  await recording.close();
  return Buffer.concat(parts);
}

async function ask(file: string, sql: string): Promise<readonly unknown[][]> {
  const instance = await DuckDBInstance.create(join(folder, file), { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

/** Packets are read from the disk one by one. */
const LONG = { timeout: 60_000 };

describe('a session that is kept', () => {
  it('has every packet whole that memory has', LONG, async () => {
    const keeper = await open();
    const memory = new SessionAssembler();
    memory.takeNames({ functions: FUNCTIONS });
    for (const round of [0, 1])
      for (const records of trafficOf(round)) {
        await keeper.batch(records);
        memory.take(records);
      }
    let packets = 0;
    for (let packet = 1; packet <= packetsIn(2); packet += 1) {
      const inMemory = memory.pathRecords(packet);
      const { session, records } = await keeper.path(packet);
      expect(session).toBe(memory.session);
      expect(records && Buffer.from(records), `packet ${packet}`).toEqual(inMemory && Buffer.from(inMemory));
      if (records !== undefined) packets += 1;
    }
    expect(packets).toBeGreaterThan(150);
    await keeper.tidy();
    expect(keeper.keeping).toMatchObject({ phase: 'on', files: 1 });
    await keeper.close();
    const [file = ''] = recordings();
    const [index = ''] = readdirSync(folder).filter((name) => name.endsWith('.duckdb'));
    expect(await batchesIn(file)).toEqual(Buffer.concat([0, 1].flatMap((round) => trafficOf(round))));
    const [[rows, dropped] = []] = await ask(
      index,
      `SELECT count(DISTINCT packet), count(*) FILTER (verdict = 'dropped') FROM packets`,
    );
    expect(Number(rows)).toBe(packets);
    expect(Number(dropped)).toBe(2 * 31);
  });

  it('is found again in all of its recordings, however many they are', LONG, async () => {
    const keeper = await open({ bytes: 16 << 20 });
    const memory = new SessionAssembler();
    const rounds = 80;
    for (let round = 0; round < rounds; round += 1)
      for (const records of trafficOf(round)) {
        await keeper.batch(records);
        memory.take(records);
      }
    expect(recordings().length).toBeGreaterThan(1);
    for (let packet = 1; packet <= packetsIn(rounds); packet += 97) {
      const inMemory = memory.pathRecords(packet);
      const { records } = await keeper.path(packet);
      expect(records && Buffer.from(records), `packet ${packet}`).toEqual(inMemory && Buffer.from(inMemory));
    }
    await keeper.close();
    // each stands for itself: names come first in every one
    for (const file of recordings()) {
      const recording = await Recording.open(join(folder, file));
      for await (const item of recording.items()) {
        expect(item.kind === 'message' && item.message.type).toBe('hello');
        break;
      }
      expect(recording.summary).toBeDefined();
      await recording.close();
    }
  });

  it('ends where settings were exchanged, and the next one begins', async () => {
    const keeper = await open();
    const [first = new Uint8Array(0)] = trafficOf(0, 1);
    const [second = new Uint8Array(0)] = trafficOf(1, 2);
    // in one batch
    await keeper.batch(new Uint8Array(Buffer.concat([first, second])));
    const memory = new SessionAssembler();
    memory.take(new Uint8Array(Buffer.concat([first, second])));
    expect((await keeper.path(1)).session).toBe(memory.session);
    await keeper.close();
    const [one = '', two = '', ...more] = recordings();
    expect(more).toEqual([]);
    expect(await batchesIn(one)).toEqual(Buffer.from(first));
    expect((await batchesIn(two)).subarray(-second.length)).toEqual(Buffer.from(second));
  });

  it('without a packet leaves nothing', async () => {
    const keeper = await open();
    await keeper.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('gives way to newer ones, the oldest first, and says so', async () => {
    for (const [name, age] of [
      ['b-old', 200],
      ['a-older', 300],
      ['c-new', 100],
    ] as const) {
      writeFileSync(join(folder, `${name}.skbt`), Buffer.alloc(3 << 20));
      writeFileSync(join(folder, `${name}.duckdb`), Buffer.alloc(1 << 20));
      const seconds = Date.now() / 1000 - age;
      utimesSync(join(folder, `${name}.skbt`), seconds, seconds);
    }
    const keeper = await open({ bytes: 7 << 20 });
    for (const records of trafficOf(0)) await keeper.batch(records);
    await keeper.tidy();
    expect(recordings()).toEqual([expect.stringMatching(/^\d{4}-/), 'c-new.skbt']);
    expect(keeper.keeping).toMatchObject({ phase: 'on', removed: 2, files: 2 });
    await keeper.close();
  });

  it('that cannot be kept is told once, and what comes is passed over', async () => {
    const keeper = await open();
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
    for (const records of trafficOf(0)) await keeper.batch(records);
    expect(keeper.keeping).toEqual({
      phase: 'failed',
      why: expect.stringMatching(/cannot write .*no such folder/),
    });
    expect((await keeper.path(1)).records).toBeUndefined();
    await keeper.close();
    folder = mkdtempSync(join(tmpdir(), 'keeper-'));
  });

  it('is its owner’s alone', async () => {
    const keeper = await open();
    for (const records of trafficOf(0)) await keeper.batch(records);
    await keeper.close();
    for (const file of recordings()) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  });
});

describe('the index of a part', () => {
  /** With a count of how often it gave that up. */
  function counted(path: string, failed: (error: Error) => void) {
    const index = new IndexFile(path, failed);
    let left = 0;
    const leaveEvents = index.leaveEvents.bind(index);
    index.leaveEvents = () => {
      left += 1;
      return leaveEvents();
    };
    return { index, left: () => left };
  }

  it('gives up what can be made again only where it is behind, and not once its session ends', async () => {
    const made: ReturnType<typeof counted>[] = [];
    const keeper = new Keeper(new Shelf(folder, DEFAULT_LIMITS), '1.2.3', (path, failed) => {
      const one = counted(path, failed);
      made.push(one);
      return one.index;
    });
    for (const records of trafficOf(0)) await keeper.batch(records);
    keeper.hurry();
    expect(made[0]?.left()).toBe(0);
    if (made[0] !== undefined) made[0].index.room = () => Promise.resolve();
    const closing = keeper.close();
    keeper.hurry();
    await closing;
    expect(made.map(({ left }) => left())).toEqual([0]);
    const [[tables] = []] = await ask(
      recordings()[0]?.replace('.skbt', '.duckdb') ?? '',
      "SELECT value FROM recording WHERE key = 'tables'",
    );
    expect(tables).toBe('whole');
  });

  it('that is behind gives it up, and packets are found all the same', async () => {
    const made: ReturnType<typeof counted>[] = [];
    const keeper = new Keeper(new Shelf(folder, DEFAULT_LIMITS), '1.2.3', (path, failed) => {
      const one = counted(path, failed);
      one.index.room = () => Promise.resolve();
      made.push(one);
      return one.index;
    });
    for (const records of trafficOf(0)) {
      await keeper.batch(records);
      keeper.hurry();
    }
    expect(made[0]?.left()).toBeGreaterThan(0);
    expect((await keeper.path(1)).records?.length).toBeGreaterThan(0);
    await keeper.close();
    const index = recordings()[0]?.replace('.skbt', '.duckdb') ?? '';
    expect(await ask(index, 'SELECT count(*)::INTEGER FROM hops')).toEqual([[0]]);
    expect(await ask(index, "SELECT value FROM recording WHERE key = 'tables'")).toEqual([]);
  });

  it('is not asked once somebody has removed its part: what is left of the session is found, and saved', async () => {
    const keeper = await open({ bytes: 16 << 20 });
    for (let round = 0; recordings().length < 2; round += 1)
      for (const records of trafficOf(round)) await keeper.batch(records);
    const [, first = ''] = recordings(); // 'a.2.skbt' is before 'a.skbt'
    const later = (await keeper.saved())?.saved.parts.at(-1)?.name ?? '';
    for (const file of readdirSync(folder)) if (!file.startsWith(later)) rmSync(join(folder, file));
    expect(first.startsWith(later)).toBe(false);
    expect((await keeper.path(1)).records).toBeUndefined();
    expect((await keeper.saved())?.saved.parts.map(({ name }) => name)).toEqual([later]);
    expect(keeper.keeping).not.toHaveProperty('indexFault');
    await keeper.close();
  });
});
