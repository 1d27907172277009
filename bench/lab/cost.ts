/**
 * Runs inside the lab: what a followed datagram costs, and what a stream costs that is none of the capture's business,
 * with tracing off, an empty program on every function, and ours. In counted time a nanosecond is an instruction.
 *
 *   node dist/bench-cost.mjs [--ordinary] [--pwru PATH] [--programs] [MODE…]
 *
 * Prints one line of JSON for each mode. `--ordinary`: the clock is not counted, and datagrams are more. `--programs` has
 * the kernel measure each eBPF program, which costs itself.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Measured, ProgramTime } from './figures.ts';

const ROOT = dirname(import.meta.dirname);
const BLAST = join(ROOT, 'dist', 'udpblast');
const CLI = join(ROOT, 'bin', 'skbtracer');
const BRIDGE = 'cost-bridge';
const CLIENT = { netns: 'cost-client', address: '10.9.0.2' };
const SERVER = { netns: 'cost-server', address: '10.9.0.3' };
const PORT = 5001;
/** As many as it takes for probes to settle: docs/decisions/022-settled-under-load.md. */
const WARM_UP = 500;
const WARM_UP_SECONDS = 1;
const STREAM_SECONDS = 2;
const ALL = ['--group', 'all', '--json'];

const arguments_ = process.argv.slice(2);
const pwru = arguments_.includes('--pwru') ? arguments_[arguments_.indexOf('--pwru') + 1] : undefined;
const isByProgram = arguments_.includes('--programs');
const count = arguments_.includes('--ordinary') ? 1000 : 300;
const wanted = arguments_.filter((word, i) => !word.startsWith('--') && arguments_[i - 1] !== '--pwru');

interface Mode {
  readonly name: string;
  /** What traces; ready when it resolves. */
  readonly start: () => Promise<Tracer | undefined>;
  readonly measures: readonly ('datagrams' | 'stream')[];
}

interface Tracer {
  readonly stop: () => Promise<{ readonly delivered?: number; readonly lost?: number }>;
}

const ours =
  (...flags: string[]) =>
  async (): Promise<Tracer> => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const ready = join(folder, 'ready');
    const child = spawn(CLI, ['trace', '--ready-file', ready, ...flags], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said = textOf(child);
    await Promise.race([appears(folder, 'ready'), ended(child, said)]);
    return {
      async stop() {
        child.kill('SIGINT');
        await closed(child);
        rmSync(folder, { recursive: true });
        const number = (pattern: RegExp) =>
          Number(pattern.exec(said())?.[1]?.replaceAll(',', '') ?? Number.NaN);
        return { delivered: number(/([\d,]+) events/), lost: number(/([\d,]+) lost/) };
      },
    };
  };

