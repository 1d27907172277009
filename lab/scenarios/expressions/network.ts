/**
 * The wire that the packets are sent on, and the tools that send and judge them (lab/net). Made for one scenario:
 *
 *   fexpr-a: fx0 ─── fx0 :fexpr-b: bridge, fx1 ─── fx0 :fexpr-c: bridge
 *
 * Bridges, since they take a frame as it is: a host's own stack takes off a tag that no device asks for. What they
 * would change themselves (netfilter, multicast snooping) is off.
 */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { check } from '../check.ts';
import { ROOT } from '../place.ts';
import { hex } from './bytes.ts';
import { PACKETS, type Packet, RECEIVER_MAC, SENDER_MAC } from './packets.ts';

const [A, B, C] = ['fexpr-a', 'fexpr-b', 'fexpr-c'];
const SETTLE = `
  for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done
  for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 > $f; done
`;
const MTU = 9000;

/** The interfaces between which a packet is judged. */
export const DEVICES: readonly string[] = ['fx0', 'fx1'];

const batch = (netns: readonly string[], lines: readonly string[]) =>
  execFileSync('ip', [...netns, '-batch', '-'], { input: `${lines.join('\n')}\n` });

/** Makes the wire, calls `use`, takes the wire away. */
export async function withWire(use: () => Promise<void>): Promise<void> {
  batch(
    [],
    [A, B, C].map((name) => `netns add ${name}`),
  );
  try {
    for (const name of [B, C]) execFileSync('ip', ['netns', 'exec', name, 'sh', '-c', SETTLE]);
    batch(
      [],
      [
        `link add fx0 netns ${A} address ${SENDER_MAC} mtu ${MTU} type veth peer name fx0 netns ${B} mtu ${MTU}`,
        `link add fx1 netns ${B} mtu ${MTU} type veth peer name fx0 netns ${C} mtu ${MTU}`,
      ],
    );
    for (const [name, ports] of [
      [B, ['fx0', 'fx1']],
      [C, ['fx0']],
    ] as const)
      batch(
        ['-n', name],
        [
          'link add fxbr type bridge stp_state 0 mcast_snooping 0',
          ...ports.map((port) => `link set ${port} up master fxbr`),
          'link set fxbr up',
        ],
      );
    batch(
      ['-n', A],
      [
        'link set fx0 addrgenmode none up',
        'addr add 10.9.255.254/32 dev fx0',
        'addr add fd00:9:ffff::fe/128 dev fx0 nodad',
        `neigh add 10.9.255.1 lladdr ${RECEIVER_MAC} dev fx0`,
        `neigh add fe80::1 lladdr ${RECEIVER_MAC} dev fx0`,
        'route add default via 10.9.255.1 dev fx0 onlink',
        'route add default via fe80::1 dev fx0',
      ],
    );
    await use();
  } finally {
    batch(
      [],
      [A, B, C].map((name) => `netns del ${name}`),
    );
  }
}

/** lab/net/frames.c with all packets: `round()` sends each once and resolves when the kernel is done with them. */
export class Sender {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    this.#child = spawn('ip', ['netns', 'exec', A, join(ROOT, 'dist', 'frames'), 'fx0', C, 'fxbr'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdin.on('error', () => undefined); // it has ended: then there is no answer either
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    for (const packet of PACKETS)
      this.#child.stdin.write(`${packet.how} ${hex(packet.how === 'ip' ? packet.ip : packet.frame)}\n`);
  }

  async round(): Promise<void> {
    this.#child.stdin.write('\n');
    const answer = await this.#answers.next();
    check(answer.done !== true && answer.value === 'done', 'a round of packets comes through', answer.value);
  }

  close(): void {
    this.#child.stdin.end();
  }
}

/** By expression: the packets that libpcap says match, or why it does not compile. */
export type Verdicts = ReadonlyMap<string, ReadonlySet<Packet> | string>;

/** What libpcap says of frames (EN10MB) or of IP packets (RAW): the same bytes, or those that can be looked at. */
export function libpcapVerdicts(
  link: 'EN10MB' | 'RAW',
  expressions: readonly string[],
  whole = false,
): Verdicts {
  const judged = PACKETS.filter((packet) => link === 'EN10MB' || packet.how === 'ip');
  const input = [
    ...judged.map((packet) => {
      const bytes = link === 'RAW' ? packet.ip : packet.frame;
      return `packet ${whole ? bytes.length : (packet.visible ?? bytes.length)} ${hex(bytes)}`;
    }),
    ...expressions.map((expression) => `expression ${expression}`),
  ];
  const tool = join(ROOT, 'dist', 'verdicts');
  const lines = execFileSync(tool, [link], { input: `${input.join('\n')}\n`, encoding: 'utf8' }).split('\n');
  return new Map(
    expressions.map((expression, i) => {
      const line = lines[i] ?? 'error no answer';
      return [
        expression,
        line.startsWith('error ') ? line.slice(6) : new Set(judged.filter((_, at) => line[at] === '1')),
      ];
    }),
  );
}
