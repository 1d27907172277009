/**
 * Opening a recording of fifty million hops, by its index and without it, in one run: when its list begins, when the list is
 * whole, how soon a path is there while the frames are still being read. The session's thread is the server's own.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROW_BYTES, rowPacket } from '../../core/wire/rows.ts';
import { Recording } from '../../server/recording/reader.ts';
import { Hub } from '../../server/session/hub.ts';
import { playInto } from '../../server/session/recorded.ts';
import { IndexThread } from '../../server/store/index-thread.ts';
import { Keeper } from '../../server/store/keeper.ts';
import { DEFAULT_LIMITS, DEFAULT_MEMORY_BYTES } from '../../server/store/limits.ts';
import { Shelf } from '../../server/store/shelf.ts';
import { noStore } from '../../server/store/store.ts';
import { Tables } from '../../server/store/tables.ts';
import { FUNCTIONS, HOPS_A_ROUND, trafficOf } from '../../server/store/test/traffic.ts';

const HOPS = 50_000_000;
const ROUNDS = Math.ceil(HOPS / HOPS_A_ROUND);
const TIDY_MS = 1000;
const FOUND = 100;
/** As the gateway asks for them. */
const ROWS_AT_ONCE = 1536;
const ROWS_EVERY_MS = 100;

const folder = mkdtempSync(join(tmpdir(), 'bench-open-'));
const rounded = (value: number) => Math.round(value);

async function keep(): Promise<{ readonly recording: string; readonly index: string }> {
  const indexes = new IndexThread();
  const shelf = new Shelf(folder, { ...DEFAULT_LIMITS, bytes: 64 * 2 ** 30 });
  const keeper = new Keeper(shelf, '0', indexes.open);
  await keeper.message({ type: 'functions', functions: FUNCTIONS });
  let tidied = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const records of trafficOf(round)) await keeper.batch(records);
    if (performance.now() - tidied < TIDY_MS) continue;
    await keeper.tidy();
    tidied = performance.now();
  }
  await keeper.close();
  await indexes.close();
  const [name = ''] = readdirSync(folder).filter((file) => file.endsWith('.skbt'));
  const recording = join(folder, name);
  return { recording, index: recording.replace(/\.skbt$/, '.duckdb') };
}

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Opens it as the server does, and takes its rows as a page that takes them at once. */
async function open(files: { readonly recording: string; readonly index: string }, byIndex: boolean) {
  const began = performance.now();
  const recording = await Recording.open(files.recording);
  const { createdUnixMs } = recording.header;
  const hub = new Hub(
    {
      kind: 'recording',
      labReason: '',
      memoryBytes: DEFAULT_MEMORY_BYTES,
      ...(byIndex && { kept: { ...files, createdUnixMs } }),
    },
    noStore('a benchmark'),
    (error) => {
      throw error;
    },
  );
  const playing = playInto(hub, Promise.resolve(recording), 'recording');
  const seen: number[] = [];
  let firstMs = 0;
  let wholeMs = 0;
  const paths: number[] = [];
  for (let version = 0; ; ) {
    const pulse = await hub.session.pulse();
    for (let more = pulse.version > version; more; ) {
      const answer = await hub.session.rowsSince(version, ROWS_AT_ONCE);
      ({ version, more } = answer);
      if (firstMs === 0 && answer.rows.byteLength > 0) firstMs = performance.now() - began;
      const view = new DataView(answer.rows);
      if (byIndex) for (let at = 0; at < view.byteLength; at += ROW_BYTES) seen.push(rowPacket(view, at));
    }
    if (byIndex && wholeMs === 0 && version > 0) {
      wholeMs = performance.now() - began;
      for (let i = 0; i < FOUND; i += 1) {
        const asked = performance.now();
        await hub.session.path(seen[Math.floor((i / FOUND) * seen.length)] ?? 0);
        paths.push(performance.now() - asked);
      }
    }
    if (hub.reading.isDone && version === (await hub.session.pulse()).version) break;
    await rest(ROWS_EVERY_MS);
  }
  const readMs = performance.now() - began;
  await playing();
  await hub.close();
  paths.sort((a, b) => a - b);
  return { firstMs, wholeMs: byIndex ? wholeMs : readMs, readMs, paths, packets: seen.length };
}

/** A question about every hop, ms: hops of each function. */
async function ask(files: { readonly recording: string; readonly index: string }): Promise<number> {
  const recording = await Recording.open(files.recording);
  await recording.close();
  const began = performance.now();
  const tables = await Tables.open(files.index, {
    createdUnixMs: recording.header.createdUnixMs,
    bytes: statSync(files.recording).size,
  });
  if (tables === undefined) throw new Error('its tables are not whole');
  const { rows } = await tables.ask(
    'SELECT func, count(*) AS hops FROM hops GROUP BY func ORDER BY hops DESC',
  );
  await tables.close();
  if (rows.length === 0) throw new Error('its tables have no hops');
  return performance.now() - began;
}

try {
  const files = await keep();
  const indexed = await open(files, true);
  const plain = await open(files, false);
  const askedMs = await ask(files);
  const at = (q: number) => rounded(indexed.paths[Math.floor(q * (indexed.paths.length - 1))] ?? 0);
  const result = {
    hops: ROUNDS * HOPS_A_ROUND,
    packets: indexed.packets,
    'by its index': {
      'first rows, ms': rounded(indexed.firstMs),
      'whole list, ms': rounded(indexed.wholeMs),
      'a path meanwhile, ms': { p50: at(0.5), p99: at(0.99), of: indexed.paths.length },
    },
    'by its frames': { 'first rows, ms': rounded(plain.firstMs), 'whole list, ms': rounded(plain.wholeMs) },
    'hops of each function by SQL, ms': rounded(askedMs),
    'whole list, times as fast': rounded(plain.wholeMs / indexed.wholeMs),
  };
  console.log(JSON.stringify(result, null, 2));
  writeFileSync(join('bench', 'results', 'open.json'), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
