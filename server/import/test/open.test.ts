import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exporterFor } from '../../../core/model/export/index.ts';
import { PWRU_LINES, readItems } from '../../../core/model/import/test/imported.ts';
import { HopReader } from '../../../core/model/reader.ts';
import { readFrames } from '../../../core/model/test/recording.ts';
import { RecordingError } from '../../recording/format.ts';
import { Recording } from '../../recording/reader.ts';
import type { Recorded } from '../../recording/recorded.ts';
import { openFileSink } from '../../recording/sink.ts';
import { writeRecording } from '../../recording/test/make-recording.ts';
import { OPENED } from '../capture.ts';
import { LINE_BYTES_MAX } from '../lines.ts';
import { openParts, openRecorded } from '../open.ts';
import { writeCapture } from '../write.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const PWRU = `${PWRU_LINES.join('\n')}\n`;
const file = (content: string | Uint8Array, name = 'a'): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

/** All that is in it, and what is missing. */
async function read(opening: Promise<Recorded>) {
  const recorded = await opening;
  const items = [];
  try {
    for await (const item of recorded.items()) items.push(item);
    return { ...readItems(items), items, missing: recorded.missing };
  } finally {
    await recorded.close();
  }
}

/** What a reader had until it threw, and what. */
async function failing(path: string) {
  const recorded = await openRecorded(path);
  const items = [];
  try {
    for await (const item of recorded.items()) items.push(item);
  } catch (error) {
    return { items, error: error instanceof RecordingError ? error.message : error };
  } finally {
    await recorded.close();
  }
  throw new Error('nothing was wrong');
}

describe('a file is told by its content', () => {
  it('a recording, whatever it is called', async () => {
    const path = join(folder, 'a.json');
    await writeRecording(path);
    const recorded = await openRecorded(path);
    expect(recorded).toBeInstanceOf(Recording);
    await recorded.close();
  });

  it('a capture of pwru, as a file and through a pipe, however it is cut into pieces', async () => {
    const path = file(PWRU, 'a.skbt');
    const { rows, missing } = await read(openRecorded(path));
    expect(rows.size).toBe(2);
    expect(missing).toBeUndefined();
    const chunks = Array.from({ length: 1 + Math.floor(PWRU.length / 977) }, (_, i) =>
      Buffer.from(PWRU.slice(i * 977, (i + 1) * 977)),
    );
    const piped = await openRecorded('-', Readable.from(chunks));
    expect([piped.isFile, piped.share]).toEqual([false, undefined]);
    expect((await read(Promise.resolve(piped))).rows).toEqual(rows);
  });

  it('and what cannot be opened says so, with what can', async () => {
    const refused = (content: string | Uint8Array) => expect(openRecorded(file(content))).rejects;
    await refused('hello').toThrow(
      `it is no recording of skbtracer, nor a capture that is known here. What can be opened: ${OPENED}`,
    );
    await refused('{"a":1}\n').toThrow('its first line is no event that is known here');
    await refused('{{{').toThrow('its first line is no event that is known here');
    await refused(gzipSync(PWRU)).toThrow('it is compressed: unpack it first');
    await refused(Buffer.from('d4c3b2a1020004000000000000000000', 'hex')).toThrow('it is a pcap file');
    await refused('').toThrow('it is empty');
    await refused('SKBT').toThrow(RecordingError);
    await expect(openRecorded(folder)).rejects.toThrow('it is a folder');
    await expect(openRecorded(join(folder, 'none'))).rejects.toThrow('there is no such file');
  });
});

describe('a capture that is damaged', () => {
  const [first = '', ...rest] = PWRU_LINES;

  it('is read until there, which is told by line and byte', async () => {
    const broken = [first, ...rest.slice(0, 9), '{"skb":7}', ...rest].join('\n');
    const at = [first, ...rest.slice(0, 9), ''].join('\n').length;
    const { error, items } = await failing(file(broken));
    expect(error).toBe(`line 11 (byte ${at}): it is no event of pwru: skb: expected an address as 0xffff…`);
    expect(readItems(items).rows.get(1)?.hops).toBe(10);
  });

  it('is no wonder where it was cut off: what is whole is read', async () => {
    const whole = `${first}\n${rest[0]}\n`;
    const { rows, missing } = await read(openRecorded(file(`${whole}${rest[1]?.slice(0, 40)}`)));
    expect(rows.get(1)?.hops).toBe(2);
    expect(missing).toBe(
      `the file was cut off in line 3 (byte ${whole.length}); what was before that is here`,
    );
    // a last line without an end may be whole
    expect((await read(openRecorded(file(`${first}\n${rest[0]}`)))).missing).toBeUndefined();
  });

  it('may have empty lines, but none that is longer than any event', async () => {
    expect((await read(openRecorded(file(`\n\r\n${first}\r\n\n${rest[0]}\n`)))).rows.get(1)?.hops).toBe(2);
    const { error } = await failing(file(`${first}\n${'x'.repeat(LINE_BYTES_MAX + 1)}\n`));
    expect(error).toBe(`line 2 (byte ${first.length + 1}) is longer than 1 MiB`);
    await expect(openRecorded(file(`{${'x'.repeat(4 * LINE_BYTES_MAX)}`))).rejects.toThrow(
      'line 1 (byte 0) is longer than 1 MiB',
    );
  });
});

