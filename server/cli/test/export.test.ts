import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXPORT_FORMATS } from '../../../core/model/export/formats.ts';
import { RecordingError } from '../../recording/format.ts';
import { Recording } from '../../recording/reader.ts';
import { writeRecording } from '../../recording/test/make-recording.ts';
import { exportRecording } from '../export.ts';
import { writeHtml } from '../html.ts';
import { parseExport } from '../options.ts';

let folder = '';
let good = '';
let damaged = '';
const said: string[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'export-'));
  good = join(folder, 'good.skbt');
  damaged = join(folder, 'damaged.skbt');
  await writeRecording(good);
  const bytes = readFileSync(good);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  writeFileSync(damaged, bytes);
  said.length = 0;
  vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const exported = (file: string, format: string) => {
  const output = join(folder, `out.${format}`);
  return { output, done: exportRecording(parseExport([file, '-o', output, '--format', format])) };
};

describe.each(EXPORT_FORMATS)('an export to %s', (format) => {
  it('says what is in it', async () => {
    const { output, done } = exported(good, format);
    expect(await done).toBe(0);
    expect(existsSync(output)).toBe(true);
    expect(said.join('\n')).toMatch(format === 'html' ? '105 packets' : /5,1(31|62) hops/);
  });

  it('of a damaged recording says where, and leaves nothing', async () => {
    const { output, done } = exported(damaged, format);
    await expect(done).rejects.toMatchObject({
      status: 1,
      message: expect.stringMatching(
        /damaged\.skbt cannot be (exported|read): the block at byte \d+ is damaged/,
      ),
    });
    expect(existsSync(output)).toBe(false);
  });
});

it('a page that cannot be written says why, at once', async () => {
  const recording = await Recording.open(good);
  const full = {
    write: () => Promise.reject(new RecordingError('the disk is full')),
    sync: async () => {},
    close: async () => {},
  };
  await expect(
    writeHtml(recording, { file: good, packets: undefined }, full, () => undefined),
  ).rejects.toThrow('the disk is full');
  await recording.close();
});
