/** What the guest is given, and what QEMU is told. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cpio } from '../cpio.ts';
import { commandScript } from '../guest.ts';
import { byVersion, readyKernel, SERIES } from '../kernels.ts';
import { parseLabOptions } from '../options.ts';
import { qemuArguments } from '../qemu.ts';

const kernel = { version: '6.12.1', vmlinux: '/k/vmlinux', initrd: '/k/initrd', modulesRoot: '/k/root' };
const caller = { root: '/checkout', directory: '/', environment: {} };

function qemu(...words: string[]): string {
  const options = parseLabOptions(words);
  return qemuArguments({ kernel, options, folder: '/tmp/a,b', hasTerminal: false }).join(' ');
}

describe('the machine', () => {
  test('has a network that leads nowhere, and the host’s root for reading only', () => {
    expect(qemu()).toMatch(/-netdev user,id=net,restrict=on -/);
    expect(qemu('--forward', '8000:80')).toContain('restrict=on,hostfwd=tcp:127.0.0.1:8000-:80');
    expect(qemu()).toMatch(/-fsdev local,id=root,path=\/,\S*,readonly=on /);
  });

  test('emulates its CPUs in one thread, in counted time when asked', () => {
    expect(qemu()).toContain('thread=single');
    expect(qemu()).not.toContain('-icount');
    expect(qemu('--counted')).toContain('-icount shift=0,sleep=off -smp 1');
  });

  test('shares a folder for writing only when there is one to keep', () => {
    expect(qemu()).not.toContain('id=exchange');
    expect(qemu('--keep', '/x,y')).toContain('local,id=exchange,path=/x,,y,');
  });

  test('has another root when one is given, and its systemd starts the command', () => {
    expect(qemu('--root', '/other')).toMatch(/local,id=root,path=\/other,\S*,readonly=on /);
    expect(qemu('--root', '/other')).not.toMatch(/path=\/,/);
    expect(qemu('--systemd')).toContain(' systemd.unit=lab.service ');
    expect(qemu()).not.toContain('systemd.');
  });

  test('commas in paths do not end an option', () => {
    expect(qemu()).toContain('path=/tmp/a,,b/stdin');
  });
});

describe('the script in the guest', () => {
  test('gives the command its words exactly, and the environment that it needs', () => {
    const words = ['', ' ', "it's", '$HOME', '`id`', '\\', '"', '*', 'a\nb', '-n'];
    const environment = { SKBTRACER_TEST: "q'uote", SECRET: 'x', CI: '1' };
    const options = parseLabOptions(['--', 'printf', '%s\\0', ...words]);
    const script = commandScript(options, { ...caller, environment });
    expect(execFileSync('bash', ['-c', script]).toString()).toBe(words.map((word) => `${word}\0`).join(''));
    expect(script).toContain(`export SKBTRACER_TEST='q'\\''uote'`);
    expect(script).not.toContain('SECRET');
  });

  test('sets the network up before the command, away from its streams', () => {
    const script = commandScript(parseLabOptions(['--traffic', '--', 'true']), caller);
    const lines = script.trim().split('\n');
    expect(lines.findIndex((line) => line.includes('sample.sh'))).toBeLessThan(lines.length - 1);
    expect(script).toMatch(/sample\.sh' < \/dev\/null > \/run\/lab\/net\.log 2>&1/);
    expect(script).toMatch(/traffic\.sh' < \/dev\/null > \/run\/lab\/traffic\.log 2>&1 &/);
  });

  test('is a shell without a command: on a terminal, or for a script', () => {
    expect(commandScript(parseLabOptions([]), caller)).toContain('exec bash -s');
    expect(commandScript(parseLabOptions([]), { ...caller, terminal: { rows: 50, columns: 132 } })).toContain(
      'stty rows 50 cols 132; exec bash -i',
    );
  });
});

describe('kernels', () => {
  test.each([
    ['6.12', 'linux-image-6.12.117+deb12-amd64', true],
    ['6.12', 'linux-image-6.12.117+deb12-cloud-amd64', false],
    ['6.12', 'linux-image-6.12.117+deb12-rt-amd64', false],
    ['6.12', 'linux-image-6.12.117+deb12-amd64-unsigned', false],
    ['6.1', 'linux-image-6.1.0-56-amd64', true],
    ['6.1', 'linux-image-6.1.0-56-cloud-amd64', false],
    ['6.1', 'linux-image-6.12.117+deb12-amd64', false],
  ])('series %s and %s: %s', (series, name, isOne) => {
    expect(SERIES[series]?.test(name)).toBe(isOne);
  });

  test('the newest is the one with the highest numbers', () => {
    expect(['6.1.0-9-amd64', '6.1.0-56-amd64', '6.1.0-10-amd64'].sort(byVersion).at(-1)).toBe(
      '6.1.0-56-amd64',
    );
  });

  test('a word that is neither a series nor a file is refused with what there is', () => {
    expect(() => readyKernel('5.4', () => undefined)).toThrow(
      "there is no kernel '5.4': give 6.12, 6.1 or the path",
    );
  });

  test('a file that is no kernel is refused', () => {
    expect(() => readyKernel(import.meta.filename, () => undefined)).toThrow('no x86 kernel image');
  });
});

test('archives are what cpio reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-cpio-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const archive = cpio([
    { path: 'dir' },
    { path: 'dir/empty', content: Buffer.alloc(0) },
    { path: 'dir/run', content: Buffer.from('12345'), executable: true },
  ]);
  // several archives one behind the other are one initramfs: each has to end at a multiple of four
  expect(archive.length % 4).toBe(0);
  execFileSync('busybox', ['cpio', '-i'], {
    cwd: folder,
    input: archive,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const list = execFileSync('find', ['.', '-type', 'f', '-printf', '%P %m %s\n'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(list.trim().split('\n').sort()).toEqual(['dir/empty 644 0', 'dir/run 755 5']);
});
