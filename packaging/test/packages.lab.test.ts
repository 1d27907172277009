/**
 * The packages run where there is nothing of this checkout and no compiler: in a root of Debian's packages, which the lab
 * boots with systemd as its first process.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lab } from '../../lab/test/run-lab.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const PACKAGES = join(CHECKOUT, 'dist', 'packages');
const { version }: { version: string } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));

let folder = '';
let root = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skbtracer-packages-'));
  root = join(folder, 'root');
  execFileSync('scripts/package', [], { cwd: CHECKOUT, stdio: 'pipe' });
  execFileSync('scripts/debian-root', [root], { cwd: CHECKOUT, stdio: 'pipe' });
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Answers of packaging/test/service.sh by their names; what is said more than once comes in a list. */
function answers(stdout: string): Record<string, readonly string[]> {
  const all: Record<string, string[]> = {};
  for (const line of stdout.trim().split('\n')) {
    const [name = '', ...rest] = line.split(': ');
    all[name] = [...(all[name] ?? []), rest.join(': ').trim()];
  }
  return all;
}

describe('the Debian package', () => {
  test('has what it depends on in that root, and installs there', () => {
    const deb = join(PACKAGES, `skbtracer_${version}_amd64.deb`);
    const flags = [`--root=${root}`, '--force-not-root', '--force-script-chrootless'];
    execFileSync('dpkg', [...flags, '--install', deb], { stdio: 'pipe' });
    const state = execFileSync('dpkg', [
      `--admindir=${root}/var/lib/dpkg`,
      '--status',
      'skbtracer',
    ]).toString();
    expect(state).toContain('\nStatus: install ok installed\n');
  });

  test('is small, and names no folder of this machine', () => {
    const installed = join(root, 'usr', 'lib', 'skbtracer');
    const megabytes = Number(execFileSync('du', ['-sm', installed]).toString().split('\t')[0]);
    expect(megabytes).toBeLessThan(120);
    const own = execFileSync('find', [
      installed,
      '-path',
      '*/node_modules',
      '-prune',
      '-o',
      '-type',
      'f',
      '-print',
    ])
      .toString()
      .trim()
      .split('\n');
    expect(own.filter((file) => readFileSync(file).includes(CHECKOUT))).toEqual([]);
    expect(own.filter((file) => /\.(map|tsx|cc)$/.test(file))).toEqual([]);
  });

  test('traces as a service with few privileges, and leaves nothing when it is stopped', async () => {
    const script = readFileSync(join(import.meta.dirname, 'service.sh'));
    const { status, stdout, stderr } = await lab(['--root', root, '--systemd', '--timeout', '560'], script);
    // with what it said until then
    expect({ status, stderr }, stdout.toString()).toEqual({ status: 0, stderr: '' });
    const { process: processes, exposure, ...others } = answers(stdout.toString());
    const noLab =
      'skbtracer: the lab is not in this package: it is in a checkout of skbtracer (npm run lab), and traces a VM there 1';
    expect(others).toEqual({
      first: ['systemd'],
      compilers: [''],
      version: [version],
      lab: [noLab],
      'lab-doctor': [noLab],
      enabled: ['disabled inactive'],
      known: ['root 600'],
      ready: ['ready'],
      traced: ['yes'],
      up: ['1 1 1'],
      stopped: ['success inactive 0'],
      left: ['0 0'],
    });
    // the launcher and the agent have what the unit gives, the server has nothing
    expect([...(processes ?? [])].sort()).toEqual([
      'agent.mjs root 000000c4002831c1',
      'serve root 000000c4002831c1',
      'server.mjs skbtracer 0000000000000000',
    ]);
    expect(Number(exposure?.[0]?.split(' ').at(-1))).toBeLessThanOrEqual(4.1);
  }, 600_000);
});

describe('the npm package', () => {
  test('needs nothing to be compiled, and asks for nothing that only builds', () => {
    const tarball = join(PACKAGES, `skbtracer-${version}.tgz`);
    const manifest = JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json']).toString());
    expect(Object.keys(manifest.dependencies)).toEqual([
      '@duckdb/node-api', 'next', 'prom-client', 're2js', 'react', 'react-dom', 'socket.io', 'tar', 'yaml',
    ]); // biome-ignore format: a list
    expect(Object.keys(manifest.scripts).filter((name) => /install$/.test(name))).toEqual([]);
    const files = execFileSync('tar', ['-tzf', tarball]).toString().trim().split('\n');
    expect(files).toEqual(
      expect.arrayContaining([
        'package/native/build/Release/skbtracer.node',
        'package/.next/BUILD_ID',
        'package/dist/share/man/man8/skbtracer.8',
      ]),
    );
    expect(
      files.filter((file) =>
        /\.(map|tsx|cc)$|^package\/(dist\/(lab|scenarios)|lab|node_modules)\b/.test(file),
      ),
    ).toEqual([]);
  });
});

test('both packages are all that was made', () => {
  expect(readdirSync(PACKAGES).sort()).toEqual([
    `skbtracer-${version}.tgz`,
    `skbtracer_${version}_amd64.deb`,
  ]);
});
