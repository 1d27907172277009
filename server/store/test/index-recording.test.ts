/** The thread that makes an index: it ends by itself, when it is told to, and leaves nothing of what is not whole. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RecordingError } from '../../recording/format.ts';
import { Recording } from '../../recording/reader.ts';
import { openFileSink } from '../../recording/sink.ts';
import { writeRecording } from '../../recording/test/make-recording.ts';
import { RecordingWriter } from '../../recording/writer.ts';
import { type Built, built } from '../../test/built.ts';
import { indexRecording } from '../index-recording.ts';
import { Kept } from '../kept.ts';
import { trafficOf } from './traffic.ts';

let worker: Built;
let program = '';
beforeAll(async () => {
  worker = await built('server/store/index-worker.ts');
  ({ program } = worker);
});
afterAll(() => worker.remove());

let folder = '';
let recording = '';
let index = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'index-'));
  recording = join(folder, 'a.skbt');
  index = join(folder, 'a.duckdb');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** So long that it is not read before somebody can say so. */
async function writeLong(): Promise<void> {
  const writer = new RecordingWriter(await openFileSink(recording), { product: '0.0.0' }, (error) => {
    throw error;
  });
  for (let round = 0; round < 200; round += 1)
    for (const records of trafficOf(round)) await writer.batch(records);
  await writer.close();
}

describe('an index made in a thread of its own', () => {
  it('is there, whole, once it is made', async () => {
    await writeRecording(recording);
    expect(await indexRecording(recording, index, { program })).toBe('');
    const opened = await Recording.open(recording);
    const { createdUnixMs } = opened.header;
    await opened.close();
    const kept = await Kept.open({ recording, index, createdUnixMs });
    expect(kept?.contents.packets).toBe(105);
    await kept?.close();
    expect(readdirSync(folder).sort()).toEqual(['a.duckdb', 'a.skbt']);
  });

  it('is none of a damaged recording, which is said with where', async () => {
    await writeRecording(recording);
    const bytes = readFileSync(recording);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    writeFileSync(recording, bytes);
    const error = await indexRecording(recording, index, { program }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RecordingError);
    expect(String(error)).toMatch(/the block at byte \d+ is damaged/);
    expect(readdirSync(folder)).toEqual(['a.skbt']);
  });

  it('is none where it cannot be written, which is no fault of the recording', async () => {
    await writeRecording(recording);
    const nowhere = join(folder, 'nowhere');
    expect(await indexRecording(recording, join(nowhere, 'a.duckdb'), { program })).toContain('nowhere');
    // a folder of that name is in the way
    mkdirSync(join(index, 'in the way'), { recursive: true });
    expect(await indexRecording(recording, index, { program })).toContain('EISDIR');
    expect(readdirSync(folder).sort()).toEqual(['a.duckdb', 'a.skbt']);
  });

  it('is ended by the signal, and nothing is left of it', async () => {
    await writeLong();
    const ending = new AbortController();
    const made = indexRecording(recording, index, { program, signal: ending.signal });
    made.catch(() => undefined);
    // it waits for the one before
    const waits = indexRecording(recording, index, { program, signal: ending.signal });
    waits.catch(() => undefined);
    await expect.poll(() => readdirSync(folder).length, { interval: 5 }).toBeGreaterThan(1);
    ending.abort(new Error('not wanted any more'));
    await expect(made).rejects.toThrow('not wanted any more');
    await expect(waits).rejects.toThrow('not wanted any more');
    expect(readdirSync(folder)).toEqual(['a.skbt']);
  });
});
