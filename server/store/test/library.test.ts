import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ok } from '../../../core/base/result.ts';
import { PWRU_LINES } from '../../../core/model/import/test/imported.ts';
import { writeRecording } from '../../recording/test/make-recording.ts';
import { Library, noLibrary, openLibrary } from '../library.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { Shelf } from '../shelf.ts';
import { indexHere } from './index-here.ts';

let folder = '';
let library: Library;
let written = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'library-'));
  written = '';
  library = new Library(new Shelf(folder, DEFAULT_LIMITS), () => written, indexHere);
  await writeRecording(join(folder, 'first.skbt'));
  writeFileSync(join(folder, 'first.duckdb'), 'an index');
});
afterEach(async () => {
  await library.close();
  rmSync(folder, { recursive: true });
});

const only = async () => {
  const { recordings } = await library.list();
  expect(recordings).toHaveLength(1);
  return recordings[0];
};

describe('a library', () => {
  it('says of each recording what is known of it without reading all', async () => {
    expect(await library.list()).toMatchObject({ folder, why: '' });
    const one = await only();
    expect(one).toMatchObject({
      name: 'first',
      note: '',
      packets: 105,
      lost: 12,
      isWritten: false,
      fault: '',
    });
    expect(one?.lastedNs).toBeGreaterThan(7e9);
    expect(one?.bytes).toBeGreaterThan(50_000);
  });

  it('lists what cannot be read with why, and newest first', async () => {
    writeFileSync(join(folder, 'broken.skbt'), 'nonsense, and more of it than a header has');
    const { recordings } = await library.list();
    expect(recordings.map(({ name, fault }) => [name, fault])).toEqual([
      ['broken', 'it is no recording of skbtracer'],
      ['first', ''],
    ]);
  });

  it('keeps notes, and takes them away', async () => {
    expect(library.note('first', 'the day DNS died')).toMatchObject({ ok: true });
    expect((await only())?.note).toBe('the day DNS died');
    library.note('first', '');
    expect((await only())?.note).toBe('');
    expect(library.note('other', 'x')).toMatchObject({ ok: false, error: { code: 'RECORDING_GONE' } });
  });

  it('removes with all that belongs to it, and brings it back', async () => {
    library.note('first', 'mine');
    expect(library.remove('first')).toMatchObject({ ok: true });
    expect((await library.list()).recordings).toEqual([]);
    expect(library.fileOf('first')).toBeUndefined();
    expect(library.restore('first')).toMatchObject({ ok: true });
    expect(await only()).toMatchObject({ note: 'mine', packets: 105 });
    expect(readdirSync(folder).sort()).toEqual(['.removed', 'first.duckdb', 'first.note.txt', 'first.skbt']);
    library.remove('first');
    await library.close();
    expect(existsSync(join(folder, '.removed'))).toBe(false);
    expect(library.restore('first')).toMatchObject({ ok: false, error: { code: 'RECORDING_GONE' } });
  });

  it('does not remove what is written now', async () => {
    written = 'first';
    expect(library.remove('first')).toMatchObject({ ok: false, error: { code: 'BUSY' } });
    expect((await only())?.isWritten).toBe(true);
  });

  it('opens what is there, and says why it cannot', async () => {
    const recording = await library.open('first');
    expect(recording.summary?.stats?.packets).toBe(105);
    await recording.close();
    await expect(library.open('second')).rejects.toThrow('there is no such file');
  });

  it('is not there where nothing is kept, or the folder cannot be', async () => {
    expect(await noLibrary('off').list()).toEqual({ folder: '', why: 'off', recordings: [] });
    const inFile = join(folder, 'first.skbt', 'in a file');
    const none = openLibrary({ folder: inFile, limits: DEFAULT_LIMITS }, () => '');
    expect((await none.list()).why).toContain('cannot keep sessions in');
    await expect(none.open('x')).rejects.toThrow('no recordings are kept');
  });
});

