/** No path mixes two packets, and what is lost is counted exactly. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { check, equal } from './check.ts';
import { ROOT } from './place.ts';
import type { Scenario } from './scenario.ts';
import { type Line, summaryOf, trace } from './trace.ts';

const DATAGRAMS = 20_000;
const UDP_TOOL = join(ROOT, 'dist', 'udpblast');
const PORT = 7100;

interface Seen {
  readonly ids: Set<number>;
  hops: number;
}

/** With a sink in db that takes datagrams. */
async function withSink(use: () => Promise<void> | void): Promise<void> {
  const sink = spawn('ip', ['netns', 'exec', 'db', UDP_TOOL, 'sink', String(PORT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(sink.stdout, 'data'); // it listens
    await use();
  } finally {
    const ended = once(sink, 'exit');
    sink.kill('SIGTERM');
    await ended;
  }
}

/** How web sends `count` datagrams to it, `rate` a second (0: one straight after another). */
const sending = (count: number, rate: number): string[] => [
  'netns', 'exec', 'web', UDP_TOOL, 'send', '10.1.0.3', String(PORT), String(count), String(rate),
]; // biome-ignore format: an argument list

const blast = (count: number, rate: number): Promise<void> =>
  withSink(() => {
    execFileSync('ip', sending(count, rate));
  });

/** Datagrams from a sender on each CPU, all at once. */
const blastFromAll = (count: number, rate: number): Promise<void> =>
  withSink(async () => {
    const senders = cpus().map((_, cpu) =>
      spawn('taskset', ['-c', String(cpu), 'ip', ...sending(count, rate)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    );
    for (const [code] of await Promise.all(senders.map((sender) => once(sender, 'exit'))))
      equal(code, 0, 'a sender ends in order');
  });

/** Packets on all CPUs, with a ring buffer for each of these: the order in which events come, and who they are of. */
async function traceOnAll(count: number) {
  const paths = new Map<number, { time: number; func: string }[]>();
  const seen = new Set<number>();
  let latest = 0;
  let events = 0;
  let late = 0;
  let ends = 0;
  let allSeen: () => void = () => undefined;
  const untilAllSeen = new Promise<void>((resolve) => {
    allSeen = resolve;
  });
  const { stderr, exitCode } = await trace({
    args: ['--keep', '--rings', String(cpus().length), `udp dst port ${PORT}`],
    traffic: async () => {
      await blastFromAll(count, 100);
      await whileComing(30_000, untilAllSeen, () => events);
    },
    onLine(line: Line) {
      if (line.kind === 'free') {
        ends += 1;
        if (ends === count * cpus().length) allSeen();
      }
      if (line.kind !== 'hop') return;
      events += 1;
      seen.add(line.cpu);
      if (line.time_ns < latest) late += 1;
      latest = Math.max(latest, line.time_ns);
      const path = paths.get(line.packet) ?? [];
      paths.set(line.packet, [...path, { time: line.time_ns, func: line.func ?? '' }]);
    },
  });
  equal(exitCode, 0, 'exit status');
  const told = [...paths.values()].map((hops) => hops.sort((a, b) => a.time - b.time).map(({ func }) => func).join(' ')); // biome-ignore format: short
  return { paths: told, seen, events, late, summary: summaryOf(stderr) };
}

/** Reads a trace of datagrams line by line, keeping only which IP ids each packet id had. */
async function traceDatagrams(args: readonly string[], count: number, rate: number, waitForAll = false) {
  const packets = new Map<number, Seen>();
  let records = 0;
  let ends = 0;
  let allSeen: () => void = () => undefined;
  const untilAllSeen = new Promise<void>((resolve) => {
    allSeen = resolve;
  });
  const { stderr, exitCode } = await trace({
    args: ['--keep', ...args, `udp dst port ${PORT}`],
    // under emulation the reader of all those lines is behind the kernel: it may finish before it is stopped
    traffic: async () => {
      await blast(count, rate);
      if (waitForAll) await whileComing(30_000, untilAllSeen, () => records);
    },
    onLine(line: Line) {
      records += 1;
      if (line.kind === 'free') {
        ends += 1;
        if (ends === count) allSeen();
      }
      if (line.kind !== 'hop' && line.kind !== 'drop') return;
      let seen = packets.get(line.packet);
      if (seen === undefined) {
        seen = { ids: new Set(), hops: 0 };
        packets.set(line.packet, seen);
      }
      seen.hops += 1;
      if (typeof line.ip_id === 'number') seen.ids.add(line.ip_id);
    },
  });
  equal(exitCode, 0, 'exit status');
  return { packets, records, summary: summaryOf(stderr) };
}

/** Resolves with the promise, or when nothing has come for that long: what is then missing is found by the checks. */
async function whileComing(ms: number, promise: Promise<void>, came: () => number): Promise<void> {
  let isOver = false;
  const over = promise.then(() => {
    isOver = true;
  });
  for (let before = -1; !isOver && came() > before; ) {
    before = came();
    await Promise.race([over, setTimeout(ms, undefined, { ref: false })]);
  }
}

function noneMixed(packets: ReadonlyMap<number, Seen>): void {
  for (const [id, seen] of packets) check(seen.ids.size <= 1, `packet ${id} is one datagram`, [...seen.ids]);
}

export const identity: readonly Scenario[] = [
  {
    name: `no path mixes two of ${DATAGRAMS} datagrams sent one straight after another`,
    async run() {
      const { packets, records, summary } = await traceDatagrams([], DATAGRAMS, 0);
      noneMixed(packets);
      equal(records + summary.lost, summary.events, 'records printed and lost add up to the events made');
      if (summary.lost === 0) {
        equal(packets.size, DATAGRAMS, 'packets');
        equal(new Set([...packets.values()].flatMap((seen) => [...seen.ids])).size, DATAGRAMS, 'IP ids');
      }
    },
  },
  {
    name: 'with a ring buffer far too small, what is lost is reported as counted and still nothing is mixed',
    async run() {
      const { packets, records, summary } = await traceDatagrams(['--ring-size', '8K'], 3000, 0);
      noneMixed(packets);
      check(summary.lost > 0, 'a ring of 8 KiB overflows', summary);
      equal(records + summary.lost, summary.events, 'records printed and lost add up to the events made');
    },
  },
  {
    name: 'with lanes that are full again and again, hops go by the ring, and nothing is mixed or uncounted',
    async run() {
      const { packets, records, summary } = await traceDatagrams(['--ring-size', '128K'], 3000, 0);
      noneMixed(packets);
      equal(records + summary.lost, summary.events, 'records printed and lost add up to the events made');
    },
  },
  {
    name: 'at 500 datagrams a second with default probes and buffer none is lost',
    async run() {
      const count = 1000;
      const { packets, summary } = await traceDatagrams([], count, 500, true);
      equal(summary.lost, 0, 'lost events');
      equal(packets.size, count, 'packets');
      noneMixed(packets);
    },
  },
  {
    name: 'with a ring buffer for each CPU, what packets on all of them did is told in the order of time, and whole',
    async run() {
      const count = 200;
      const { paths, seen, events, late, summary } = await traceOnAll(count);
      equal(summary.lost, 0, 'lost events');
      equal(paths.length, count * cpus().length, 'packets');
      equal(seen.size, cpus().length, 'CPUs that packets were on');
      // the emulator may leave a CPU alone between an event's time and its place in the ring
      check(late <= events / 1000, 'events that come behind later ones', { late, events });
      const ways = new Map<string, number>();
      for (const path of paths) ways.set(path, (ways.get(path) ?? 0) + 1);
      check(
        [...ways.keys()].every((path) => path.includes('ip_rcv') && path.includes('udp_rcv')),
        'every path is whole',
        [...ways],
      );
    },
  },
];
