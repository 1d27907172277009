/** Which network namespaces there are, what people call them, and their interfaces. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { NetnsInfo } from '../../core/messages/source.ts';
import { namesIn, textOf } from './files.ts';

/** Where `ip netns` keeps its names. */
export const NAMED = '/run/netns';
/** Namespaces that are told at most, named ones first. */
const NAMESPACES_MAX = 4096;
const IP_TIMEOUT_MS = 5000;

/** A namespace, and how to get into it. */
export interface Found {
  readonly inode: number;
  readonly name: string;
  readonly origin: NetnsInfo['origin'];
  /** Arguments that make a command run in it. */
  readonly enter: readonly string[];
  /** A process in it, '' when none is known. */
  readonly pid: string;
}

const linksSchema = z.array(z.object({ ifindex: z.number().int().positive(), ifname: z.string() }));

/** Every namespace that has a name or a process, without interfaces: a few stats, no command is run. */
export function findNamespaces(): Found[] {
  const found = new Map<number, Found>();
  const own = inodeOf('/proc/self/ns/net');
  if (own !== undefined) found.set(own, { inode: own, name: 'host', origin: 'host', enter: [], pid: '' });
  for (const name of namesIn(NAMED)) {
    const inode = inodeOf(join(NAMED, name));
    if (inode !== undefined && !found.has(inode))
      found.set(inode, {
        inode,
        name,
        origin: 'named',
        enter: ['nsenter', `--net=${join(NAMED, name)}`, '--'],
        pid: '',
      });
  }
  for (const pid of namesIn('/proc')) {
    if (!/^\d+$/.test(pid) || found.size >= NAMESPACES_MAX) continue;
    const inode = inodeOf(`/proc/${pid}/ns/net`);
    if (inode === undefined) continue;
    const known = found.get(inode);
    if (known !== undefined) {
      if (known.pid === '' && known.origin !== 'host') found.set(inode, { ...known, pid });
      continue;
    }
    const name = `${commOf(pid)}(${pid})`;
    found.set(inode, { inode, name, origin: 'process', enter: ['nsenter', '-t', pid, '-n', '--'], pid });
  }
  return [...found.values()];
}

/**
 * Keeps the table up to date: `refresh()` looks for namespaces that came or went, and asks each that is new (or
 * all, when told) for its interfaces.
 */
export class NamespaceTable {
  #known = new Map<number, NetnsInfo>();
  #isBusy = false;

  get namespaces(): readonly NetnsInfo[] {
    return [...this.#known.values()];
  }

  /** True when something changed. */
  async refresh(all: boolean): Promise<boolean> {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    try {
      const before = JSON.stringify(this.namespaces);
      const next = new Map<number, NetnsInfo>();
      for (const { inode, name, origin, enter } of findNamespaces()) {
        const known = this.#known.get(inode);
        const interfaces = known !== undefined && !all ? known.interfaces : await interfacesIn(enter);
        next.set(inode, { inode, name, origin, interfaces: interfaces ?? known?.interfaces ?? [] });
      }
      this.#known = next;
      return JSON.stringify(this.namespaces) !== before;
    } finally {
      this.#isBusy = false;
    }
  }
}

/** Undefined when the namespace went away meanwhile or cannot be entered; then it has no names, only numbers. */
function interfacesIn(enter: readonly string[]): Promise<NetnsInfo['interfaces'] | undefined> {
  if (enter.length === 0) return Promise.resolve(ownInterfaces());
  const [program = '', ...args] = [...enter, 'ip', '-json', 'link', 'show'];
  return new Promise((resolve) => {
    execFile(program, args, { timeout: IP_TIMEOUT_MS, maxBuffer: 8 << 20 }, (error, stdout) => {
      const parsed = error === null ? linksSchema.safeParse(parseJson(stdout)) : undefined;
      if (parsed?.success !== true) resolve(undefined);
      else
        resolve(
          parsed.data.slice(0, 4096).map(({ ifindex, ifname }) => ({ ifindex, name: ifname.slice(0, 15) })),
        );
    });
  });
}

function ownInterfaces(): NetnsInfo['interfaces'] {
  return namesIn('/sys/class/net').flatMap((name) => {
    const ifindex = Number(textOf(join('/sys/class/net', name, 'ifindex')));
    return Number.isInteger(ifindex) && ifindex > 0 ? [{ ifindex, name: name.slice(0, 15) }] : [];
  });
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
