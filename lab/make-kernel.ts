/** Makes a kernel bootable: what QEMU loads, from a Debian package or an image. Takes half a minute, once. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { cpio } from './cpio.ts';
import { uncompressedKernel } from './image.ts';

/** What is missing, or went wrong, and what to do. */
export class KernelError extends Error {}

/** Speaks to apt; beside lab/ and dist/ alike. */
export const DEBIAN_APT = join(import.meta.dirname, '..', 'scripts', 'debian-apt');

/** In this order: the first that is missing is not an error, some are built in. */
const BOOT_MODULES = ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay', 'virtio_net'];

/** Downloads and unpacks a Debian package into `cache`, as the folder `version`; nothing is installed. */
export function makeFromPackage(cache: string, name: string, version: string): void {
  inPlace(cache, version, (work) => {
    run(DEBIAN_APT, ['download', name], work);
    const deb = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (deb === undefined) throw new KernelError(`no package ${name} was downloaded`);
    const root = join(work, 'root');
    run('dpkg-deb', ['-x', join(work, deb), root]);
    rmSync(join(work, deb));
    run('depmod', ['-b', root, version]);
    writeImages(work, join(root, 'boot', `vmlinuz-${version}`), root, version);
  });
}

/** From an image whose modules are in `modulesRoot` already. */
export function makeFromImage(
  cache: string,
  folder: string,
  image: string,
  modulesRoot: string,
  version: string,
): void {
  inPlace(cache, folder, (work) => writeImages(work, image, modulesRoot, version));
}

/** A folder appears in the cache when it is complete, or not at all. The caller holds the cache's lock. */
function inPlace(cache: string, folder: string, make: (work: string) => void): void {
  for (const name of readdirSync(cache).filter((name) => name.startsWith('.making-')))
    rmSync(join(cache, name), { recursive: true, force: true }); // of one that was killed
  const work = mkdtempSync(join(cache, '.making-'));
  try {
    chmodSync(work, 0o755);
    make(work);
    renameSync(work, join(cache, folder));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function writeImages(into: string, image: string, modulesRoot: string, version: string): void {
  writeFileSync(join(into, 'vmlinux'), uncompressedKernel(readFileSync(image)).elf);
  const files = bootModules(modulesRoot, version);
  const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path));
  if (busybox === undefined)
    throw new KernelError('busybox is missing: run `npm run setup` (package busybox-static)');
  writeFileSync(
    join(into, 'initrd'),
    cpio([
      ...['bin', 'mods', 'proc', 'sys', 'dev', 'ro', 'rw', 'new', 'lab'].map((path) => ({ path })),
      { path: 'bin/busybox', content: readFileSync(busybox), executable: true },
      { path: 'mods.list', content: Buffer.from(files.map(({ name }) => `${name}\n`).join('')) },
      ...files.map(({ name, content }) => ({ path: `mods/${name}`, content })),
    ]),
  );
}

/** The modules' files with what they depend on, in the order in which they can be loaded. */
function bootModules(root: string, version: string): { name: string; content: Buffer }[] {
  const paths = BOOT_MODULES.flatMap((name) => {
    try {
      const steps = run('modprobe', ['-d', root, '-S', version, '--show-depends', name]);
      return steps.split('\n').flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []);
    } catch {
      return []; // built in
    }
  });
  return [...new Set(paths)].map((path) => ({
    name: basename(path).replace(/\.(xz|zst)$/, ''),
    content: decompressed(path),
  }));
}

function decompressed(path: string): Buffer {
  const tool = path.endsWith('.xz') ? 'xz' : path.endsWith('.zst') ? 'zstd' : undefined;
  if (tool === undefined) return readFileSync(path);
  return execFileSync(tool, ['-dcq', path], { maxBuffer: 1 << 28 });
}

/** Runs a program and returns what it prints; its complaint becomes a KernelError. */
export function run(command: string, args: readonly string[], cwd?: string): string {
  try {
    return execFileSync(command, [...args], {
      encoding: 'utf8',
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new KernelError(`${command} is not on this machine: \`npm run setup\` installs what is missing`);
    const why = stderr.split('\n').at(-1) || (error instanceof Error ? error.message : String(error));
    throw new KernelError(`${command} ${args[0] ?? ''}: ${why}`);
  }
}
