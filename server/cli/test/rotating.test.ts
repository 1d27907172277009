import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLineFile, type Rotation } from '../rotating.ts';
import { CliError } from '../usage.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotating-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'a.txt');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

async function write(lines: readonly string[], rotation?: Rotation): Promise<void> {
  const output = await openLineFile(path(), rotation);
  for (const line of lines) output.write(line);
  output.end();
  await finished(output);
}

it('has all lines in one file without a limit', async () => {
  await write(['one\n', 'two\n']);
  expect(readdirSync(folder)).toEqual(['a.txt']);
  expect(read('a.txt')).toBe('one\ntwo\n');
});

it('puts full files aside, keeps so many, and cuts no line', async () => {
  const lines = Array.from({ length: 10 }, (_, i) => `line ${i}\n`);
  await write(lines, { maxBytes: 16, files: 3 });
  expect(readdirSync(folder).sort()).toEqual(['a.txt', 'a.txt.1', 'a.txt.2']);
  expect(read('a.txt.2') + read('a.txt.1') + read('a.txt')).toBe(lines.slice(4).join(''));
});

it('parts what is written at once at the ends of lines', async () => {
  const lines = Array.from({ length: 10 }, (_, i) => `line ${i}\n`).join('');
  await write([lines], { maxBytes: 20, files: 10 });
  expect(readdirSync(folder)).toHaveLength(5);
  const all = [4, 3, 2, 1].map((i) => read(`a.txt.${i}`)).join('') + read('a.txt');
  expect(all).toBe(lines);
  expect(read('a.txt.4')).toBe('line 0\nline 1\n');
});

it('begins anew with one file, and has what is longer than a file in one', async () => {
  await write(['short\n', 'a line that is longer than a file may be\n', 'end\n'], { maxBytes: 10, files: 1 });
  expect(readdirSync(folder)).toEqual(['a.txt']);
  expect(read('a.txt')).toBe('end\n');
});

it('writes over nothing', async () => {
  writeFileSync(path(), 'mine');
  await expect(openLineFile(path(), undefined)).rejects.toThrow(CliError);
  await expect(openLineFile(path(), undefined)).rejects.toThrow('already: give another name');
  expect(read('a.txt')).toBe('mine');
  await expect(openLineFile(join(folder, 'no', 'such'), undefined)).rejects.toThrow('cannot write --output');
});
