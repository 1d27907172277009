/**
 * What is known about this kernel, in a file that the next agent finds: a tenth of a megabyte of functions, three of
 * symbols and programs, each of which takes long to find out. The file holds addresses that programs are attached to,
 * so it is only ever ours: one that others own, or may write to, is as good as none, and so is a damaged one.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { NativeAddon } from '../../native/index.ts';

const FILE = 'kernel';
const BYTES_MAX = 64 << 20;
const GROUP_AND_OTHERS_WRITE = 0o022;

export interface CacheOptions {
  /** Where the file is; undefined for nowhere. */
  readonly folder: string | undefined;
  /** Whose it must be. */
  readonly uid: number;
  readonly seals: Pick<NativeAddon, 'seal' | 'unseal'>;
}

/** A folder that is gone after a boot: root's, or the user's own; undefined when the system has none. */
export function cacheFolder(uid: number, runtime = process.env.XDG_RUNTIME_DIR): string | undefined {
  if (uid === 0) return '/run/skbtracer';
  return runtime ? join(runtime, 'skbtracer') : undefined;
}

export class KernelCache {
  readonly #options: CacheOptions;

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /** What was written last under this key; undefined when there is none, or when it may not be trusted. */
  read(key: string): Buffer | undefined {
    const { folder, seals } = this.#options;
    if (folder === undefined) return undefined;
    let file: number | undefined;
    try {
      if (!this.#isOurs(lstatSync(folder), 'folder')) return undefined;
      file = openSync(join(folder, FILE), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const stats = fstatSync(file);
      if (!this.#isOurs(stats, 'file') || stats.size > BYTES_MAX) return undefined;
      return seals.unseal(key, readFileSync(file));
    } catch {
      return undefined; // there is none, or not for us
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /** Replaces what there was, at once; false where that is not possible. */
  write(key: string, bytes: Buffer): boolean {
    const { folder, seals } = this.#options;
    if (folder === undefined) return false;
    const next = join(folder, `${FILE}.${process.pid}`);
    try {
      if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
      if (!this.#isOurs(lstatSync(folder), 'folder')) return false;
      rmSync(next, { force: true });
      writeFileSync(next, seals.seal(key, bytes), { mode: 0o600, flag: 'wx' });
      renameSync(next, join(folder, FILE));
      return true;
    } catch {
      rmSync(next, { force: true });
      return false; // the next start takes longer, which is all
    }
  }

  #isOurs(stats: Stats, what: 'file' | 'folder'): boolean {
    return (
      (what === 'file' ? stats.isFile() : stats.isDirectory()) &&
      stats.uid === this.#options.uid &&
      (stats.mode & GROUP_AND_OTHERS_WRITE) === 0
    );
  }
}
