import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PWRU_LINES } from '../../../core/model/import/test/imported.ts';
import { writeRecording } from '../../recording/test/make-recording.ts';
import { type Built, built } from '../../test/built.ts';
import { exportRecording } from '../export.ts';
import { importCapture } from '../import.ts';
import { parseExport, parseImport } from '../options.ts';

let folder = '';
let capture = '';
const said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'));
  capture = join(folder, 'case.json');
  writeFileSync(capture, `${PWRU_LINES.join('\n')}\n`);
  said.length = 0;
  vi.spyOn(console, 'error').mockImplementation((line: string) => void said.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});
const output = () => join(folder, 'made.skbt');
const imported = (...files: readonly string[]) => importCapture(parseImport([...files, '-o', output()]));

describe('import', () => {
  it('makes a recording, which is exported as the capture itself is', async () => {
    expect(await imported(capture)).toBe(0);
    expect(said.join('\n')).toMatch(/made\.skbt: 27\d records of pwru, [\d.]+ KiB$/);
    const texts = [];
    for (const [i, file] of [capture, output()].entries()) {
      const out = join(folder, `${i}.jsonl`);
      expect(await exportRecording(parseExport([file, '-o', out]))).toBe(0);
      texts.push(readFileSync(out, 'utf8'));
    }
    expect(texts[0]?.split('\n').length).toBeGreaterThan(270);
    expect(texts[1]).toBe(texts[0]);
  });

  it('claims nothing of a packet whose end it does not tell', async () => {
    const line = (skb: string, time: number) =>
      JSON.stringify({
        skb,
        func: 'ip_rcv',
        time,
        tuple: { saddr: '10.0.0.1', daddr: '10.0.0.2', sport: 5, dport: 53, proto: 17 },
      });
    // seconds later another one is seen
    writeFileSync(capture, `${line('0xffff888000000100', 1e9)}\n${line('0xffff888000000200', 9e9)}\n`);
    const page = join(folder, 'page.html');
    expect(await exportRecording(parseExport([capture, '-o', page]))).toBe(0);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('10.0.0.1');
    expect(html).not.toContain('has not ended');
  });

  it('of what is damaged says where, and leaves nothing', async () => {
    writeFileSync(capture, `${PWRU_LINES[0]}\n{"skb":1}\n`);
    await expect(imported(capture)).rejects.toMatchObject({
      status: 1,
      message: expect.stringContaining('case.json cannot be imported: line 2 (byte '),
    });
    expect(existsSync(output())).toBe(false);
  });

  it('says what was cut off', async () => {
    writeFileSync(capture, `${PWRU_LINES[0]}\n{"skb":`);
    expect(await imported(capture)).toBe(0);
    expect(said.join('\n')).toContain('; the file was cut off in line 2');
  });

  it('refuses a recording, what is unknown, and to write over a file', async () => {
    const own = join(folder, 'own.skbt');
    await writeRecording(own);
    await expect(imported(own)).rejects.toThrow('own.skbt is a recording already');
    await expect(imported(join(folder, 'none'))).rejects.toThrow('there is no such file');
    writeFileSync(output(), 'mine');
    await expect(imported(capture)).rejects.toThrow('there is such a file');
    expect(readFileSync(output(), 'utf8')).toBe('mine');
    expect(readdirSync(folder)).toHaveLength(3);
  });

  it('is told what is wrong with its words', () => {
    expect(() => parseImport(['a'])).toThrow('import writes a recording: give -o FILE');
    expect(() => parseImport(['-o', 'b'])).toThrow('import reads another tool’s capture');
    expect(() => parseImport(['a', '-', '-o', 'b'])).toThrow('import reads the standard input alone');
  });
});

describe('import that is told to stop', () => {
  let cli: Built;
  beforeAll(async () => {
    cli = await built('server/cli/main.ts');
  });
  afterAll(() => cli.remove());

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s leaves no file, and says so, with status 1',
    async (signal) => {
      // a pipe through which no more comes, and which does not end either
      const child = spawn(process.execPath, [cli.program, 'import', '-', '-o', output()], { stdio: 'pipe' });
      const exited = once(child, 'exit');
      const words = text(child.stderr);
      child.stdin.on('error', () => undefined);
      child.stdin.write(`${PWRU_LINES.join('\n')}\n`);
      await expect
        .poll(() => existsSync(output()) && readFileSync(output()).length > 0, { timeout: 30_000 })
        .toBe(true);
      child.kill(signal);
      expect(await exited).toEqual([1, null]);
      expect(await words).toBe('skbtracer: - was not imported to its end: no file is left\n');
      expect(readdirSync(folder)).toEqual(['case.json']);
    },
  );
});
