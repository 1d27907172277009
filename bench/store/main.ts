/**
 * Keeping a session of five million hops on the disk as the server's thread does, against recording it alone and against
 * looking at each record once, all in one run; and finding packets in it that memory has let go.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordCursor } from '../../core/wire/cursor.ts';
import { KIND } from '../../core/wire/layout.gen.ts';
import { openFileSink } from '../../server/recording/sink.ts';
import { RecordingWriter } from '../../server/recording/writer.ts';
import { Keeper } from '../../server/store/keeper.ts';
import { DEFAULT_LIMITS } from '../../server/store/limits.ts';
import { Shelf } from '../../server/store/shelf.ts';
import { FUNCTIONS, HOPS_A_ROUND, packetsIn, trafficOf } from '../../server/store/test/traffic.ts';

const HOPS = 5_000_000;
const TIDY_MS = 1000;
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

/** Ms that it takes with all batches; making them, round by round so that memory has no more of them, does not count. */
async function time(
  take: (records: Uint8Array) => unknown,
  end: () => unknown = () => undefined,
): Promise<number> {
  let ms = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const batches = trafficOf(round);
    const began = performance.now();
    for (const records of batches) await take(records);
    ms += performance.now() - began;
  }
  const began = performance.now();
  await end();
  return ms + performance.now() - began;
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
    () => writer.close(),
  );

  const kept = join(folder, 'kept');
  const keeper = new Keeper(new Shelf(kept, { ...DEFAULT_LIMITS, bytes: 8 * 2 ** 30 }), '0');
  await keeper.message({ type: 'functions', functions: FUNCTIONS });
  let tidied = performance.now();
  const found: number[] = [];
  const keptMs = await time(async (records) => {
    await keeper.batch(records);
    if (performance.now() - tidied < TIDY_MS) return;
    await keeper.tidy();
    tidied = performance.now();
  });
  for (let i = 0; i < FOUND; i += 1) {
    const packet = 1 + Math.floor((i / FOUND) * packetsIn(ROUNDS));
    const began = performance.now();
    const { records } = await keeper.path(packet);
    if (records !== undefined) found.push(performance.now() - began);
  }
  found.sort((a, b) => a - b);
  const began = performance.now();
  await keeper.close();
  const closedMs = performance.now() - began;

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
