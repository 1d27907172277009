/**
 * Kernels for the lab: stock Debian packages, downloaded and unpacked into a cache, never installed; or an image
 * by path. A kernel is ready when its folder is in the cache: it is made beside it and renamed into place.
 */
import { execFileSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { cpio } from './cpio.ts';
import { uncompressedKernel } from './image.ts';

/** What the VM boots. */
export interface Kernel {
  readonly version: string;
  /** Uncompressed ELF image: boots without its own decompressor, which takes seconds under emulation. */
  readonly vmlinux: string;
  /** busybox and the modules that mount the host's root. */
  readonly initrd: string;
  /** Folder with `lib/modules/VERSION`. */
  readonly modulesRoot: string;
}

export class KernelError extends Error {}

/** Package names of a series; the plain flavour, which alone has 9p. */
const SERIES: Readonly<Record<string, RegExp>> = {
  '6.12': /^linux-image-(6\.12\.\d+\+deb12-amd64)$/,
  '6.1': /^linux-image-(6\.1\.0-\d+-amd64)$/,
};

/** In this order: the first that is missing is not an error, some are built in. */
const BOOT_MODULES = ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay', 'virtio_net'];

const SHARED_CACHE = '/var/cache/skbtracer/lab';

/** The cache that this user may write to. */
function ownCache(): string {
  if (process.env.SKBTRACER_LAB_CACHE) return resolve(process.env.SKBTRACER_LAB_CACHE);
  if (process.getuid?.() === 0) return SHARED_CACHE;
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'skbtracer', 'lab');
}

/** The kernel of a series or path, made ready when it is not. Throws a KernelError that says what to do. */
export function readyKernel(wanted: string, say: (line: string) => void): Kernel {
  const pattern = SERIES[wanted];
  if (pattern !== undefined) {
    const cached = newestCached(pattern);
    if (cached !== undefined) return cached;
    const name = newestPackage(wanted, pattern);
    say(`downloading ${name} (about 90 MB, once)`);
    return unpackPackage(name);
  }
  if (!existsSync(wanted))
    throw new KernelError(
      `there is no kernel '${wanted}': give ${Object.keys(SERIES).join(', ')} or the path of an image`,
    );
  return kernelByPath(resolve(wanted));
}

function newestCached(pattern: RegExp): Kernel | undefined {
  for (const cache of new Set([ownCache(), SHARED_CACHE])) {
    const versions = readableFolders(cache).filter((name) => pattern.test(`linux-image-${name}`));
    const newest = versions.sort(byVersion).at(-1);
    if (newest !== undefined) return cachedKernel(cache, newest);
  }
  return undefined;
}

const cachedKernel = (cache: string, version: string): Kernel => ({
  version,
  vmlinux: join(cache, version, 'vmlinux'),
  initrd: join(cache, version, 'initrd'),
  modulesRoot: join(cache, version, 'root'),
});

/** Newest package of a series in the package lists. */
function newestPackage(series: string, pattern: RegExp): string {
  const names = run('apt-cache', ['pkgnames', 'linux-image-'])
    .split('\n')
    .filter((name) => pattern.test(name));
  const newest = names.sort(byVersion).at(-1);
  if (newest === undefined)
    throw new KernelError(
      `no package linux-image-${series}… in the package lists: run \`apt-get update\`, on Debian 12 with bookworm-backports or -security, or give --kernel PATH`,
    );
  return newest;
}

function unpackPackage(name: string): Kernel {
  const version = name.slice('linux-image-'.length);
  const cache = ownCache();
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  const work = mkdtempSync(join(cache, '.making-'));
  try {
    chmodSync(work, 0o755);
    // apt would drop to its own user, who may not write here
    run('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', name], work);
    const deb = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (deb === undefined) throw new KernelError(`apt-get download ${name} brought no package`);
    const root = join(work, 'root');
    run('dpkg-deb', ['-x', join(work, deb), root]);
    rmSync(join(work, deb));
    run('depmod', ['-b', root, version]);
    buildImages(work, join(root, 'boot', `vmlinuz-${version}`), root, version);
    const place = join(cache, version);
    // another run may have been quicker: then its kernel is as good
    if (!existsSync(place)) renameSync(work, place);
    return cachedKernel(cache, version);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** An image of the user's own; its modules lie where its package puts them. */
function kernelByPath(image: string): Kernel {
  const { version } = uncompressedKernel(readFileSync(image));
  const roots = [dirname(dirname(image)), '/'];
  const modulesRoot = roots.find((root) => existsSync(join(root, 'lib', 'modules', version, 'modules.dep')));
  if (modulesRoot === undefined)
    throw new KernelError(
      `no modules of ${basename(image)} (${version}) in ${roots.join(' or ')} under lib/modules`,
    );
  const cache = ownCache();
  const place = join(cache, `path-${version}`);
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  const work = mkdtempSync(join(cache, '.making-'));
  try {
    chmodSync(work, 0o755);
    buildImages(work, image, modulesRoot, version);
    rmSync(place, { recursive: true, force: true });
    renameSync(work, place);
    return { ...cachedKernel(cache, `path-${version}`), version, modulesRoot };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function buildImages(into: string, image: string, modulesRoot: string, version: string): void {
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

/** Folders of finished kernels that this user may read. */
function readableFolders(folder: string): string[] {
  const isReadable = (name: string) => {
    try {
      accessSync(join(folder, name, 'initrd'), constants.R_OK);
      return true;
    } catch {
      return false;
    }
  };
  return existsSync(folder)
    ? readdirSync(folder).filter((name) => !name.startsWith('.') && isReadable(name))
    : [];
}

/** By the numbers in them, from left to right. */
function byVersion(a: string, b: string): number {
  const numbers = (text: string) => (text.match(/\d+/g) ?? []).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function run(command: string, args: readonly string[], cwd?: string): string {
  try {
    return execFileSync(command, [...args], {
      encoding: 'utf8',
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 26,
    });
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const why = stderr.split('\n').at(-1) || (error instanceof Error ? error.message : String(error));
    throw new KernelError(`${command} ${args[0] ?? ''}: ${why}`);
  }
}
