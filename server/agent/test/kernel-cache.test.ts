import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadAddon } from '../../../native/index.ts';
import { cacheFolder, KernelCache } from '../kernel-cache.ts';

const seals = loadAddon();
const uid = process.getuid?.() ?? -1;
const KEY = 'boot-1 6.12.0 x86_64 modules-1 build-1';
const KNOWN = Buffer.from('what is known of a kernel, and some more of that');

let parent = '';
let folder = '';
let cache: KernelCache;
const file = () => join(folder, 'kernel');

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'skbtracer-kernel-cache-'));
  folder = join(parent, 'skbtracer');
  cache = new KernelCache({ folder, uid, seals });
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('KernelCache', () => {
  it('gives back what was written under the same key', () => {
    expect(cache.read(KEY)).toBeUndefined();
    expect(cache.write(KEY, KNOWN)).toBe(true);
    expect(cache.read(KEY)).toEqual(KNOWN);
  });

  it('leaves one file, for nobody else to read', () => {
    cache.write(KEY, Buffer.from('before'));
    cache.write(KEY, KNOWN);
    expect(readdirSync(folder)).toEqual(['kernel']);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(cache.read(KEY)).toEqual(KNOWN);
  });

  it.each([
    ['another boot', KEY.replace('boot-1', 'boot-2')],
    ['another kernel', KEY.replace('6.12.0', '6.12.1')],
    ['other modules', KEY.replace('modules-1', 'modules-2')],
    ['another build', KEY.replace('build-1', 'build-22')],
    ['no key', ''],
  ])('gives nothing for %s', (_, key) => {
    cache.write(KEY, KNOWN);
    expect(cache.read(key)).toBeUndefined();
    expect(cache.write(key, Buffer.from('new'))).toBe(true);
    expect(cache.read(key)).toEqual(Buffer.from('new'));
  });

  it('gives nothing when any byte is damaged', () => {
    cache.write(KEY, KNOWN);
    const whole = readFileSync(file());
    for (let i = 0; i < whole.length; i++) {
      const damaged = Buffer.from(whole);
      damaged[i] = (damaged[i] ?? 0) ^ 0x40;
      writeFileSync(file(), damaged);
      expect(cache.read(KEY), `byte ${i}`).toBeUndefined();
    }
  });

  it('gives nothing of a file that is cut short or goes on', () => {
    cache.write(KEY, KNOWN);
    const whole = readFileSync(file());
    for (const length of [0, 1, 8, 24, whole.length - 1]) {
      writeFileSync(file(), whole.subarray(0, length));
      expect(cache.read(KEY), `${length} bytes`).toBeUndefined();
    }
    writeFileSync(file(), Buffer.concat([whole, Buffer.from([0])]));
    expect(cache.read(KEY)).toBeUndefined();
  });

  it('gives nothing of an old version', () => {
    cache.write(KEY, KNOWN);
    const old = readFileSync(file());
    const AT = 8; // behind the magic
    expect(old.readUInt32LE(AT)).toBeGreaterThan(0);
    old.writeUInt32LE(old.readUInt32LE(AT) - 1, AT);
    writeFileSync(file(), old);
    expect(cache.read(KEY)).toBeUndefined();
  });

  it('trusts nothing that somebody else owns, and writes nothing there', () => {
    cache.write(KEY, KNOWN);
    const other = new KernelCache({ folder, uid: uid + 1, seals });
    expect(other.read(KEY)).toBeUndefined();
    expect(other.write(KEY, Buffer.from('new'))).toBe(false);
    expect(cache.read(KEY)).toEqual(KNOWN);
  });

  it.each([0o620, 0o602, 0o666])('trusts no file that others may write to (%o)', (mode) => {
    cache.write(KEY, KNOWN);
    chmodSync(file(), mode);
    expect(cache.read(KEY)).toBeUndefined();
    expect(cache.write(KEY, KNOWN)).toBe(true); // it takes the other's place
    expect(cache.read(KEY)).toEqual(KNOWN);
  });

  it('trusts no folder that others may write to', () => {
    cache.write(KEY, KNOWN);
    chmodSync(folder, 0o770);
    expect(cache.read(KEY)).toBeUndefined();
    expect(cache.write(KEY, KNOWN)).toBe(false);
  });

  it('follows no link, of the file or of the folder', () => {
    cache.write(KEY, KNOWN);
    const elsewhere = join(parent, 'elsewhere');
    writeFileSync(elsewhere, readFileSync(file()), { mode: 0o600 });
    rmSync(file());
    symlinkSync(elsewhere, file());
    expect(cache.read(KEY)).toBeUndefined();
    const linked = join(parent, 'linked');
    symlinkSync(folder, linked);
    const throughLink = new KernelCache({ folder: linked, uid, seals });
    expect(throughLink.write(KEY, KNOWN)).toBe(false);
    expect(readFileSync(elsewhere).subarray(-KNOWN.length)).toEqual(KNOWN);
  });

  it('says that it could not write, and leaves nothing, where a folder is in the way', () => {
    mkdirSync(file(), { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    writeFileSync(join(file(), 'x'), '');
    expect(cache.write(KEY, KNOWN)).toBe(false);
    expect(cache.read(KEY)).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['kernel']);
  });

  it.each([
    ['a place that cannot be made', '/proc/skbtracer'],
    ['no place at all', undefined],
  ])('does without %s', (_, place) => {
    const none = new KernelCache({ folder: place, uid, seals });
    expect(none.write(KEY, KNOWN)).toBe(false);
    expect(none.read(KEY)).toBeUndefined();
  });
});

describe('cacheFolder', () => {
  it("is root's own, or the user's, or nowhere", () => {
    expect(cacheFolder(0, '/run/user/1000')).toBe('/run/skbtracer');
    expect(cacheFolder(1000, '/run/user/1000')).toBe('/run/user/1000/skbtracer');
    expect(cacheFolder(1000, '')).toBeUndefined();
  });
});
