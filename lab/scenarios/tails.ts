/**
 * Tail mode: of a packet that is dropped, slow or on a new path the whole story, as without it; of others nothing. Few
 * functions are probed: what is tried is what becomes of their hops.
 */
import { check, equal, only } from './check.ts';
import { Running, run, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { trace as command, type Line, type Packet, summaryOf } from './trace.ts';

const [CLIENT, SERVER] = ['t-client', 't-server'];
const NET = 44;
const [OPEN, CLOSED, HELD] = [7501, 7502, 7503];
const SLOW_MS = 300;
/** On the way of a datagram from its sender to the other side's socket: netfilter, a queue, another CPU's backlog. */
const PROBES = ['--stage', 'ip', '--stage', 'transport', '--stage', 'driver'];

const send = (port: number, count: number): string =>
  run(CLIENT, tool('udpblast'), 'send', `10.${NET}.0.2`, String(port), String(count), '100');

const asked = (...flags: string[]): readonly string[] => [
  ...PROBES,
  ...flags,
  `udp and dst host 10.${NET}.0.2`,
];

/** Runs with two namespaces on one cable, and a socket that somebody reads. */
const wired = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([CLIENT, SERVER], async () => {
    wire({ netns: CLIENT, device: 'tc', host: 1 }, { netns: SERVER, device: 'ts', host: 2 }, { net: NET });
    await Running.start(SERVER, tool('udpblast'), 'serve', `udp:${OPEN}`);
    send(OPEN, 2); // neighbours know each other
    await use();
  });

const why = (lines: readonly Line[]): Line[] => lines.filter(({ kind }) => kind === 'told');

/** Where it was, when its place changed, and what was decided: all but times and numbers. */
const story = ({ hops, drops, decisions }: Packet) => ({
  // not who ran: on a busy machine a softirq is left to ksoftirqd
  hops: hops.map(({ func, netns_name, ifname, depth }) => [func, netns_name, ifname, depth].join(' ')),
  drops: drops.map(({ reason, ifname }) => `${reason} ${ifname}`),
  decisions: decisions.map(({ decision, verdict }) => `${decision} ${verdict}`),
});

const mixed = (): void => {
  send(OPEN, 3);
  send(CLOSED, 1);
  send(OPEN, 3);
};

async function dropped(): Promise<void> {
  await wired(async () => {
    const streamed = await trace({ args: asked('--keep'), traffic: mixed });
    const tail = await command({ args: asked('--tail', 'drops'), traffic: mixed });
    equal(tail.exitCode, 0, 'status');
    const [told, ...more] = why(tail.lines);
    equal(
      [told?.why, more.length, tail.packets.size],
      ['dropped', 0, 1],
      'what is told, and of how many packets',
    );
    const packet = only([...tail.packets.values()], () => true, 'the packet that is told');
    const same = only(
      [...streamed.packets.values()],
      ({ drops }) => drops.length > 0,
      'the one that was streamed',
    );
    equal(story(packet), story(same), 'its story, as it was streamed');
    equal(packet.frees.length, 1, 'its end');
    // what was kept comes in its order, with the times that the hops had
    const times = packet.hops.map(({ time_ns }) => time_ns);
    equal(
      times,
      [...times].sort((a, b) => a - b),
      'times of its hops',
    );
    check(Number(told?.age_ns) >= (times.at(-1) ?? 0) - (times[0] ?? 0), 'its age', told);
    equal(summaryOf(tail.stderr).lost, 0, 'lost');
    check(
      /told: 1 of 7 packets/.test(tail.stderr),
      'the summary tells of all that were followed',
      tail.stderr,
    );
  });
}

async function chosen(): Promise<void> {
  await wired(async () => {
    const paths = await trace({ args: asked('--tail', 'new'), traffic: () => void send(OPEN, 12) });
    const hashes = why(paths.lines).map(({ path }) => path);
    check(hashes.length >= 1 && hashes.length < 12, 'paths that were new', hashes);
    equal(new Set(hashes).size, hashes.length, 'each path once');
    equal(paths.packets.size, hashes.length, 'nothing of the others');

    const all = await trace({ args: asked('--tail', '1/1'), traffic: () => void send(OPEN, 4) });
    equal(
      why(all.lines).map((line) => line.why),
      Array(4).fill('sampled'),
      'one in one',
    );
    for (const packet of all.packets.values()) equal(packet.frees.length, 1, 'its end');
  });
}

async function slow(): Promise<void> {
  await wired(async () => {
    const held = await trace({
      args: asked('--tail', `slow:${SLOW_MS}ms`),
      async traffic(output) {
        send(OPEN, 3);
        // a socket that nobody reads: its datagrams wait there, and no function sees them
        const idle = await Running.start(SERVER, tool('idle'), `udp:${HELD}`);
        send(HELD, 2);
        const seen = new Set<number>();
        await output.line(({ kind, packet }) => kind === 'told' && seen.add(packet).size === 2);
        await idle.stop();
      },
    });
    const told = why(held.lines);
    equal(
      told.map((line) => line.why),
      ['slow', 'slow'],
      'those that wait',
    );
    for (const line of told) check(Number(line.age_ns) >= SLOW_MS * 1e6, 'for long enough', line);
    for (const packet of held.packets.values()) check(packet.hops.length > 5, 'with their hops', packet);
  });
}

export const tails: readonly Scenario[] = [
  { name: 'in tail mode a packet that is dropped is told as it is streamed, and no other', run: dropped },
  { name: 'in tail mode a path is told once, and one in one is everything', run: chosen },
  { name: 'in tail mode a packet that waits for too long is told while it waits', run: slow },
];
