/**
 * Two network namespaces with a veth pair between them. Each belongs to a process that holds it (native/selftest/
 * datagram.c) and has no name, so that it is gone, with all that is in it, when the process is; and that ends with us,
 * however we end. Nothing is left to take away.
 */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { End, Pair } from '../../../core/model/doctor/self-test/types.ts';
import { DATAGRAM } from '../../place.ts';
import { failure } from '../usage.ts';

const MTU = 1400;
/** A machine that is busy, or emulated, takes seconds for each program. */
const IP_TIMEOUT_MS = 60_000;
/** Private to the two namespaces: 198.18.0.0/15 is for tests (RFC 2544), fd00::/8 is local (RFC 4193). */
const NAMES = {
  a: { ifname: 'skbt-a', ifindex: 71, mac: '02:73:6b:62:74:0a', ip4: '198.18.73.1', ip6: 'fd73:6b62::1' },
  b: { ifname: 'skbt-b', ifindex: 72, mac: '02:73:6b:62:74:0b', ip4: '198.18.73.2', ip6: 'fd73:6b62::2' },
} as const; // biome-ignore format: a table

/** A process in a network namespace of its own, which does what it is told, line by line. */
export class EndProcess {
  /** Datagrams that came. */
  received = 0;
  onReceived: () => void = () => undefined;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: ((line: string) => void)[] = [];
  readonly #exited: Promise<void>;
  #isGone = false;

  constructor() {
    this.#child = spawn(DATAGRAM, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', resolve);
      this.#child.once('error', resolve);
    }).then(() => {
      this.#isGone = true;
      for (const answer of this.#answers.splice(0)) answer('failed: it has ended');
    });
    this.#child.stdin.on('error', () => undefined); // it has ended: whoever asks is told so
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line.startsWith('received ')) {
        this.received += 1;
        this.onReceived();
      } else this.#answers.shift()?.(line);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when its namespace is there; rejects with why it cannot be. */
  async ready(): Promise<void> {
    const line = await this.#answer();
    if (line !== 'ready') throw failure(line.replace(/^failed: /, 'cannot make '));
  }

  /** Resolves when it is done; rejects with why it cannot be. */
  async tell(...words: readonly (string | number)[]): Promise<void> {
    const answer = this.#answer();
    this.#child.stdin.write(`${words.join(' ')}\n`);
    const line = await answer;
    if (line !== 'ok') throw failure(line.replace(/^failed: /, `cannot ${words[0]}: `));
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#exited;
  }

  #answer(): Promise<string> {
    return new Promise((resolve) => {
      if (this.#isGone) resolve('failed: it has ended');
      else this.#answers.push(resolve);
    });
  }
}

export interface LivePair extends Pair {
  readonly sender: EndProcess;
  readonly receiver: EndProcess;
  /** False where the kernel has no IPv6. */
  readonly hasIp6: boolean;
  close(): Promise<void>;
}

/** Makes the pair. Rejects with a CliError that says what is missing for it. */
export async function makePair(): Promise<LivePair> {
  if (!existsSync(DATAGRAM)) throw failure(`there is no ${DATAGRAM}; run \`npm run build\``);
  const sender = new EndProcess();
  const receiver = new EndProcess();
  const close = async () => {
    await Promise.all([sender.close(), receiver.close()]);
  };
  try {
    await Promise.all([sender.ready(), receiver.ready()]);
    const hasIp6 = existsSync('/proc/net/if_inet6');
    const a = endOf(sender, NAMES.a);
    const b = endOf(receiver, NAMES.b);
    ip(0, [`link add ${linkOf(a)} type veth peer name ${linkOf(b)}`]);
    for (const [own, other] of [
      [a, b],
      [b, a],
    ] as const)
      ip(own.pid, setUp(own, other, hasIp6));
    return { a, b, mtu: MTU, sender, receiver, hasIp6, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const endOf = (held: EndProcess, names: (typeof NAMES)[keyof typeof NAMES]): End => ({
  ...names,
  pid: held.pid,
  comm: 'datagram',
  uid: process.getuid?.() ?? 0,
  cgroup: cgroupOf(held.pid),
  netns: statSync(`/proc/${held.pid}/ns/net`).ino,
  netnsName: `datagram(${held.pid})`,
});

/** The kernel's id of a control group is the inode of its folder; 0 without cgroup2. */
function cgroupOf(pid: number): number {
  const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
  const folder = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((root) =>
    existsSync(`${root}/cgroup.controllers`),
  );
  return path === undefined || folder === undefined || !existsSync(folder + path)
    ? 0
    : statSync(folder + path).ino;
}

/** Made where it belongs: nothing of it is ever seen in the host's own namespace. */
const linkOf = ({ ifname, ifindex, mac, pid }: End): string =>
  `${ifname} index ${ifindex} address ${mac} mtu ${MTU} netns ${pid}`;

/** The ends know each other as neighbours: no datagram waits for an answer. */
const setUp = (own: End, other: End, hasIp6: boolean): readonly string[] => [
  `link set ${own.ifname} addrgenmode none`,
  `addr add ${own.ip4}/24 dev ${own.ifname}`,
  ...(hasIp6 ? [`addr add ${own.ip6}/64 dev ${own.ifname} nodad`] : []),
  `link set ${own.ifname} up`,
  `neigh add ${other.ip4} lladdr ${other.mac} dev ${own.ifname}`,
  ...(hasIp6 ? [`neigh add ${other.ip6} lladdr ${other.mac} dev ${own.ifname}`] : []),
];

/** Lines of `ip -batch` in the namespace of a process, 0 being our own. */
function ip(pid: number, lines: readonly string[]): void {
  const command = ['ip', '-batch', '-'];
  const [program = '', ...args] =
    pid === 0 ? command : ['nsenter', '-t', String(pid), '-n', '--', ...command];
  try {
    execFileSync(program, args, {
      input: `${lines.join('\n')}\n`,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: IP_TIMEOUT_MS,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
  } catch (error) {
    throw failure(whyNot(error, program));
  }
}

function whyNot(error: unknown, program: string): string {
  const told = (name: string): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined);
  if (told('code') === 'ENOENT')
    return `${program} is not installed: install ${program === 'ip' ? 'iproute2' : 'util-linux'}`;
  const [line] = String(told('stderr') ?? '')
    .trim()
    .split('\n');
  return `${program} cannot make a veth pair: ${line || (error instanceof Error ? error.message : String(error))}`;
}
