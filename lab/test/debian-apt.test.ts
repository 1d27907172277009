/** Debian's packages on other systems: where they come from, and that nobody else's are taken. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DEBIAN_APT } from '../make-kernel.ts';

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-apt-'));
  chmodSync(folder, 0o755); // apt's own user reads it
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The lines of python-apt's Debian.info that matter, as version 2.2 and 2.6 have them. */
const OLD = `
Suite: {series}
BaseURI: http://mirror.test/debian/
Suite: {series}-security
BaseURI: http://security.test/
`;
const NEW = `
Suite: {series}-security
BaseURI: https://security.test/
Suite: {series}
BaseURI: https://mirror.test/debian/
X-Version: ge 12
Suite: sid
BaseURI: https://other.test/debian/
`;

describe('the address of Debian’s archive', () => {
  const script = '. "$0" && debian_archive "$1"';
  const lib = join(dirname(DEBIAN_APT), 'lib.sh');
  const found = (text: string) => {
    const file = join(scratch(), 'Debian.info');
    writeFileSync(file, text);
    return spawnSync('bash', ['-c', script, lib, file], { encoding: 'utf8' });
  };

  test.each([
    [OLD, 'http://mirror.test/debian\n'],
    [NEW, 'https://mirror.test/debian\n'],
  ])('is that of the release, not of its security updates', (text, address) => {
    expect(found(text)).toMatchObject({ status: 0, stdout: address });
  });

  test('is not known when the file does not tell', () => {
    expect(found('Suite: {series}\n').status).not.toBe(0);
  });
});

/** An archive with one package, complete but for a signature. */
function makeArchive(folder: string): void {
  const debian = join(folder, 'debian');
  mkdirSync(join(folder, 'hello', 'DEBIAN'), { recursive: true });
  const control = 'Package: hello\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody\nDescription: x\n';
  writeFileSync(join(folder, 'hello', 'DEBIAN', 'control'), control);
  mkdirSync(debian);
  const deb = join(debian, 'hello.deb');
  execFileSync('dpkg-deb', ['--root-owner-group', '-b', join(folder, 'hello'), deb]);
  const entry = `${control}Filename: hello.deb\nSize: ${readFileSync(deb).length}\nSHA256: ${sha256(readFileSync(deb))}\n`;
  const list = 'main/binary-amd64/Packages';
  for (const suite of ['bookworm', 'bookworm-updates', 'bookworm-security']) {
    const dist = join(debian, 'dists', suite);
    mkdirSync(join(dist, dirname(list)), { recursive: true });
    writeFileSync(join(dist, list), entry);
    writeFileSync(
      join(dist, 'Release'),
      `Suite: ${suite}\nCodename: ${suite}\nDate: ${new Date().toUTCString()}\nArchitectures: amd64\nComponents: main\nSHA256:\n ${sha256(Buffer.from(entry))} ${entry.length} ${list}\n`,
    );
  }
  cpSync(debian, join(folder, 'debian-security'), { recursive: true });
}

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

describe('an archive that Debian did not sign', () => {
  test('is refused, and nothing is downloaded from it', () => {
    const folder = scratch();
    makeArchive(folder);
    const cache = join(folder, 'cache');
    const { status, stderr } = spawnSync(DEBIAN_APT, ['download', 'hello'], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        SKBTRACER_DEBIAN_ARCHIVE: `file:${folder}/debian`,
        SKBTRACER_DEBIAN_CACHE: cache,
      },
    });
    expect(stderr).toMatch(/bookworm.* is not signed/);
    expect(stderr).toMatch(/lists could not be read; SKBTRACER_DEBIAN_ARCHIVE names another .*\n$/);
    expect(status).toBe(1);
    expect(existsSync(join(folder, 'hello_1_amd64.deb'))).toBe(false);
    expect(readFileSync(join(cache, 'sources.list'), 'utf8')).toContain(
      `${folder}/debian-security bookworm-security`,
    );
  });
});