async function empty(): Promise<Tracer> {
  const functions = execFileSync(CLI, ['functions', '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 })
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { name: string }).name);
  const child = spawn(join(ROOT, 'dist', 'bench-empty'), { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin?.end(functions.join('\n'));
  await says(child, 'attached');
  return {
    async stop() {
      child.kill('SIGTERM');
      await closed(child);
      return {};
    },
  };
}

const asPwru =
  (...filter: string[]) =>
  async (): Promise<Tracer> => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const child = spawn(
      pwru ?? '',
      [
        '--backend',
        'kprobe-multi',
        '--all-kmods',
        '--output-tuple',
        '--ready-file',
        join(folder, 'ready'),
        '--output-file',
        join(folder, 'out'),
        ...filter,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const said = textOf(child);
    await Promise.race([appears(folder, 'ready'), ended(child, said)]);
    return {
      async stop() {
        child.kill('SIGINT');
        await closed(child);
        const delivered = readFileSync(join(folder, 'out'), 'utf8')
          .split('\n')
          .filter((line) => line.includes(`:${PORT}`)).length;
        rmSync(folder, { recursive: true });
        return { delivered };
      },
    };
  };

const FOLLOWED = `udp port ${PORT}`;
const MODES: readonly Mode[] = [
  { name: 'off', start: async () => undefined, measures: ['datagrams', 'stream'] },
  { name: 'empty', start: empty, measures: ['datagrams', 'stream'] },
  { name: 'streamed', start: ours(...ALL, FOLLOWED), measures: ['datagrams'] },
  { name: 'tail', start: ours(...ALL, '--tail', 'drops', FOLLOWED), measures: ['datagrams'] },
  { name: 'other-protocol', start: ours(...ALL, FOLLOWED), measures: ['stream'] },
  { name: 'other-port', start: ours(...ALL, 'tcp port 5002'), measures: ['stream'] },
  ...(pwru === undefined
    ? []
    : [
        { name: 'pwru', start: asPwru(FOLLOWED), measures: ['datagrams'] } as const,
        { name: 'pwru-other-protocol', start: asPwru(FOLLOWED), measures: ['stream'] } as const,
      ]),
];

/**
 * Sends datagrams to a reader: CPU time in ns that sending and reading took, each in its own process, and how many a
 * second were sent.
 */
async function datagrams(count: number): Promise<{ readonly cpuNs: number; readonly perSecond: number }> {
  const sink = spawn('ip', ['netns', 'exec', SERVER.netns, BLAST, 'sink', String(PORT), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const took = textOf(sink, 'stdout');
  await says(sink, 'listening');
  const sent = execFileSync(
    'ip',
    ['netns', 'exec', CLIENT.netns, BLAST, 'send', SERVER.address, String(PORT), String(count), '0'],
    { encoding: 'utf8' },
  );
  await closed(sink);
  const cpu = (text: string) => Number(/(\d+) ns of CPU/.exec(text)?.[1]);
  return {
    cpuNs: cpu(sent) + cpu(took()),
    perSecond: count / (Number(/in (\d+) ns/.exec(sent)?.[1]) / 1e9),
  };
}

/** Bits a second of a TCP stream. */
async function stream(seconds: number): Promise<number> {
  const server = spawn('ip', ['netns', 'exec', SERVER.netns, 'iperf3', '-s', '-1', '--forceflush'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await says(server, 'listening');
  const json = execFileSync(
    'ip',
    ['netns', 'exec', CLIENT.netns, 'iperf3', '-c', SERVER.address, '-t', String(seconds), '-J'],
    { encoding: 'utf8' },
  );
  await closed(server);
  return (JSON.parse(json) as { end: { sum_received: { bits_per_second: number } } }).end.sum_received
    .bits_per_second;
}

/** A bridge in a namespace of its own, with br_netfilter and no rule, and a host on each side of it. */
function makeNetwork(): void {
  const ip = (...words: string[]) => execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
  ip('netns', 'add', BRIDGE);
  ip('-n', BRIDGE, 'link', 'add', 'br0', 'type', 'bridge');
  for (const { netns, address } of [CLIENT, SERVER]) {
    const port = netns.replace('cost-', 'v');
    ip('netns', 'add', netns);
    ip('-n', BRIDGE, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
    ip('-n', BRIDGE, 'link', 'set', port, 'master', 'br0', 'up');
    ip('-n', netns, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', netns, 'link', 'set', 'eth0', 'up');
  }
  ip('-n', BRIDGE, 'link', 'set', 'br0', 'up');
  ip('netns', 'exec', BRIDGE, 'sh', '-c', 'echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables');
}

/** What each eBPF program has used so far. */
function programs(): ProgramTime[] {
  interface Listed {
    readonly name?: string;
    readonly type: string;
    readonly run_cnt?: number;
    readonly run_time_ns?: number;
  }
  const listed = JSON.parse(
    execFileSync(join(ROOT, 'dist', 'bpftool'), ['prog', 'show', '-j'], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    }),
  ) as Listed[];
  return listed
    .filter(({ run_cnt }) => run_cnt !== undefined)
    .map(({ name, type, run_cnt, run_time_ns }) => ({
      name: name ?? type,
      runs: run_cnt ?? 0,
      timeNs: run_time_ns ?? 0,
    }));
}

/** Waits until no probe of the last mode is left: they are taken away in the background. */
async function untilDetached(): Promise<void> {
  const left = () =>
    readFileSync('/sys/kernel/tracing/enabled_functions', 'utf8').length +
    readFileSync('/sys/kernel/debug/kprobes/list', 'utf8').length;
  for (let i = 0; i < 600 && left() > 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 500));
}

/** Waits until probes are exchanged no more: under load, those that are hit most become typed ones. */
async function untilSettled(): Promise<void> {
  const attached = () => readFileSync('/sys/kernel/tracing/enabled_functions', 'utf8');
  let before = '';
  for (let i = 0; i < 60 && attached() !== before; i += 1) {
    before = attached();
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function measure(mode: Mode): Promise<Measured> {
  const tracer = await mode.start();
  let perDatagram: number | undefined;
  let perSecond: number | undefined;
  let streamBits: number | undefined;
  let byProgram: ProgramTime[] | undefined;
  if (mode.measures.includes('datagrams')) {
    await datagrams(WARM_UP);
    await untilSettled();
    const before = isByProgram ? programs() : [];
    const sent = await datagrams(count);
    perDatagram = sent.cpuNs / count;
    perSecond = sent.perSecond;
    if (isByProgram) byProgram = difference(programs(), before).map((one) => per(one, count));
  }
  if (mode.measures.includes('stream')) {
    await stream(WARM_UP_SECONDS);
    await untilSettled();
    const before = isByProgram && byProgram === undefined ? programs() : undefined;
    streamBits = await stream(STREAM_SECONDS);
    if (before) byProgram = difference(programs(), before);
  }
  const told = (await tracer?.stop()) ?? {};
  await untilDetached();
  return {
    mode: mode.name,
    ...(perDatagram !== undefined && { perDatagram }),
    ...(perSecond !== undefined && { perSecond }),
    ...(streamBits !== undefined && { streamBits }),
    ...(byProgram && { byProgram }),
    ...told,
  };
}

const difference = (after: readonly ProgramTime[], before: readonly ProgramTime[]): ProgramTime[] =>
  sum(after)
    .map(({ name, runs, timeNs }) => {
      const was = sum(before).find((one) => one.name === name);
      return { name, runs: runs - (was?.runs ?? 0), timeNs: timeNs - (was?.timeNs ?? 0) };
    })
    .filter(({ runs }) => runs > 0)
    .sort((a, b) => b.timeNs - a.timeNs);

function sum(times: readonly ProgramTime[]): ProgramTime[] {
  const sums = new Map<string, ProgramTime>();
  for (const { name, runs, timeNs } of times) {
    const was = sums.get(name);
    sums.set(name, { name, runs: runs + (was?.runs ?? 0), timeNs: timeNs + (was?.timeNs ?? 0) });
  }
  return [...sums.values()];
}

const per = ({ name, runs, timeNs }: ProgramTime, count: number): ProgramTime => ({
  name,
  runs: runs / count,
  timeNs: timeNs / count,
});

function textOf(child: ChildProcess, stream: 'stdout' | 'stderr' = 'stderr'): () => string {
  let text = '';
  child[stream]?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  return () => text;
}

const closed = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('close', () => resolve()));

/** Rejects when the child ends. */
const ended = (child: ChildProcess, said: () => string): Promise<never> =>
  new Promise((_, reject) =>
    child.once('close', () => reject(new Error(`ended before it was ready: ${said()}`))),
  );

const says = (child: ChildProcess, word: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (more: Buffer) => {
      text += more.toString();
      if (text.toLowerCase().includes(word)) resolve();
    });
    child.once('close', () => reject(new Error(`ended before it said ${word}: ${text}`)));
  });

const appears = (folder: string, name: string): Promise<void> =>
  new Promise((resolve) => {
    const there = () => readdirSync(folder).includes(name);
    const watcher = watch(folder, () => {
      if (!there()) return;
      watcher.close();
      resolve();
    });
    if (there()) {
      watcher.close();
      resolve();
    }
  });

makeNetwork();
if (isByProgram) writeFileSync('/proc/sys/kernel/bpf_stats_enabled', '1');
for (const mode of MODES)
  if (wanted.length === 0 || wanted.includes(mode.name)) console.log(JSON.stringify(await measure(mode)));
