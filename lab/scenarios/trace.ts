/**
 * Runs `skbtracer trace --json` as a user would and gives back what it printed, packet by packet. Scenarios know
 * nothing of the inside: what they check is what the command line promises (docs/json-output.md).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CLI } from './place.ts';

/** One line of `--json`; see docs/json-output.md. Only what scenarios look at. */
export interface Line {
  readonly kind: 'hop' | 'drop' | 'free' | 'lineage' | 'decision' | 'diagnosis' | 'socket' | 'told';
  readonly time_ns: number;
  readonly cpu: number;
  readonly packet: number;
  readonly skb: string;
  readonly func?: string;
  readonly stage?: string;
  readonly netns?: number;
  readonly netns_name?: string;
  readonly ifindex?: number;
  readonly ifname?: string;
  readonly pid?: number;
  readonly comm?: string;
  readonly depth?: number;
  /** On a drop. */
  readonly reason?: string;
  readonly location?: string;
  /** Fields that differ from the packet's event before. */
  readonly changed?: readonly string[];
  /** On lineage. */
  readonly parent?: number;
  readonly relation?: string;
  readonly [field: string]: unknown;
}

/** What the summary on stderr says: events, lost ones, and packets that were not followed, or for long. */
export function summaryOf(stderr: string) {
  const number = (pattern: RegExp): number =>
    Number(pattern.exec(stderr)?.[1]?.replaceAll(',', '') ?? Number.NaN);
  return {
    events: number(/([\d,]+) events/),
    lost: number(/([\d,]+) lost/),
    packets: number(/([\d,]+) packets,/),
    refused: number(/([\d,]+) packets could not be followed/),
    longLived: number(/([\d,]+) packets were still followed/),
  };
}

export interface Trace {
  readonly lines: readonly Line[];
  /** With `classic`, and nothing else then. */
  readonly text: readonly string[];
  readonly packets: ReadonlyMap<number, Packet>;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface Packet {
  readonly id: number;
  readonly hops: Line[];
  readonly drops: Line[];
  readonly frees: Line[];
  readonly decisions: Line[];
  /** Where it came from; a reassembled packet has several. */
  readonly origins: Line[];
  /** With `--why`. */
  diagnosis?: Line;
  parent: number;
}

export interface TraceOptions {
  /** Flags and the expression, as on the command line. */
  readonly args: readonly string[];
  /** Makes the traffic; the trace is stopped when it has ended. */
  readonly traffic: (running: ChildProcess, output: Output) => Promise<void> | void;
  /** Without `--json`: lines as they are printed. */
  readonly classic?: boolean;
  /** How it is stopped; `itself` waits for it (`-c`). */
  readonly stop?: 'SIGINT' | 'SIGKILL' | 'itself';
  /** The subcommand, where it is another. */
  readonly command?: 'trace' | 'record';
  /** Called for every line; without it lines are kept. For traces too long to keep. */
  readonly onLine?: (line: Line) => void;
}

/** What a trace prints, while it does. */
export class Output {
  /** What is read so far; not with `onLine`. */
  readonly packets = new Map<number, Packet>();
  #waiting: { readonly fits: (line: Line) => boolean; readonly found: (line: Line) => void }[] = [];

  take(line: Line): void {
    const found = this.#waiting.filter(({ fits }) => fits(line));
    if (found.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => !found.includes(one));
    for (const one of found) one.found(line);
  }

  /** Resolves with the next line that fits; rejects after a minute. */
  line(fits: (line: Line) => boolean): Promise<Line> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no line that was waited for in a minute')), 60_000);
      this.#waiting.push({
        fits,
        found(line) {
          clearTimeout(timer);
          resolve(line);
        },
      });
    });
  }
}

const READY_TIMEOUT_MS = 300_000;
const ENDING_TIMEOUT_MS = 300_000;

/** `--keep DIR` of the lab: what each trace printed is left there, to look at, unless it is too long to keep. */
const LEAVE_IN = process.env.SKBTRACER_LAB_DIR;
let traces = 0;

