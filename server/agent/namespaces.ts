/** Which network namespaces there are, what people call them, and their interfaces. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { NetnsInfo } from '../../core/messages/source.ts';
import type { NativeAddon } from '../../native/index.ts';
import { textOf } from './files.ts';

/** Where `ip netns` keeps its names. */
export const NAMED = '/run/netns';
/** Namespaces that are told at most, named ones first. */
const NAMESPACES_MAX = 4096;
const INTERFACES_MAX = 4096;
const OWN = '/proc/self/ns/net';

export type NamespaceAddon = Pick<NativeAddon, 'networks' | 'networkPlaces'>;

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

/** As it was seen last. */
export interface Seen extends Found {
  /** That of {@link Network}; '' when it is not known. */
  readonly key: string;
}

/** Every namespace that has a name or a process; no command is run. */
export async function findNamespaces(addon: Pick<NativeAddon, 'networkPlaces'>): Promise<Found[]> {
  const { named, processes } = await addon.networkPlaces(NAMED);
  const found = new Map<number, Found>();
  const own = inodeOf(OWN);
  if (own !== undefined)
    found.set(own, { inode: own, name: 'host', origin: 'host', enter: [], file: OWN, pid: '' });
  for (const { inode, name } of named)
    if (!found.has(inode))
      found.set(inode, {
        inode,
        name,
        origin: 'named',
        enter: ['nsenter', `--net=${join(NAMED, name)}`, '--'],
        file: join(NAMED, name),
        pid: '',
      });
  for (const { inode, pid: number } of processes) {
    if (found.size >= NAMESPACES_MAX) break;
    const pid = String(number);
    const known = found.get(inode);
    if (known?.origin === 'named') found.set(inode, { ...known, pid });
    if (known !== undefined) continue;
    const name = `${commOf(pid)}(${pid})`;
    const enter = ['nsenter', '-t', pid, '-n', '--'];
    found.set(inode, { inode, name, origin: 'process', enter, file: `/proc/${pid}/ns/net`, pid });
  }
  return [...found.values()];
}

/**
 * Keeps the table up to date: `refresh()` looks for namespaces that came or went, and into all when one did, or when told
 * to.
 */
export class NamespaceTable {
  readonly #addon: NamespaceAddon;
  #seen: readonly Seen[] = [];
  #interfaces = new Map<number, NetnsInfo['interfaces']>();
  #namespaces: readonly NetnsInfo[] = [];
  #told = '[]';

  constructor(addon: NamespaceAddon) {
    this.#addon = addon;
  }

  get namespaces(): readonly NetnsInfo[] {
    return this.#namespaces;
  }

  get seen(): readonly Seen[] {
    return this.#seen;
  }

  /** True when something changed that `namespaces` tells. One call after another. */
  async refresh(all: boolean): Promise<boolean> {
    const found = await findNamespaces(this.#addon);
    const keys = new Map(this.#seen.map(({ inode, key }) => [inode, key]));
    if (all || found.length !== keys.size || !found.every(({ inode }) => keys.has(inode)))
      await this.#look(found, keys);
    this.#seen = found.map((one) => ({ ...one, key: keys.get(one.inode) ?? '' }));
    const namespaces = found.map(({ inode, name, origin }) => {
      return { inode, name, origin, interfaces: this.#interfaces.get(inode) ?? [] };
    });
    const told = JSON.stringify(namespaces);
    if (told === this.#told) return false;
    this.#told = told;
    this.#namespaces = namespaces;
    return true;
  }

  /** What is known of one that went away meanwhile, or cannot be entered, stays. */
  async #look(found: readonly Found[], keys: Map<number, string>): Promise<void> {
    const networks = await this.#addon.networks(found.map(({ file }) => file));
    const before = this.#interfaces;
    this.#interfaces = new Map();
    for (const [i, { inode }] of found.entries()) {
      const network = networks[i];
      const interfaces = network?.interfaces.slice(0, INTERFACES_MAX) ?? before.get(inode);
      if (interfaces !== undefined) this.#interfaces.set(inode, interfaces);
      keys.set(inode, network?.key ?? '');
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
