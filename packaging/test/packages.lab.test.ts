/**
 * The packages run where there is nothing of this checkout and no compiler: in a root of Debian's packages, which the lab
 * boots with systemd as its first process.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PWRU_LINES } from '../../core/model/import/test/imported.ts';
import { lab } from '../../lab/test/run-lab.ts';
import { serve } from './served.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const PACKAGES = join(CHECKOUT, 'dist', 'packages');
const { version }: { version: string } = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'));

const run = promisify(execFile);

let folder = '';
let root = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skbtracer-packages-'));
  root = join(folder, 'root');
  // what the one says when it fails, not that the other was stopped
  const made = await Promise.allSettled([
    run('scripts/package', [], { cwd: CHECKOUT }),
    run('scripts/debian-root', [root], { cwd: CHECKOUT }),
  ]);
  for (const one of made) if (one.status === 'rejected') throw one.reason;
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

/** SHA-256 of each package by its name. */
const hashes = () =>
  Object.fromEntries(
    readdirSync(PACKAGES).map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(PACKAGES, name)))
        .digest('hex'),
    ]),
  );

// the first: what it makes is what the others look at
test('both packages are all that is made, and the same bytes when programs and pages are built anew', async () => {
  const before = hashes();
  expect(Object.keys(before).sort()).toEqual([`skbtracer-${version}.tgz`, `skbtracer_${version}_amd64.deb`]);
  for (const built of ['dist/.stamps/programs', 'dist/.stamps/pages', '.next'])
    rmSync(join(CHECKOUT, built), { recursive: true });
  await run('scripts/package', [], { cwd: CHECKOUT });
  expect(hashes()).toEqual(before);
}, 300_000);

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

  // both at once: each has one emulated CPU
  test.concurrent.each(['6.12', '6.1'])(
    'on %s traces as a service with few privileges, and leaves nothing when it is stopped',
    async (kernel) => {
      const script = readFileSync(join(import.meta.dirname, 'service.sh'));
      const machine = ['--kernel', kernel, '--root', root, '--systemd', '--timeout', '560'];
      const { status, stdout, stderr } = await lab(machine, script);
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
        told: ['Tracing this host.   http://localhost:3000/?token=TOKEN'],
      });
      // the launcher and the agent have what the unit gives, the server has nothing, and nobody gets more
      expect([...(processes ?? [])].sort()).toEqual([
        'agent.mjs root 00000004002831c1 00000004002831c1 1',
        'serve root 00000004002831c1 00000004002831c1 1',
        'server.mjs skbtracer 0000000000000000 0000000000000000 1',
      ]);
      expect(Number(exposure?.[0]?.split(' ').at(-1))).toBeLessThanOrEqual(4.1);
    },
    600_000,
  );
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

  describe('installed', () => {
    const at = (...names: readonly string[]) => join(folder, 'npm', ...names);
    const skbtracer = () => at('bin', 'skbtracer');
    const capture = () => join(folder, 'pwru.json');
    beforeAll(async () => {
      chmodSync(folder, 0o755); // whom the server becomes finds it where it is
      writeFileSync(capture(), `${PWRU_LINES.join('\n')}\n`);
      const tarball = join(PACKAGES, `skbtracer-${version}.tgz`);
      await run('npm', ['install', '--global', '--prefix', at(), '--loglevel=error', tarball], {
        cwd: folder,
      });
    }, 300_000);

    test('has its command and its manual page where npm’s prefix has such things', async () => {
      expect((await run(skbtracer(), ['--version'])).stdout.trim()).toBe(version);
      const page = at('share', 'man', 'man8', 'skbtracer.8');
      expect(readFileSync(page, 'utf8')).toMatch(/^\.TH SKBTRACER 8 /);
      // man(1) itself, where there is one
      const found = spawnSync('man', ['-w', 'skbtracer'], {
        env: { ...process.env, MANPATH: at('share', 'man') },
      });
      if (found.error === undefined) expect(found.stdout.toString().trim()).toBe(realpathSync(page));
    });

    test('nothing of it was compiled or ran as it was installed', async () => {
      const modules = at('lib', 'node_modules', 'skbtracer', 'node_modules');
      const { stdout } = await run('find', [
        modules,
        '-name',
        'package.json',
        '-path',
        '*/node_modules/*/package.json',
      ]);
      const scripts = stdout
        .trim()
        .split('\n')
        .flatMap((file) => Object.keys(JSON.parse(readFileSync(file, 'utf8')).scripts ?? {}));
      expect(scripts.length).toBeGreaterThan(10);
      expect(scripts.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
    });

    test('shows a capture in the browser', async () => {
      const served = await serve(skbtracer(), capture());
      try {
        const scripts = [...served.page.matchAll(/\/_next\/static\/[^"\\]+\.js/g)].map(([path]) => path);
        expect(scripts.length).toBeGreaterThan(3);
        expect(await Promise.all(scripts.map(served.status))).toEqual(scripts.map(() => 200));
      } finally {
        expect(await served.stop()).toBe(0);
      }
    });

    test.runIf(process.getuid?.() === 0).each([
      ['setuid', /^skbtracer: the server cannot give up its privileges: setpriv: setresuid .*CAP_SETUID/],
      ['setgid', /^skbtracer: the server cannot give up its privileges: setpriv: setresgid .*CAP_SETGID/],
      ['chown', /^skbtracer: the server cannot have a folder of its own: EPERM.*CAP_CHOWN/],
    ])('says what its server lacks where there is no CAP_%s', (name, words) => {
      const without = [`--inh-caps=-${name}`, `--bounding-set=-${name}`];
      const { status, stderr } = spawnSync('setpriv', [...without, skbtracer(), 'serve', capture()], {
        encoding: 'utf8',
        timeout: 30_000,
        killSignal: 'SIGKILL',
      });
      expect(stderr).toMatch(words);
      expect(status).toBe(1);
    });
  });
});