/** Starts a trace, waits until every probe is attached, makes the traffic, stops, reads all of the output. */
export async function trace(options: TraceOptions): Promise<Trace> {
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-scenario-'));
  const ready = join(folder, 'ready');
  const child = spawn(
    CLI,
    [
      options.command ?? 'trace',
      ...(options.classic ? [] : ['--json']),
      '--ready-file',
      ready,
      ...options.args,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  try {
    return await watchTrace(child, ready, folder, options);
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function watchTrace(
  child: ReturnType<typeof spawn>,
  ready: string,
  folder: string,
  options: TraceOptions,
): Promise<Trace> {
  const { stdout, stderr: errors } = child;
  if (stdout === null || errors === null) throw new Error('the trace has no pipes');
  let stderr = '';
  errors.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  traces += 1;
  const kept = LEAVE_IN === undefined || options.onLine ? undefined : join(LEAVE_IN, `trace-${traces}.jsonl`);
  const lined: string[] = [];
  const lines: Line[] = [];
  const output = new Output();
  const { packets } = output;
  const input = createInterface({ input: stdout });
  input.on('line', (text) => {
    if (kept !== undefined) appendFileSync(kept, `${text}\n`);
    if (options.classic) {
      lined.push(text);
      return;
    }
    const line: Line = JSON.parse(text);
    output.take(line);
    if (options.onLine) options.onLine(line);
    else {
      lines.push(line);
      collect(packets, line);
    }
  });
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  const read = new Promise<void>((resolve) => {
    input.once('close', () => resolve());
  });
  const started = await Promise.race([fileAppears(ready, folder), closed.then(() => 'ended' as const)]);
  if (started === 'ended') throw new Error(`the trace ended before it was ready:\n${stderr}`);
  await options.traffic(child, output);
  if (options.stop !== 'itself') child.kill(options.stop ?? 'SIGINT');
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, ENDING_TIMEOUT_MS);
  const exitCode = await closed;
  clearTimeout(timer);
  if (isLate) throw new Error(`the trace did not end within ${ENDING_TIMEOUT_MS / 1000} s:\n${stderr}`);
  await read;
  return { lines, text: lined, packets, stderr, exitCode };
}

export const noPacket = (id: number): Packet => ({
  id,
  hops: [],
  drops: [],
  frees: [],
  decisions: [],
  origins: [],
  parent: 0,
});

/** Puts a line to its packet. */
export function collect(packets: Map<number, Packet>, line: Line): void {
  if (line.kind === 'socket') return;
  let packet = packets.get(line.packet);
  if (packet === undefined) {
    packet = noPacket(line.packet);
    packets.set(line.packet, packet);
  }
  if (line.kind === 'hop') packet.hops.push(line);
  else if (line.kind === 'drop') packet.drops.push(line);
  else if (line.kind === 'free') packet.frees.push(line);
  else if (line.kind === 'decision') packet.decisions.push(line);
  else if (line.kind === 'diagnosis') packet.diagnosis = line;
  else if (line.kind === 'lineage') {
    packet.origins.push(line);
    if (line.parent !== line.packet) packet.parent = line.parent ?? 0;
  }
}

/** Resolves once the file is there; rejects after five minutes. */
export function fileAppears(file: string, folder: string): Promise<'ready'> {
  return new Promise((resolve, reject) => {
    const watcher = watch(folder, () => {
      if (existsSync(file)) done();
    });
    const timer = setTimeout(() => {
      watcher.close();
      reject(new Error(`not ready after ${READY_TIMEOUT_MS / 1000} s`));
    }, READY_TIMEOUT_MS);
    const done = () => {
      clearTimeout(timer);
      watcher.close();
      resolve('ready');
    };
    if (existsSync(file)) done();
  });
}

/** Runs a command in a namespace of the sample network, to its end; returns what it printed. */
export function inNamespace(namespace: string, command: string, ...args: string[]): string {
  return execFileSync('ip', ['netns', 'exec', namespace, command, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Inode of a namespace of `ip netns`. */
export function netnsInode(namespace: string): number {
  const link = inNamespace(namespace, 'readlink', '/proc/self/ns/net');
  return Number(/\d+/.exec(link)?.[0] ?? Number.NaN);
}

export function kernelVersion(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
}
