/** Tables that are made while a session is kept are those that its frames give. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from '../../../core/base/schema.ts';
import { FRAME_TYPE } from '../../../core/messages/frames.ts';
import { sourceMessageSchema } from '../../../core/messages/source.ts';
import { query } from '../../cli/tables.ts';
import { ROOT } from '../../place.ts';
import { PREFACE_BYTES } from '../../recording/format.ts';
import { Recording } from '../../recording/reader.ts';
import { FrameDecoder } from '../../sources/framing.ts';
import { type Built, built } from '../../test/built.ts';
import { StoreDatabase } from '../database.ts';
import { fillTables } from '../fill.ts';
import { IndexThread } from '../index-thread.ts';
import { Keeper } from '../keeper.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { PartIndex } from '../part-index.ts';
import {
  EVENTS_ON_THE_WAY,
  OWN_TABLES,
  type RecordingMark,
  TABLES,
  TABLES_WHOLE,
  wholeIndexOf,
} from '../schema.ts';
import { Shelf } from '../shelf.ts';
import { Tables } from '../tables.ts';

const FRAMES = gunzipSync(readFileSync(join(ROOT, 'e2e', 'fixtures', 'capture.bin.gz')));

let worker: Built;
beforeAll(async () => {
  worker = await built('server/store/part-index-worker.ts');
});
afterAll(() => worker.remove());

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tables-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Keeps the fixture's capture, with its index in a thread. `hurried`: more comes than there is time for. */
async function keep({ hurried = false } = {}): Promise<string> {
  const indexes = new IndexThread(worker.program);
  const open: PartIndex[] = [];
  const keeper = new Keeper(new Shelf(folder, DEFAULT_LIMITS), '1.2.3', (path, failed) => {
    const index = indexes.open(path, failed);
    open.push(index);
    return index;
  });
  for (const { type, payload } of new FrameDecoder().push(FRAMES)) {
    if (type === FRAME_TYPE.batch) {
      await keeper.batch(payload);
      if (hurried) for (const index of open) void index.leaveEvents();
      continue;
    }
    const message = parse(sourceMessageSchema, JSON.parse(Buffer.from(payload).toString('utf8')));
    if (message.type !== 'reply') await keeper.message(message);
  }
  await keeper.close();
  await indexes.close();
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.skbt'));
  return join(folder, file);
}

async function opened(file: string): Promise<{ readonly mark: RecordingMark; readonly made: StoreDatabase }> {
  const recording = await Recording.open(file);
  const made = await StoreDatabase.create(':memory:');
  await fillTables(recording, made, () => undefined);
  await recording.close();
  const { createdUnixMs } = recording.header;
  return { mark: { createdUnixMs, bytes: statSync(file).size }, made };
}

const indexOf = (file: string) => file.replace('.skbt', '.duckdb');
const rowsOf = async (tables: Tables, name: string) =>
  (await tables.ask(`SELECT * FROM ${name} ORDER BY ALL`)).rows;

describe('tables that were made as a session was kept', () => {
  it('are those that its frames give', async () => {
    const file = await keep();
    const { mark, made } = await opened(file);
    const tables = await Tables.open(indexOf(file), mark);
    if (tables === undefined) throw new Error('they are not whole');
    const names = Object.keys(TABLES).filter((name) => !OWN_TABLES.includes(name) && name !== 'recording');
    for (const name of [...names, 'named_hops', 'named_drops', 'named_changes'])
      expect(await rowsOf(tables, name), name).toEqual(await rowsOf(made, name));
    expect((await rowsOf(tables, 'hops')).length).toBe(5131);
    const own = [...wholeIndexOf(mark), TABLES_WHOLE].map(({ key, value }) => [key, value]);
    const about = await rowsOf(made, 'recording');
    expect(await rowsOf(tables, 'recording')).toEqual(
      [...about, ...own].sort(([a = ''], [b = '']) => (String(a) < String(b) ? -1 : 1)),
    );
    for (const other of [{ createdUnixMs: 1 }, { bytes: 1 }])
      expect(await Tables.open(indexOf(file), { ...mark, ...other })).toBeUndefined();
    await tables.close();
    await made.close();
  });

  it('answer without a look at the frames', async () => {
    const file = await keep();
    const bodyAt = PREFACE_BYTES + readFileSync(file).readUInt32LE(12);
    const { size } = statSync(file);
    truncateSync(file, bodyAt);
    truncateSync(file, size); // zeros
    const written: string[] = [];
    const spy = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => written.push(String(text)) > 0);
    try {
      await query({ file, sql: 'SELECT count(*) AS hops FROM hops', format: 'csv' });
    } finally {
      spy.mockRestore();
    }
    expect(written.join('')).toBe('hops\r\n5131\r\n');
  });

  it('give way where more comes than there is time for; packets are found all the same', async () => {
    const file = await keep({ hurried: true });
    const { mark, made } = await opened(file);
    expect(await Tables.open(indexOf(file), mark)).toBeUndefined();
    const instance = await DuckDBInstance.create(indexOf(file), { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    const count = async (table: string) =>
      (await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM ${table}`)).getRowsJson();
    expect(await count('packets')).toEqual([[(await rowsOf(made, 'packets')).length]]);
    for (const table of EVENTS_ON_THE_WAY) expect(await count(table), table).toEqual([[0]]);
    connection.closeSync();
    instance.closeSync();
    await made.close();
  });
});
