import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { brotliCompressSync, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../../core/messages/facts.ts';
import { FRAME_TYPE } from '../../../core/messages/frames.ts';
import type { RecordedItem } from '../../../core/messages/recording.ts';
import { layoutDifference } from '../../../core/messages/recording.ts';
import type { SourceMessage } from '../../../core/messages/source.ts';
import { readFrames } from '../../../core/model/test/recording.ts';
import * as layout from '../../../core/wire/layout.gen.ts';
import { frameHeader } from '../../sources/framing.ts';
import { HELLO } from '../../test/fixtures/hello.ts';
import { FactRecorder } from '../facts.ts';
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MAX_BYTES,
  BLOCK_TYPE,
  CODING,
  encodeBlockHeader,
  RecordingError,
} from '../format.ts';
import { Recording } from '../reader.ts';
import { openFileSink, streamSink } from '../sink.ts';
import { replaySource } from '../source.ts';
import { RecordingWriter } from '../writer.ts';

const { batches } = readFrames('capture');
const MESSAGES = [
  { type: 'hello', hello: HELLO },
  { type: 'functions', functions: [{ id: 1, name: 'ip_rcv', module: '', argument: 1, isDefault: true }] },
  { type: 'namespaces', namespaces: [{ inode: 10, name: 'web', origin: 'named', interfaces: [] }] },
] as const satisfies readonly SourceMessage[];
const fact = (line: string): Fact => ({
  query: { kind: 'conntrack', netns: 10 },
  readAtUnixMs: 5,
  answer: { ok: true, lines: [line], isCut: false },
});

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'recording-'));
  path = join(folder, 'a.skbt');
});
afterEach(() => rmSync(folder, { recursive: true }));

const never = (error: Error): never => {
  throw error;
};

async function write(to = path): Promise<void> {
  const writer = new RecordingWriter(await openFileSink(to), { product: '1.2.3' }, never);
  for (const message of MESSAGES) writer.message(message);
  const facts = new FactRecorder((message) => writer.message(message));
  for (const [i, records] of batches.entries()) {
    await writer.batch(records);
    if (i < 3) facts.explained(i + 1, [fact(`said for ${i + 1}`)]);
  }
  await writer.close();
}

async function readAll(recording: Recording): Promise<RecordedItem[]> {
  const items: RecordedItem[] = [];
  try {
    for await (const item of recording.items()) items.push(item);
  } finally {
    await recording.close();
  }
  return items;
}

const batchesOf = (items: readonly RecordedItem[]) =>
  items.flatMap((item) => (item.kind === 'batch' ? [Buffer.from(item.records)] : []));
const messagesOf = (items: readonly RecordedItem[]) =>
  items.flatMap((item) => (item.kind === 'message' ? [item.message] : []));

