/** The folder that recordings are kept in: what is there, and what has to go so that there is room. */
import { accessSync, constants, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolder } from '../folders.ts';
import type { KeepLimits } from './limits.ts';

export const RECORDING_SUFFIX = '.skbt';
/** Beside a recording, and made of it: what asks for packets needs it, what replays does not. */
export const INDEX_SUFFIX = '.duckdb';
/** What somebody wrote of it. */
export const NOTE_SUFFIX = '.note.txt';
/** Of everything that belongs to a recording. */
export const ENDINGS = [RECORDING_SUFFIX, INDEX_SUFFIX, `${INDEX_SUFFIX}.wal`, NOTE_SUFFIX] as const;

/** When a recording was begun, and where: sorted by name is sorted by time. */
export function recordingName(hostname: string): string {
  const time = new Date().toISOString().replaceAll(':', '-');
  return `${time}-${hostname.replaceAll(/[^\w.-]/g, '_').slice(0, 64) || 'unknown'}`;
}

/** Of files that are no recording, or index, yet: what begins so when a server starts is nobody's, and removed. */
export const INCOMING_PREFIX = '.incoming-';

/** A recording on the shelf. */
export interface Shelved {
  /** Without folder and ending. */
  readonly name: string;
  /** With its index. */
  readonly bytes: number;
  readonly writtenUnixMs: number;
}

export class Shelf {
  readonly folder: string;
  readonly limits: KeepLimits;

  /** Makes the folder, for its owner alone, where it is not there. Throws why it cannot be used, in words. */
  constructor(folder: string, limits: KeepLimits) {
    try {
      makeFolder(folder);
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why =
        code === 'EACCES'
          ? `the server has no privileges, and its user (${process.getuid?.()}) may not write there`
          : message;
      throw new Error(`${folder}: ${why}; choose another folder with --recordings`);
    }
    this.folder = folder;
    this.limits = limits;
  }

  path(name: string, suffix: string): string {
    return join(this.folder, `${name}${suffix}`);
  }

  /** Oldest first. */
  list(): readonly Shelved[] {
    const shelved: Shelved[] = [];
    for (const file of readdirSync(this.folder)) {
      if (!file.endsWith(RECORDING_SUFFIX)) continue;
      const name = basename(file, RECORDING_SUFFIX);
      const frames = statOf(this.path(name, RECORDING_SUFFIX));
      if (frames === undefined) continue; // gone meanwhile
      const index = [INDEX_SUFFIX, `${INDEX_SUFFIX}.wal`].map((suffix) => statOf(this.path(name, suffix)));
      const bytes = index.reduce((sum, stat) => sum + (stat?.size ?? 0), frames.size);
      shelved.push({ name, bytes, writtenUnixMs: frames.mtimeMs });
    }
    return shelved.sort((a, b) => a.writtenUnixMs - b.writtenUnixMs || (a.name < b.name ? -1 : 1));
  }

  has(name: string): boolean {
    return statOf(this.path(name, RECORDING_SUFFIX)) !== undefined;
  }

  remove(name: string): void {
    for (const ending of ENDINGS) rmSync(this.path(name, ending), { force: true });
  }

  /** Removes the oldest until the limits hold. */
  makeRoom(
    { inUse, late }: Kept,
    nowUnixMs = Date.now(),
  ): { readonly removed: ReadonlySet<string>; readonly left: readonly Shelved[] } {
    const shelved = this.list();
    let bytes = shelved.reduce((sum, one) => sum + one.bytes, 0);
    let files = shelved.length;
    let lateBytes = 0;
    const removed = new Set<string>();
    for (const one of shelved) {
      const { limits } = this;
      const isOld = nowUnixMs - one.writtenUnixMs > limits.ageMs;
      if (!isOld && bytes <= limits.bytes && files <= limits.files) break;
      if (inUse.has(one.name)) continue;
      const isLate = late.names.has(one.name) && lateBytes + one.bytes <= late.bytes;
      if (isLate) lateBytes += one.bytes;
      else {
        this.remove(one.name);
        removed.add(one.name);
      }
      // what is late makes no younger one give way
      bytes -= one.bytes;
      files -= 1;
    }
    return { removed, left: shelved.filter(({ name }) => !removed.has(name)) };
  }
}

/** What does not give way. */
export interface Kept {
  /** Never: younger ones do. */
  readonly inUse: ReadonlySet<string>;
  /** As many of these as have so many bytes are there beyond the limits. */
  readonly late: { readonly names: ReadonlySet<string>; readonly bytes: number };
}

function statOf(path: string) {
  return statSync(path, { throwIfNoEntry: false });
}
