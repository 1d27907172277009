/**
 * Recording 400,000 events and reading them back, against looking at each record once, which whoever takes a batch does:
 *
 *   npx vitest bench --run --project unit bench/recording
 *
 * Recording took 5.2 times as long, reading 8.2 times (Node 20, two cores, a disk's cache; looking at each was 36 ms). Before
 * blocks were turned around it was 4.6 and 2.9 times of 84 ms. Of that capture's 6,303 records, of 84 bytes, a recording has 6 each, and all
 * names and answers beside them 50 kB.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import { readFrames } from '../core/model/test/recording.ts';
import { RecordCursor } from '../core/wire/cursor.ts';
import { Recording } from '../server/recording/reader.ts';
import { openFileSink } from '../server/recording/sink.ts';
import { RecordingWriter } from '../server/recording/writer.ts';

const EVENTS = 400_000;
const folder = mkdtempSync(join(tmpdir(), 'bench-recording-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The batches of a real capture, again and again. */
const batches: Uint8Array[] = [];
const cursor = new RecordCursor();
let events = 0;
const { batches: recorded } = readFrames('capture');
while (events < EVENTS)
  for (const records of recorded) {
    batches.push(records);
    cursor.reset(records);
    while (cursor.next()) if (!cursor.isName) events += 1;
  }

let files = 0;
async function write(): Promise<string> {
  const file = join(folder, `${files}.skbt`);
  files += 1;
  const writer = new RecordingWriter(await openFileSink(file), { product: '0' }, (error) => {
    throw error;
  });
  for (const records of batches) {
    const wait = writer.batch(records);
    if (wait !== undefined) await wait;
  }
  await writer.close();
  return file;
}

async function read(file: string): Promise<void> {
  const recording = await Recording.open(file);
  let bytes = 0;
  for await (const item of recording.items()) if (item.kind === 'batch') bytes += item.records.length;
  await recording.close();
  if (bytes === 0) throw new Error('nothing was read');
}

const written = await write();
const OPTIONS = { iterations: 5, time: 0, warmupIterations: 1, warmupTime: 0 };

describe(`${EVENTS} events`, () => {
  bench(
    'looked at',
    () => {
      for (const records of batches) {
        cursor.reset(records);
        while (cursor.next());
      }
    },
    OPTIONS,
  );
  bench('recorded', async () => rmSync(await write()), OPTIONS);
  bench('read', () => read(written), OPTIONS);
});