describe('pcapng of ours', () => {
  const { names, batches } = readFrames('capture');
  const context = {
    names,
    baseUnixMs: 1_700_000_000_000,
    os: 'Linux 6.12',
    application: 'skbtracer 9',
    hops: 'all',
  } as const;
  const exporter = exporterFor('pcapng', context);
  const chunks = [...exporter.begin()];
  const reader = new HopReader();
  for (const records of batches.slice(0, 2))
    reader.read(records, { hop: (hop) => chunks.push(...exporter.hop(hop)) });
  const bytes = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk as Uint8Array)));

  it('is read', async () => {
    const { rows, missing } = await read(openRecorded(file(bytes)));
    expect(rows.size).toBeGreaterThan(0);
    expect(missing).toBeUndefined();
  });

  it('says where it was cut off, and what is wrong in it', async () => {
    const { rows, missing } = await read(openRecorded(file(bytes.subarray(0, -5))));
    expect(rows.size).toBeGreaterThan(0);
    expect(missing).toMatch(/^the file was cut off in the block at byte \d+; what was before that is here$/);
    const second = bytes.readUInt32LE(4);
    const wrong = Buffer.from(bytes);
    wrong.writeUInt32LE(0xffff_fff0, second + 4);
    expect((await failing(file(wrong))).error).toBe(
      `the block at byte ${second} says that it has 4294967280 bytes, which none of ours has`,
    );
    const twice = Buffer.from(bytes);
    twice.writeUInt32LE(36, second - 4);
    expect((await failing(file(twice))).error).toBe('the block at byte 0 has two lengths');
  });
});

describe('a recording made of a capture', () => {
  it('is as the capture was, with a summary', async () => {
    const path = file(PWRU);
    const before = await read(openRecorded(path));
    const capture = await openRecorded(path);
    const made = join(folder, 'made.skbt');
    const seen: number[] = [];
    const summary = await writeCapture(capture, await openFileSink(made), () =>
      seen.push(capture.share ?? -1),
    );
    expect(seen.at(-1)).toBe(1);
    await capture.close();
    const after = await openRecorded(made);
    expect(after).toBeInstanceOf(Recording);
    expect(after.summary).toEqual(summary);
    const back = await read(Promise.resolve(after));
    expect(back.rows).toEqual(before.rows);
    expect([...back.paths]).toEqual([...before.paths]);
    expect(back.missing).toBeUndefined();
  });

  it('of several files is of all of them, in their order', async () => {
    const half = PWRU_LINES.length >> 1;
    const parts = [PWRU_LINES.slice(0, half), PWRU_LINES.slice(half)].map((lines, i) =>
      file(`${lines.join('\n')}\n`, `${i}`),
    );
    const { rows } = await read(openRecorded(file(PWRU)));
    expect((await read(openParts(parts))).rows).toEqual(rows);
    const damaged = file('{"skb":"0x1"}\n', 'damaged');
    const recorded = await openParts([parts[0] ?? '', damaged]);
    await expect(read(Promise.resolve(recorded))).rejects.toThrow(
      `${damaged}: line 1 (byte 0): it is no event of pwru: func is missing`,
    );
  });

  it('of files that are not one capture is refused', async () => {
    const own = join(folder, 'own.skbt');
    await writeRecording(own);
    await expect(openParts([file(PWRU), own])).rejects.toThrow('a recording stands for itself');
    await expect(openParts([file(PWRU), file('x', 'b')])).rejects.toThrow(
      `${join(folder, 'b')}: it is no recording`,
    );
    expect(readdirSync(folder).length).toBe(3);
  });
});
