/**
 * How this host's namespaces are wired: asks `ip` in each of which something has changed, a few at once, for a bounded
 * time.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import {
  type Link,
  TOPOLOGY_LINKS_MAX,
  TOPOLOGY_NAMESPACES_MAX,
  type Topology,
} from '../../core/messages/topology.ts';
import { cgroupRoot } from './cgroups.ts';
import { textOf } from './files.ts';
import {
  IP_BATCH,
  IP_COMMAND,
  LSNS_COMMAND,
  type ReadNamespace,
  readIpOutput,
  readLsnsOutput,
} from './ip-output.ts';
import { inodeOf, NAMED, type Seen } from './namespaces.ts';
import { type Entered, wire } from './wiring.ts';

/** Of one command, and of all in a round: what is not reached in a round is first in the next. */
const COMMAND_MS = 5000;
const ROUND_MS = 10_000;
const AT_ONCE = 2;
const OUTPUT_BYTES_MAX = 8 << 20;

/** Of all that is told, as JSON: it must fit into one frame (4 MiB). */
const TOLD_BYTES_MAX = 3 << 20;

/** A command's output, or why there is none. */
export type Output =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly reason: string };
/** Runs a command to its end. A seam for tests. */
export type Run = (command: readonly string[], input: string) => Promise<Output>;

export interface TopologyOptions {
  /** The namespaces that there are now. */
  readonly find: () => readonly Seen[];
  readonly run?: Run;
  readonly inodeOfName?: (name: string) => number | undefined;
  readonly cgroupOf?: (pid: string) => number;
}

interface Known {
  readonly read: ReadNamespace | undefined;
  readonly problem: string;
  readonly round: number;
  /** The namespace's as it was asked; '' when it must be asked again. */
  readonly key: string;
}

/** Keeps the topology up to date; told whole whenever it changed. */
export class TopologyTable {
  readonly #run: Run;
  readonly #find: () => readonly Seen[];
  readonly #inodeOfName: (name: string) => number | undefined;
  readonly #cgroupOf: (pid: string) => number;
  #known = new Map<number, Known>();
  /** Inodes and names of `ip netns` as they were when all was asked: what an id's name is follows from them. */
  #names = '';
  #wired: ReadonlyMap<number, readonly Link[]> = new Map();
  /** Whether that is of all that is known. */
  #isWired = false;
  #lsns: ReadonlyMap<number, number> = new Map();
  #round = 0;
  #isBusy = false;
  #topology: Topology = { namespaces: [], beyond: { namespaces: 0, links: 0 } };
  #told = '';

  constructor(options: TopologyOptions) {
    this.#run = options.run ?? runBounded;
    this.#find = options.find;
    this.#inodeOfName = options.inodeOfName ?? ((name) => inodeOf(join(NAMED, name)));
    this.#cgroupOf = options.cgroupOf ?? cgroupReader();
  }

  get topology(): Topology {
    return this.#topology;
  }

  /**
   * Asks every namespace of which something has changed. True when the topology changed. Never throws; one round at a
   * time.
   */
  async refresh(): Promise<boolean> {
    if (this.#isBusy) return false;
    this.#isBusy = true;
    try {
      this.#round += 1;
      const found = this.#find();
      const chosen = found.slice(0, TOPOLOGY_NAMESPACES_MAX);
      const isOther = this.#forget(chosen);
      const isAsked = await this.#ask(chosen);
      if (isAsked || isOther || !this.#isWired) await this.#wire(chosen);
      let room = TOPOLOGY_LINKS_MAX;
      let told = '';
      do {
        this.#topology = this.#made(chosen, found.length - chosen.length, room);
        told = JSON.stringify(this.#topology);
        room = Math.floor(room / 2);
      } while (Buffer.byteLength(told) > TOLD_BYTES_MAX);
      const isNew = told !== this.#told;
      this.#told = told;
      return isNew;
    } finally {
      this.#isBusy = false;
    }
  }

  /** Lets go what is there no more. True when other namespaces are there than before. */
  #forget(namespaces: readonly Seen[]): boolean {
    const names = namespaces.flatMap(({ inode, name, origin }) =>
      origin === 'named' ? [`${inode} ${name}`] : [],
    );
    const isNamedOtherwise = names.join('\n') !== this.#names;
    this.#names = names.join('\n');
    const present = new Set(namespaces.map(({ inode }) => inode));
    let isOther = isNamedOtherwise || namespaces.some(({ inode }) => !this.#known.has(inode));
    for (const [inode, known] of this.#known) {
      if (!present.has(inode)) {
        this.#known.delete(inode);
        isOther = true;
      } else if (isNamedOtherwise) this.#known.set(inode, { ...known, key: '' });
    }
    return isOther;
  }

  /** Those that were asked longest ago first, until the round's time is over. True when there was one to ask. */
  async #ask(namespaces: readonly Seen[]): Promise<boolean> {
    const deadline = performance.now() + ROUND_MS;
    const askedIn = ({ inode }: Seen) => this.#known.get(inode)?.round ?? 0;
    const queue = namespaces
      .filter(({ inode, key }) => key === '' || this.#known.get(inode)?.key !== key)
      .sort((a, b) => askedIn(a) - askedIn(b));
    const isAny = queue.length > 0;
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (performance.now() > deadline) return;
        await this.#enter(next);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return isAny;
  }

  async #enter({ inode, enter, key }: Seen): Promise<void> {
    const output = await this.#run([...enter, ...IP_COMMAND], IP_BATCH);
    const read = output.ok ? readIpOutput(output.stdout) : undefined;
    this.#known.set(inode, {
      // what was known stays, marked with the problem
      read: read ?? this.#known.get(inode)?.read,
      problem:
        read !== undefined ? '' : output.ok ? 'ip printed something else than expected' : output.reason,
      round: this.#round,
      key: read === undefined ? '' : key,
    });
  }

