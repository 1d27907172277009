/** Networks of a scenario's own: namespaces that are gone, with all that was in them, when it has ended. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { CheckFailed, check } from './check.ts';
import { ROOT } from './place.ts';

/** The programs of lab/net by name. */
export const tool = (
  name: 'extensions' | 'idle' | 'packet' | 'peers' | 'ringless' | 'tcx' | 'udpblast',
): string => join(ROOT, 'dist', name);

/** Lines of `ip -batch` in a namespace, '' being the first one. A program that starts costs: one for all lines. */
export function ip(netns: string, ...lines: readonly string[]): void {
  const place = netns === '' ? [] : ['-n', netns];
  execFileSync('ip', [...place, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** Runs a command in a namespace to its end; returns what it printed. */
export function run(netns: string, command: string, ...args: readonly string[]): string {
  const [program = '', ...words] = inside(netns, command, ...args);
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Lines for a shell in a namespace: settings, mostly. */
export const shell = (netns: string, ...lines: readonly string[]): string =>
  run(netns, 'bash', '-euc', lines.join('\n'));

/** A ruleset for nft in a namespace; it goes with that. An older nft (0.9) cannot open the socket that Node gives as stdin. */
export function nft(netns: string, ruleset: string): void {
  execFileSync('ip', ['netns', 'exec', netns, 'nft', ruleset]);
}

/** Inode of a namespace. */
export const netnsOf = (netns: string): number => statSync(`/run/netns/${netns}`).ino;

const inside = (netns: string, ...command: readonly string[]) =>
  netns === '' ? command : ['ip', 'netns', 'exec', netns, ...command];

/** Makes namespaces, in which bridges leave packets to themselves, and takes them away after `use`. */
export async function withNamespaces(names: readonly string[], use: () => Promise<void>): Promise<void> {
  ip('', ...names.map((name) => `netns add ${name}`));
  try {
    await use();
  } finally {
    for (const one of [...running]) await one.stop();
    const there = run('', 'ip', 'netns', 'list');
    ip(
      '',
      ...names
        .filter((name) => new RegExp(`^${name}\\b`, 'm').test(there))
        .map((name) => `netns del ${name}`),
    );
  }
}

/** One end of a cable. Addresses follow from `host`: 10.NET.0.HOST, fd00:NET::HOST, and the MAC address. */
export interface End {
  readonly netns: string;
  readonly device: string;
  readonly host: number;
}

export const address = (net: number, host: number): string => `10.${net}.0.${host}`;
export const address6 = (net: number, host: number): string => `fd00:${net}::${host}`;
export const mac = (net: number, host: number): string =>
  ['02', '00', '00', '00', ...[net, host].map((n) => n.toString(16).padStart(2, '0'))].join(':');

export interface WireOptions {
  /** Number of the network, below 256. */
  readonly net: number;
  readonly mtu?: number;
}

/** A pair of devices that know each other as neighbours: the first packet waits for nothing. */
export function wire(a: End, b: End, { net, mtu = 1500 }: WireOptions): void {
  const end = ({ netns, device, host }: End) =>
    `${device} netns ${netns} address ${mac(net, host)} mtu ${mtu}`;
  ip('', `link add ${end(a)} type veth peer name ${end(b)}`);
  for (const [own, other] of [
    [a, b],
    [b, a],
  ] as const)
    ip(
      own.netns,
      `link set ${own.device} addrgenmode none`,
      `addr add ${address(net, own.host)}/24 dev ${own.device}`,
      `addr add ${address6(net, own.host)}/64 dev ${own.device} nodad`,
      'link set lo up',
      `link set ${own.device} up`,
      `neigh add ${address(net, other.host)} lladdr ${mac(net, other.host)} dev ${own.device}`,
      `neigh add ${address6(net, other.host)} lladdr ${mac(net, other.host)} dev ${own.device}`,
    );
}

/** So many wires between two namespaces, in networks of their own from that one on: l0 to r0, l1 to r1. */
export function wires(
  left: string,
  right: string,
  { firstNet, count }: { readonly firstNet: number; readonly count: number },
): void {
  for (let i = 0; i < count; i += 1)
    wire(
      { netns: left, device: `l${i}`, host: 1 },
      { netns: right, device: `r${i}`, host: 2 },
      { net: firstNet + i },
    );
}

const running = new Set<Running>();

/** A program that says a word when it is ready. It ends by itself, is ended, or goes with the namespaces. */
export class Running {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    running.add(this);
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code) => {
        running.delete(this);
        resolve(code);
      });
    });
  }

  /** Resolves once it has said something. */
  static async start(netns: string, command: string, ...args: readonly string[]): Promise<Running> {
    const [program = '', ...words] = inside(netns, command, ...args);
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const one = new Running(child);
    const said = once(child.stdout, 'data').then(() => true);
    if (!(await Promise.race([said, one.#exited.then(() => false)])))
      throw new CheckFailed(`${command} ${args.join(' ')} ended before it was ready`);
    return one;
  }

  /** `ip netns exec` becomes the program: this is its own. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** A line on its standard input. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Resolves when it has ended by itself, which must be within a minute. */
  async ended(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 60_000);
    const code = await this.#exited;
    clearTimeout(timer);
    check(code === 0, `${this.#child.spawnargs.join(' ')} ends in order`, code);
  }

  /** Ends it, and everything that it holds. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

/** Asks again and again until it is so, at most a minute: where the kernel tells nobody. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    check(performance.now() < deadline, what);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
