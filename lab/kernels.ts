/**
 * Kernels for the lab: stock Debian packages, downloaded and unpacked into a cache, never installed; or an image
 * by path. When the cache has the kernel, nothing but the cache is read.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { uncompressedKernel } from './image.ts';
import { DEBIAN_APT, KernelError, makeFromImage, makeFromPackage, run } from './make-kernel.ts';

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

/** Package names of a series; the plain flavour, which alone has 9p. */
export const SERIES: Readonly<Record<string, RegExp>> = {
  '6.12': /^linux-image-(6\.12\.\d+\+deb12-amd64)$/,
  '6.1': /^linux-image-(6\.1\.0-\d+-amd64)$/,
};

const SHARED_CACHE = '/var/cache/skbtracer/lab';
/** Set in the process that holds the cache's lock. */
const LOCKED = 'SKBTRACER_LAB_LOCKED';

/** A kernel that may be in the cache, and how it is put there. */
interface Wanted {
  /** In the caches, in order; undefined: in none. */
  find(caches: readonly string[]): Kernel | undefined;
  make(cache: string): void;
}

/** The kernel of a series or path, made ready when it is not. Throws a KernelError that says what to do. */
export function readyKernel(wanted: string, say: (line: string) => void): Kernel {
  const pattern = SERIES[wanted];
  const kernel = pattern === undefined ? byPath(wanted) : bySeries(wanted, pattern, say);
  const cache = ownCache();
  const caches = process.env.SKBTRACER_LAB_CACHE ? [cache] : [...new Set([cache, SHARED_CACHE])];
  const find = () => kernel.find(caches);
  const cached = find();
  if (cached !== undefined) return cached;
  makeFolder(cache);
  if (process.env[LOCKED] === cache) kernel.make(cache);
  else makeUnderLock(cache, wanted);
  const made = find();
  if (made === undefined) throw new KernelError(`kernel ${wanted} could not be made ready`);
  return made;
}

/** The cache that this user may write to. */
function ownCache(): string {
  if (process.env.SKBTRACER_LAB_CACHE) return resolve(process.env.SKBTRACER_LAB_CACHE);
  if (process.getuid?.() === 0) return SHARED_CACHE;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'skbtracer', 'lab');
}

function makeFolder(cache: string): void {
  process.umask(0o022); // others may read it
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KernelError(
      `${why}: run \`npm run lab -- --prepare\` as root once, or set SKBTRACER_LAB_CACHE to a folder that you may write to`,
    );
  }
}

/** Two runs that lack the same kernel: one makes it while the other waits. A lock of flock(1) ends with its holder. */
function makeUnderLock(cache: string, wanted: string): void {
  const program = process.argv[1] ?? '';
  const args = [join(cache, '.lock'), process.execPath, program, '--prepare', '--kernel', wanted];
  const { status, error } = spawnSync('flock', args, {
    stdio: ['ignore', 2, 2], // our stdout is the command's
    env: { ...process.env, [LOCKED]: cache },
  });
  if (status !== 0)
    throw new KernelError(`kernel ${wanted} could not be made ready${error ? `: ${error.message}` : ''}`);
}

function bySeries(series: string, pattern: RegExp, say: (line: string) => void): Wanted {
  return {
    find(caches) {
      for (const cache of caches) {
        const versions = readableFolders(cache).filter((name) => pattern.test(`linux-image-${name}`));
        const newest = versions.sort(byVersion).at(-1);
        if (newest !== undefined) return inCache(cache, newest, newest, join(cache, newest, 'root'));
      }
      return undefined;
    },
    make(cache) {
      const name = newestPackage(series, pattern);
      say(`downloading ${name} (about 90 MB, once)`);
      makeFromPackage(cache, name, name.slice('linux-image-'.length));
    },
  };
}

/** An image of the user's own; its modules lie where its package puts them. */
function byPath(wanted: string): Wanted {
  if (!existsSync(wanted))
    throw new KernelError(
      `there is no kernel '${wanted}': give ${Object.keys(SERIES).join(', ')} or the path of an image`,
    );
  const image = realpathSync(wanted);
  const { size, mtimeMs } = statSync(image);
  const { version } = uncompressedKernel(readFileSync(image));
  const roots = [dirname(dirname(image)), '/'];
  const modulesRoot = roots.find((root) => existsSync(join(root, 'lib', 'modules', version, 'modules.dep')));
  if (modulesRoot === undefined)
    throw new KernelError(
      `no modules of ${basename(image)} (${version}) in ${roots.join(' or ')} under lib/modules`,
    );
  const identity = createHash('sha256').update(`${image} ${size} ${mtimeMs}`).digest('hex').slice(0, 16);
  const folder = `path-${version}-${identity}`;
  return {
    find(caches) {
      const cache = caches.find((cache) => readableFolders(cache).includes(folder));
      return cache === undefined ? undefined : inCache(cache, folder, version, modulesRoot);
    },
    make: (cache) => makeFromImage(cache, folder, image, modulesRoot, version),
  };
}

const inCache = (cache: string, folder: string, version: string, modulesRoot: string): Kernel => ({
  version,
  vmlinux: join(cache, folder, 'vmlinux'),
  initrd: join(cache, folder, 'initrd'),
  modulesRoot,
});

/** Newest package of a series in the package lists. */
function newestPackage(series: string, pattern: RegExp): string {
  const names = run(DEBIAN_APT, ['names', 'linux-image-'])
    .split('\n')
    .filter((name) => pattern.test(name));
  const newest = names.sort(byVersion).at(-1);
  if (newest === undefined)
    throw new KernelError(
      `no package linux-image-${series}… in Debian's package lists: run \`scripts/debian-apt update\`, on Debian 12 as root`,
    );
  return newest;
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
export function byVersion(a: string, b: string): number {
  const numbers = (text: string) => (text.match(/\d+/g) ?? []).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