describe('what comes from elsewhere', () => {
  const bytesOf = (file: string, from = 0): Readable => {
    const bytes = readFileSync(file).subarray(from);
    const count = Math.ceil(bytes.length / 10_000);
    return Readable.from(
      Array.from({ length: count }, (_, i) => bytes.subarray(i * 10_000, (i + 1) * 10_000)),
    );
  };
  const left = () => readdirSync(folder).filter((file) => file.startsWith('.incoming'));
  const indexes = () => readdirSync(folder).filter((file) => /\.duckdb/.test(file));

  it('is read, and kept under its name or one like it', async () => {
    const first = join(folder, 'first.skbt');
    expect(await library.receive('from Anna/../x.skbt', bytesOf(first))).toEqual(
      ok({ name: 'from-Anna-..-x' }),
    );
    expect(await library.receive('first.skbt', bytesOf(first))).toEqual(ok({ name: 'first-2' }));
    expect(await library.receive('...', bytesOf(first))).toEqual(ok({ name: 'recording' }));
    expect(readFileSync(join(folder, 'first-2.skbt')).equals(readFileSync(first))).toBe(true);
    expect(left()).toEqual([]);
    expect(indexes().sort()).toEqual([
      'first-2.duckdb',
      'first.duckdb',
      'from-Anna-..-x.duckdb',
      'recording.duckdb',
    ]);
  });

  it('is refused when it is damaged, with where, and nothing is left', async () => {
    const bytes = readFileSync(join(folder, 'first.skbt'));
    bytes.writeUInt8((bytes.readUInt8(bytes.length >> 1) + 1) & 255, bytes.length >> 1);
    writeFileSync(join(folder, 'bad'), bytes);
    const bad = await library.receive('bad.skbt', bytesOf(join(folder, 'bad')));
    expect(bad).toMatchObject({ ok: false, error: { code: 'NOT_TAKEN' } });
    expect(!bad.ok && bad.error.message).toMatch(
      /^bad\.skbt is not taken: the block at byte \d+ is damaged$/,
    );
    const none = await library.receive('a.txt', bytesOf(join(folder, 'first.skbt'), 7));
    expect(!none.ok && none.error.message).toContain('it is no recording of skbtracer');
    expect(left()).toEqual([]);
    expect(indexes()).toEqual(['first.duckdb']);
    expect((await library.list()).recordings).toHaveLength(1);
  });

  it('becomes a recording where another tool captured it', async () => {
    const capture = join(folder, 'pwru');
    writeFileSync(capture, `${PWRU_LINES.join('\n')}\n`);
    expect(await library.receive('case.json', bytesOf(capture))).toEqual(ok({ name: 'case' }));
    const listed = (await library.list()).recordings.find(({ name }) => name === 'case');
    expect(listed).toMatchObject({ fault: '', lost: undefined, events: expect.any(Number) });
    const damaged = await library.receive('case.json', bytesOf(capture, 1));
    expect(!damaged.ok && damaged.error.message).toContain(
      'case.json is not taken: it is no recording of skbtracer, nor',
    );
    writeFileSync(capture, `${PWRU_LINES[0]}\n{"skb":7}\n`);
    const wrong = await library.receive('case.json', bytesOf(capture));
    expect(!wrong.ok && wrong.error.message).toContain('case.json is not taken: line 2 (byte ');
    expect(left()).toEqual([]);
  });

  it('is refused when it is more than may be kept', async () => {
    const small = new Library(new Shelf(folder, { ...DEFAULT_LIMITS, bytes: 50_000 }), () => '', indexHere);
    const result = await small.receive('first.skbt', bytesOf(join(folder, 'first.skbt')));
    expect(!result.ok && result.error.message).toContain('it has more than 48.8 KiB');
    expect(left()).toEqual([]);
  });

  it('is listed without an index where that cannot be made', async () => {
    const full = new Library(
      new Shelf(folder, DEFAULT_LIMITS),
      () => '',
      async () => 'the disk is full',
    );
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(await full.receive('b.skbt', bytesOf(join(folder, 'first.skbt')))).toEqual(ok({ name: 'b' }));
    expect(said).toHaveBeenCalledWith('skbtracer server: b has no index: the disk is full');
    said.mockRestore();
    expect(indexes()).toEqual(['first.duckdb']);
    expect(left()).toEqual([]);
  });

  it.each(['who sends it', 'the library'])('is ended by %s, and nothing is left', async (who) => {
    const sender = new AbortController();
    const first = join(folder, 'first.skbt');
    const ended = { ok: false, error: { code: 'NOT_TAKEN', message: 'b.skbt is not taken: that was ended' } };
    const end = () => (who === 'the library' ? library.close() : sender.abort());
    // in the middle of what is sent, of which more does not come
    const half = new PassThrough();
    half.write(readFileSync(first).subarray(0, 50_000));
    const receiving = library.receive('b.skbt', half, sender.signal);
    await expect.poll(left).toHaveLength(1);
    end();
    expect(await receiving).toMatchObject(ended);
    expect(left()).toEqual([]);
    // while its index is made
    const slow = new Library(
      new Shelf(folder, DEFAULT_LIMITS),
      () => '',
      async (_recording, index, { signal }) => {
        writeFileSync(index, 'half of it');
        if (who === 'the library') void slow.close();
        else sender.abort();
        signal?.throwIfAborted();
        return '';
      },
    );
    expect(await slow.receive('b.skbt', bytesOf(first), sender.signal)).toMatchObject(ended);
    expect(left()).toEqual([]);
    expect(indexes()).toEqual(['first.duckdb']);
    expect((await library.list()).recordings).toHaveLength(1);
  });

  it('is gone at the next start where the server ended meanwhile', () => {
    for (const name of ['.incoming-1', '.incoming-1.duckdb', '.incoming-2.duckdb.wal'])
      writeFileSync(join(folder, name), 'half of it');
    mkdirSync(join(folder, '.incoming-2.duckdb.tmp'));
    new Library(new Shelf(folder, DEFAULT_LIMITS), () => '');
    expect(left()).toEqual([]);
  });
});
