/** Which network namespaces there are, what people call them, and their interfaces. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { NetnsInfo } from '../../core/messages/source.ts';
import { namesIn, textOf } from './files.ts';

/** Where `ip netns` keeps its names. */
export const NAMED = '/run/netns';
/** Namespaces that are told at most, named ones first. */
const NAMESPACES_MAX = 4096;
const INTERFACES_MAX = 4096;
const OWN = '/proc/self/ns/net';

/** A namespace, and how to get into it. */
export interface Found {
  readonly inode: number;
  readonly name: string;
  readonly origin: NetnsInfo['origin'];
  /** Arguments that make a command run in it. */
  readonly enter: readonly string[];
  /** What stands for it. */
  readonly file: string;
  /** A process in it, '' when none is known. */
  readonly pid: string;
}

/** Interfaces of the namespace that a file stands for; rejects when it went away or cannot be entered. */
export type ReadInterfaces = (file: string) => Promise<NetnsInfo['interfaces']>;

/** Every namespace that has a name or a process, without interfaces: a few stats, no command is run. */
export function findNamespaces(): Found[] {
  const found = new Map<number, Found>();
  const own = inodeOf(OWN);
  if (own !== undefined)
    found.set(own, { inode: own, name: 'host', origin: 'host', enter: [], file: OWN, pid: '' });
  for (const name of namesIn(NAMED)) {
    const inode = inodeOf(join(NAMED, name));
    if (inode !== undefined && !found.has(inode))
      found.set(inode, {
        inode,
        name,
        origin: 'named',
        enter: ['nsenter', `--net=${join(NAMED, name)}`, '--'],
        file: join(NAMED, name),
        pid: '',
      });
  }
  for (const pid of namesIn('/proc')) {
    if (!/^\d+$/.test(pid) || found.size >= NAMESPACES_MAX) continue;
    const file = `/proc/${pid}/ns/net`;
    const inode = inodeOf(file);
    if (inode === undefined) continue;
    const known = found.get(inode);
    if (known !== undefined) {
      if (known.pid === '' && known.origin !== 'host') found.set(inode, { ...known, pid });
      continue;
    }
    const name = `${commOf(pid)}(${pid})`;
    const enter = ['nsenter', '-t', pid, '-n', '--'];
    found.set(inode, { inode, name, origin: 'process', enter, file, pid });
  }
  return [...found.values()];
}

/**
 * Keeps the table up to date: `refresh()` looks for namespaces that came or went, and asks each that is new (or
 * all, when told) for its interfaces.
 */
export class NamespaceTable {
  readonly #read: ReadInterfaces;
  #known = new Map<number, NetnsInfo>();

  constructor(read: ReadInterfaces) {
    this.#read = read;
  }

  get namespaces(): readonly NetnsInfo[] {
    return [...this.#known.values()];
  }

  /** True when something changed. One call after another. */
  async refresh(all: boolean): Promise<boolean> {
    const before = JSON.stringify(this.namespaces);
    const next = new Map<number, NetnsInfo>();
    for (const { inode, name, origin, file } of findNamespaces()) {
      const known = this.#known.get(inode);
      const interfaces = known !== undefined && !all ? known.interfaces : await this.#interfaces(file);
      next.set(inode, { inode, name, origin, interfaces: interfaces ?? known?.interfaces ?? [] });
    }
    this.#known = next;
    return JSON.stringify(this.namespaces) !== before;
  }

  /** Undefined when it went away meanwhile or cannot be entered; then it has no names, only numbers. */
  async #interfaces(file: string): Promise<NetnsInfo['interfaces'] | undefined> {
    try {
      return (await this.#read(file)).slice(0, INTERFACES_MAX);
    } catch {
      return undefined;
    }
  }
}

function commOf(pid: string): string {
  return textOf(`/proc/${pid}/comm`).trim() || 'process';
}

/** Inode of the file that a path leads to. */
export function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined; // gone meanwhile, or not ours to see
  }
}