describe('a recording', () => {
  it('gives back what was put in, byte for byte and in its order', async () => {
    await write();
    const recording = await Recording.open(path);
    expect(recording.header).toMatchObject({ product: '1.2.3', format: 'skbtracer recording' });
    const items = await readAll(recording);
    expect(batchesOf(items)).toEqual(batches.map((batch) => Buffer.from(batch)));
    expect(messagesOf(items).filter(({ type }) => type !== 'fact' && type !== 'explained')).toEqual(MESSAGES);
    expect(items.slice(0, 3).map(({ kind }) => kind)).toEqual(['message', 'message', 'message']);
    const bytes = batches.reduce((sum, batch) => sum + batch.length, 0);
    expect(recording.summary).toMatchObject({ recordBytes: bytes });
    expect(recording.summary?.lastNs).toBeGreaterThan(recording.summary?.firstNs ?? Number.NaN);
    expect(recording.cutAt).toBeUndefined();
  });

  it('is small, and its owner’s alone', async () => {
    await write();
    const { size, mode } = statSync(path);
    const recording = await Recording.open(path);
    const records = recording.summary?.records ?? 0;
    await recording.close();
    expect(size / records).toBeLessThan(12);
    expect(mode & 0o777).toBe(0o600);
  });

  it('goes through a pipe', async () => {
    await write();
    const file = readFileSync(path);
    const chunks = Array.from({ length: Math.ceil(file.length / 777) }, (_, i) =>
      file.subarray(i * 777, (i + 1) * 777),
    );
    const recording = await Recording.open('-', Readable.from(chunks));
    expect(batchesOf(await readAll(recording))).toHaveLength(batches.length);
    expect(recording.summary).toBeUndefined();
  });

  it('is written to a pipe as to a file', async () => {
    const output = new PassThrough();
    const chunks: Buffer[] = [];
    output.on('data', (chunk: Buffer) => chunks.push(chunk));
    const writer = new RecordingWriter(streamSink(output), { product: '1.2.3' }, never);
    for (const batch of batches) await writer.batch(batch);
    await writer.close();
    writeFileSync(path, Buffer.concat(chunks));
    expect(batchesOf(await readAll(await Recording.open(path)))).toHaveLength(batches.length);
  });

  it('that was cut off anywhere gives what was whole, and says where it ends', async () => {
    await write();
    const file = readFileSync(path);
    const { bodyAt } = await bodyOf(path);
    const short = join(folder, 'short');
    for (let length = 0; length < file.length; length += 997) {
      writeFileSync(short, file.subarray(0, length));
      if (length < bodyAt) {
        await expect(Recording.open(short), String(length)).rejects.toThrow(RecordingError);
        continue;
      }
      const recording = await Recording.open(short);
      const items = await readAll(recording);
      expect(recording.summary, String(length)).toBeUndefined();
      expect(items.length === 0 || recording.cutAt !== undefined, String(length)).toBe(true);
    }
  });

  it('with any byte changed is refused, with the place', async () => {
    await write();
    const file = readFileSync(path);
    const bad = join(folder, 'bad');
    const { bodyAt } = await bodyOf(path);
    const places = [
      0,
      9,
      13,
      17,
      25,
      bodyAt,
      bodyAt + 4,
      bodyAt + 5,
      bodyAt + 6,
      bodyAt + 8,
      bodyAt + 12,
      bodyAt + 16,
    ];
    for (let at = bodyAt + BLOCK_HEADER_BYTES; at < file.length - 16; at += 4001) places.push(at);
    for (const at of places) {
      const changed = Buffer.from(file);
      changed.writeUInt8(changed.readUInt8(at) ^ 0x41, at);
      writeFileSync(bad, changed);
      const reading = Recording.open(bad).then(readAll);
      await expect(reading, `byte ${at}`).rejects.toThrow(
        /^(?:its header|it is|the block at byte|there is no block)/,
      );
      await expect(reading, `byte ${at}`).rejects.toThrow(RecordingError);
    }
  });

  it('that asks for more than there may be is refused before anything is allocated', async () => {
    await write();
    const { bodyAt } = await bodyOf(path);
    for (const field of [8, 12]) {
      const file = readFileSync(path);
      file.writeUInt32LE(BLOCK_MAX_BYTES + 1, bodyAt + field);
      const bad = join(folder, `big-${field}`);
      writeFileSync(bad, file);
      await expect(Recording.open(bad).then(readAll)).rejects.toThrow(
        /says that it has \d+ bytes, of \d+ at most/,
      );
    }
  });

  it('that inflates to more than it says is refused', async () => {
    await write();
    const { bodyAt } = await bodyOf(path);
    const head = readFileSync(path).subarray(0, bodyAt);
    const zeros = Buffer.alloc(64 << 20);
    for (const [coding, bomb] of [
      [CODING.deflate, deflateRawSync(zeros)],
      [CODING.brotli, brotliCompressSync(zeros)],
      [CODING.columns, brotliCompressSync(zeros)],
    ] as const) {
      const header = encodeBlockHeader(BLOCK_TYPE.frames, coding, bomb, 100);
      writeFileSync(path, Buffer.concat([head, header, bomb]));
      await expect(Recording.open(path).then(readAll)).rejects.toThrow(
        `the block at byte ${bodyAt} is damaged`,
      );
    }
  });

  it.each([
    { version: 1, coding: CODING.deflate, compress: deflateRawSync },
    { version: 2, coding: CODING.brotli, compress: brotliCompressSync },
  ])('in format $version is read', async ({ version, coding, compress }) => {
    await write();
    const { bodyAt } = await bodyOf(path);
    const head = readFileSync(path).subarray(0, bodyAt);
    head.writeUInt32LE(version, 8);
    const raw = Buffer.concat(
      batches.flatMap((records) => [frameHeader(FRAME_TYPE.batch, records.length), records]),
    );
    const stored = compress(raw);
    const header = encodeBlockHeader(BLOCK_TYPE.frames, coding, stored, raw.length);
    writeFileSync(path, Buffer.concat([head, header, stored]));
    const read = await readAll(await Recording.open(path));
    expect(batchesOf(read)).toEqual(batches.map((records) => Buffer.from(records)));
  });

  it('of random bytes behind a good header never does more than refuse', async () => {
    await write();
    const { bodyAt } = await bodyOf(path);
    const head = readFileSync(path).subarray(0, bodyAt);
    let state = 12345;
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 16;
    };
    for (let i = 0; i < 300; i += 1) {
      const raw = Buffer.from(Array.from({ length: random() % 400 }, () => random() & 0xff));
      // with a good block around it, so that what is inside is looked at, too
      const type = i % 2 === 0 ? BLOCK_TYPE.frames : BLOCK_TYPE.facts;
      const block =
        i % 3 === 0 ? raw : Buffer.concat([encodeBlockHeader(type, CODING.none, raw, raw.length), raw]);
      writeFileSync(path, Buffer.concat([head, block]));
      const outcome = await Recording.open(path)
        .then(readAll)
        .catch((error: unknown) => error);
      expect(Array.isArray(outcome) || outcome instanceof RecordingError, String(outcome)).toBe(true);
    }
  });

  it('that is none, or of another format, says so', async () => {
    writeFileSync(path, 'GIF89a, and some more bytes that are no recording');
    await expect(Recording.open(path)).rejects.toThrow('it is no recording of skbtracer');
    writeFileSync(path, '');
    await expect(Recording.open(path)).rejects.toThrow('it is empty');
    await expect(Recording.open(folder)).rejects.toThrow('it is a folder');
    await expect(Recording.open(join(folder, 'none'))).rejects.toThrow('there is no such file');
    rmSync(path);
    await write();
    const file = readFileSync(path);
    file.writeUInt32LE(9, 8);
    writeFileSync(path, file);
    await expect(Recording.open(path)).rejects.toThrow('it is a recording in format 9');
  });

  it('is never written over another file, and a full disk is told once', async () => {
    await write();
    await expect(openFileSink(path)).rejects.toThrow('there is such a file: give another name');
    await expect(openFileSink(join(folder, 'no', 'such'))).rejects.toThrow('there is no such folder');
    const told: string[] = [];
    const { open } = await import('node:fs/promises');
    const full = await open('/dev/full', 'w');
    const sink = {
      write: async (bytes: Uint8Array) => {
        await full.write(bytes);
      },
      sync: async () => undefined,
      close: () => full.close(),
    };
    const writer = new RecordingWriter(sink, { product: '1' }, (error) => told.push(error.message));
    for (const batch of batches) await writer.batch(batch);
    await writer.close();
    await full.close();
    expect(told).toEqual([expect.stringContaining('ENOSPC')]);
  });
});

