/**
 * Keeping a session of five million hops on the disk as the server's thread does, against recording it alone and against
 * looking at each record once, all in one run; and finding packets in it that memory has let go.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordCursor } from '../../core/wire/cursor.ts';
import { KIND } from '../../core/wire/layout.gen.ts';
import { Recording } from '../../server/recording/reader.ts';
import { openFileSink } from '../../server/recording/sink.ts';
import { RecordingWriter } from '../../server/recording/writer.ts';
import { IndexThread } from '../../server/store/index-thread.ts';
import { Keeper } from '../../server/store/keeper.ts';
import { DEFAULT_LIMITS } from '../../server/store/limits.ts';
import { INDEX_SUFFIX, RECORDING_SUFFIX, Shelf } from '../../server/store/shelf.ts';
import { Tables } from '../../server/store/tables.ts';
import { FUNCTIONS, HOPS_A_ROUND, packetsIn, trafficOf } from '../../server/store/test/traffic.ts';

const HOPS = 5_000_000;
const FOUND = 200;

const folder = mkdtempSync(join(tmpdir(), 'bench-store-'));
const cursor = new RecordCursor();

/** Looks at each record; hops among them. */
function lookAt(records: Uint8Array): number {
  let hops = 0;
  cursor.reset(records);
  while (cursor.next()) if (cursor.kind === KIND.hop || cursor.kind === KIND.drop) hops += 1;
  return hops;
}

const ROUNDS = Math.ceil(HOPS / HOPS_A_ROUND);
const ALL_HOPS = ROUNDS * HOPS_A_ROUND;

/** So many are made at once: memory has no more of them. */
const ROUNDS_AT_ONCE = 50;

/** Ms that it takes with all batches. Making them does not count: what was taken is done with by then (`settle`). */
async function time(
  take: (records: Uint8Array) => unknown,
  settle: () => unknown = () => undefined,
): Promise<number> {
  let ms = 0;
  for (let round = 0; round < ROUNDS; round += ROUNDS_AT_ONCE) {
    const rounds = Array.from({ length: Math.min(ROUNDS_AT_ONCE, ROUNDS - round) }, (_, i) =>
      trafficOf(round + i),
    );
    const began = performance.now();
    for (const records of rounds.flat()) await take(records);
    await settle();
    ms += performance.now() - began;
  }
  return ms;
}

/** Throws when an index lacks an event of those that were kept. */
async function checkTables(kept: string): Promise<void> {
  let hops = 0;
  for (const name of readdirSync(kept).filter((file) => file.endsWith(RECORDING_SUFFIX))) {
    const recording = await Recording.open(join(kept, name));
    await recording.close();
    const index = join(kept, name.replace(RECORDING_SUFFIX, INDEX_SUFFIX));
    const tables = await Tables.open(index, {
      createdUnixMs: recording.header.createdUnixMs,
      bytes: statSync(join(kept, name)).size,
    });
    const { rows = [] } =
      (await tables?.ask('SELECT (SELECT count(*) FROM hops) + (SELECT count(*) FROM drops)')) ?? {};
    await tables?.close();
    hops += Number(rows[0]?.[0] ?? 0);
  }
  if (hops !== ALL_HOPS) throw new Error(`of ${ALL_HOPS} hops, ${hops} are in the tables`);
}

const quantile = (sorted: readonly number[], q: number) =>
  Math.round((sorted[Math.floor(q * (sorted.length - 1))] ?? 0) * 10) / 10;

try {
  const lookedMs = await time(lookAt);

  const writer = new RecordingWriter(
    await openFileSink(join(folder, 'recorded')),
    { product: '0' },
    (error) => {
      throw error;
    },
  );
  const recordedMs = await time(
    (records) => writer.batch(records),
    () => writer.flush(),
  );
  await writer.close();

  const kept = join(folder, 'kept');
  const indexes = new IndexThread();
  const keeper = new Keeper(new Shelf(kept, { ...DEFAULT_LIMITS, bytes: 8 * 2 ** 30 }), '0', indexes.open);
  await keeper.message({ type: 'functions', functions: FUNCTIONS });
  const found: number[] = [];
  const keptMs = await time(
    (records) => keeper.batch(records),
    () => keeper.flush(),
  );
  for (let i = 0; i < FOUND; i += 1) {
    const packet = 1 + Math.floor((i / FOUND) * packetsIn(ROUNDS));
    const began = performance.now();
    const { records } = await keeper.path(packet);
    if (records !== undefined) found.push(performance.now() - began);
  }
  found.sort((a, b) => a - b);
  const began = performance.now();
  await keeper.close();
  await indexes.close();
  const closedMs = performance.now() - began;
  await checkTables(kept);

  const bytes = readdirSync(kept).reduce((sum, file) => sum + statSync(join(kept, file)).size, 0);
  const tenth = (value: number) => Math.round(value * 10) / 10;
  const result = {
    hops: ALL_HOPS,
    'times as long as looking at each record': {
      recorded: tenth(recordedMs / lookedMs),
      kept: tenth((keptMs + closedMs) / lookedMs),
    },
    'hops kept in a second': Math.round((ALL_HOPS / (keptMs + closedMs)) * 1000),
    'bytes a hop': tenth(bytes / ALL_HOPS),
    'a path from the disk, ms': { p50: quantile(found, 0.5), p99: quantile(found, 0.99), of: found.length },
  };
  console.log(JSON.stringify(result, null, 2));
  writeFileSync(join('bench', 'results', 'store.json'), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