  /** Whether the host's own namespace has wires to namespaces that `ip netns` has no name for: containers. */
  #hasNameless(own: number): boolean {
    const read = this.#known.get(own)?.read;
    return (
      read?.links.some(({ far }) => far !== undefined && far.nsid >= 0 && !read.ids.has(far.nsid)) ?? false
    );
  }

  /** Which far ends are where. */
  async #wire(namespaces: readonly Seen[]): Promise<void> {
    this.#isWired = true;
    const own = namespaces.find(({ origin }) => origin === 'host');
    if (own !== undefined && this.#hasNameless(own.inode)) {
      const output = await this.#run(LSNS_COMMAND, '');
      this.#isWired = output.ok;
      if (output.ok) this.#lsns = readLsnsOutput(output.stdout);
    }
    const entered = namespaces.flatMap(({ inode, origin }): Entered[] => {
      const read = this.#known.get(inode)?.read;
      return read === undefined
        ? []
        : [{ ...read, inode, known: origin === 'host' ? this.#lsns : new Map() }];
    });
    this.#wired = wire(entered, this.#inodeOfName);
  }

  #made(namespaces: readonly Seen[], beyond: number, linksMax: number): Topology {
    let room = linksMax;
    let left = 0;
    const told = namespaces.map(({ inode, name, pid }) => {
      const known = this.#known.get(inode);
      const all = this.#wired.get(inode) ?? [];
      const links = all.slice(0, room);
      room -= links.length;
      left += all.length - links.length;
      return {
        inode,
        name: name.slice(0, 64),
        cgroup: pid === '' ? 0 : this.#cgroupOf(pid),
        links: [...links],
        defaultRoutes: [...(known?.read?.defaultRoutes ?? [])],
        problem: (known?.problem ?? 'it was not asked yet').slice(0, 200),
      };
    });
    return { namespaces: told, beyond: { namespaces: beyond, links: left } };
  }
}

/** Control group of a process, as its inode; 0 when it is gone or there is no cgroup2. */
function cgroupReader(root = cgroupRoot()): (pid: string) => number {
  return (pid) => {
    const path = /^0::(\/.*)$/m.exec(textOf(`/proc/${pid}/cgroup`))?.[1];
    return root === undefined || path === undefined ? 0 : (inodeOf(join(root, path)) ?? 0);
  };
}

function runBounded(command: readonly string[], input: string): Promise<Output> {
  const [program = '', ...args] = command;
  const options = {
    timeout: COMMAND_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    env: { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  };
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      // -force goes on behind a line that fails, and says so with its status: the output tells what there is
      if (error?.killed === true) resolve({ ok: false, reason: `no answer in ${COMMAND_MS / 1000} s` });
      else if (error === null || stdout !== '') resolve({ ok: true, stdout });
      else resolve({ ok: false, reason: stderr.trim().split('\n')[0] || error.message.slice(0, 150) });
    });
    child.stdin?.on('error', () => undefined); // it ended before it had read; its status says why
    child.stdin?.end(input);
  });
}