describe('a recording as a source', () => {
  it('says what was said, and answers what it was asked then', async () => {
    await write();
    const heard: string[] = [];
    const events: Uint8Array[] = [];
    await new Promise<void>((resolve, reject) => {
      const source = open(
        (records) => events.push(records),
        (message) => heard.push(message.type),
        resolve,
        reject,
      );
      source.then(async (one) => {
        const ask = (packet?: number) =>
          one.request({
            method: 'facts',
            queries: [{ kind: 'conntrack', netns: 10 }],
            ...(packet && { packet }),
          });
        await new Promise((settled) => setTimeout(settled, 0));
        expect(await one.request({ method: 'stop' })).toMatchObject({
          ok: false,
          error: { code: 'NOT_LIVE' },
        });
        await finished(one);
        expect(await ask(2)).toMatchObject({ value: { facts: [{ answer: { lines: ['said for 2'] } }] } });
        expect(await ask()).toMatchObject({ value: { facts: [{ answer: { lines: ['said for 3'] } }] } });
      }, reject);
    });
    expect(heard).toEqual(['hello', 'functions', 'namespaces']);
    expect(events).toHaveLength(batches.length);
  });

  it('tells what it cannot read further, after what it could', async () => {
    await write();
    const file = readFileSync(path);
    const { bodyAt } = await bodyOf(path);
    file.writeUInt8(file.readUInt8(bodyAt + 400) ^ 1, bodyAt + 400);
    writeFileSync(path, file);
    const note = await new Promise((resolve, reject) => {
      open(
        () => undefined,
        () => undefined,
        () => reject(new Error('it ended well')),
        resolve,
      );
    });
    expect(note).toBe(`the recording cannot be read further: the block at byte ${bodyAt} is damaged`);
  });

  /** Opens `path` as a source. */
  async function open(
    batch: (records: Uint8Array) => void,
    message: (message: SourceMessage) => void,
    ended: () => void,
    gone: (note: string) => void,
  ) {
    const recording = await Recording.open(path);
    const source = replaySource(recording, 'a.skbt', {
      message,
      batch(records) {
        batch(records);
        return undefined;
      },
      gone,
      ended: () => whenEnded.get(source)?.(),
    });
    whenEnded.set(source, ended);
    return source;
  }
  const whenEnded = new Map<object, () => void>();
  const finished = (source: object) =>
    new Promise<void>((resolve) => {
      const before = whenEnded.get(source);
      whenEnded.set(source, () => {
        resolve();
        setTimeout(() => before?.(), 0);
      });
    });
});

describe('the layout in a recording', () => {
  it('may have more and less than ours, but nothing elsewhere', () => {
    const own = structuredClone({ ...layout });
    expect(layoutDifference(own)).toBeUndefined();
    expect(layoutDifference({ ...own, NEW: { size: 3 }, HOP: undefined })).toBeUndefined();
    expect(layoutDifference({ ...own, HOP: { ...own.HOP, func: 4 } })).toBe('HOP.func');
    expect(layoutDifference({ ...own, HOP: 'text' })).toBe('HOP');
  });
});

/** Where the blocks of a recording begin. */
async function bodyOf(file: string): Promise<{ readonly bodyAt: number }> {
  return { bodyAt: 20 + readFileSync(file).readUInt32LE(12) };
}
