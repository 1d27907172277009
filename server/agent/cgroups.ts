/** Which control groups there are, and what runs in them: for the owners of sockets. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CGROUPS_MAX, type CgroupInfo } from '../../core/messages/source.ts';
import { type CgroupFacts, describeCgroup } from './cgroup-path.ts';
import { type ContainerNames, containerNames } from './container-names.ts';
import { textOf } from './files.ts';

/** Folders that are looked at, before those that are told are chosen. */
const FOLDERS_MAX = 16_384;
const PATH_MAX = 512;
/** Of all that is told, as JSON: it must fit into one frame (4 MiB). */
const TOLD_BYTES_MAX = 3 << 20;
/** Told first when there are too many. */
const RANK: Readonly<Record<CgroupFacts['kind'], number>> = { container: 0, pod: 1, unit: 2, other: 3 };

interface Folder {
  /** The group's id. */
  readonly inode: number;
  readonly path: string;
}

/** Where the cgroup2 tree is, undefined when none is mounted. */
export function cgroupRoot(mounts = textOf('/proc/self/mounts')): string | undefined {
  const points = mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup2')
    .map(([, point = '']) => point.replaceAll('\\040', ' '));
  return points.find((point) => point.startsWith('/sys/fs/cgroup')) ?? points[0];
}

/**
 * Every control group, from the root on, level by level. On cgroup2 a folder has two links and one for each folder
 * in it, so that most need not be read.
 */
export function findCgroups(root: string): Folder[] {
  const found: Folder[] = [];
  let level = [''];
  while (level.length > 0 && found.length < FOLDERS_MAX) {
    const next: string[] = [];
    for (const path of level) {
      if (found.length >= FOLDERS_MAX) break;
      const folder = stat(join(root, path));
      if (folder === undefined) continue;
      found.push({ inode: folder.ino, path: path === '' ? '/' : path });
      if (folder.nlink !== 2) next.push(...foldersIn(join(root, path)).map((name) => `${path}/${name}`));
    }
    level = next;
  }
  return found;
}

export interface CgroupOptions {
  readonly root?: string;
  readonly nameOf?: (container: string) => ContainerNames | undefined;
  readonly max?: number;
}

/** Keeps the table up to date; told whole whenever it changed. */
export class CgroupTable {
  readonly #root: string | undefined;
  readonly #nameOf: (container: string) => ContainerNames | undefined;
  readonly #max: number;
  readonly #named = new Map<string, ContainerNames>();
  #cgroups: readonly CgroupInfo[] = [];
  #counts = '';
  #told = '[]';

  /** Of the tree at `root`; at most `max` groups are told. */
  constructor(options: CgroupOptions = {}) {
    this.#root = options.root ?? cgroupRoot();
    this.#nameOf = options.nameOf ?? ((container) => containerNames(container));
    this.#max = options.max ?? CGROUPS_MAX;
  }

  get cgroups(): readonly CgroupInfo[] {
    return this.#cgroups;
  }

  /**
   * True when the table changed. Without `all`, folders are looked at only when the kernel's count of them changed:
   * one that came while another went is found the next time with `all`.
   */
  refresh(all: boolean): boolean {
    if (this.#root === undefined) return false;
    const counts = textOf(join(this.#root, 'cgroup.stat'));
    if (!all && counts === this.#counts) return false;
    this.#counts = counts;
    const facts = findCgroups(this.#root).map((folder) => ({ folder, facts: describeCgroup(folder.path) }));
    facts.sort((a, b) => RANK[a.facts.kind] - RANK[b.facts.kind]);
    const chosen = facts.slice(0, this.#max);
    const cgroups = bounded(chosen.map(({ folder, facts }) => this.#info(folder, facts)));
    const living = new Set(cgroups.map(({ container }) => container));
    for (const container of this.#named.keys()) if (!living.has(container)) this.#named.delete(container);
    const text = JSON.stringify(cgroups);
    if (text === this.#told) return false;
    this.#told = text;
    this.#cgroups = cgroups;
    return true;
  }

  #info({ inode, path }: Folder, facts: CgroupFacts): CgroupInfo {
    const names = facts.container === '' ? undefined : this.#names(facts.container);
    return {
      id: inode,
      path: printable(path).slice(0, PATH_MAX),
      ...facts,
      name: names?.name ?? printable(facts.name),
      podName: names?.podName ?? '',
    };
  }

  /** A container that has no name yet is asked for again. */
  #names(container: string): ContainerNames | undefined {
    const known = this.#named.get(container) ?? this.#nameOf(container);
    if (known !== undefined) this.#named.set(container, known);
    return known;
  }
}

/** As many from the front as fit into a frame. */
function bounded(cgroups: readonly CgroupInfo[]): readonly CgroupInfo[] {
  let bytes = 0;
  const end = cgroups.findIndex((one) => {
    bytes += Buffer.byteLength(JSON.stringify(one)) + 1;
    return bytes > TOLD_BYTES_MAX;
  });
  return end < 0 ? cgroups : cgroups.slice(0, end);
}

const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?');

function stat(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined; // gone meanwhile
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((one) =>
      one.isDirectory() ? [one.name] : [],
    );
  } catch {
    return [];
  }
}
