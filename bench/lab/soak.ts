/**
 * Runs inside the lab: the whole product under load for hours, with a page that watches. Every few minutes other functions
 * are probed, now and then the filter is exchanged.
 *
 *   node dist/bench-soak.mjs MINUTES
 *
 * Prints one line of JSON for each minute.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import type { BrowserToServer, LiveStats, ServerToBrowser, Snapshot } from '../../core/messages/browser.ts';
import { type CaptureSpec, DEFAULT_SPEC, type ProbePlan } from '../../core/messages/source.ts';
import { planOf } from '../../core/model/probes/plan.ts';
import type { SoakSample } from './soak-figures.ts';

const ROOT = dirname(import.meta.dirname);
const BLAST = join(ROOT, 'dist', 'udpblast');
const CLIENT = 'web';
const SERVER = { netns: 'db', address: '10.1.0.3' };
const PORT = 5001;
/** With all functions probed some 160 events each: what the emulated machine tells without losing any. */
const PER_SECOND = 20;
const SWITCH_MINUTES = 5;
const EXCHANGE_MINUTES = 30;
const PAGE_PORT = 3000;

const ALL = planOf('all');
const PLANS: readonly ProbePlan[] = [ALL, { ...ALL, remove: { ...ALL.remove, stages: ['qdisc', 'socket'] } }];
const FILTERS = [`udp dst port ${PORT}`, `udp port ${PORT}`];

const minutes = Number(process.argv[2]);
const started: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of started) child.kill('SIGINT');
});

function start(command: string, ...words: string[]): ChildProcess {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.once('exit', (code) => {
    console.error(`soak: ${command} ${words.join(' ')} ended with status ${code}`);
    process.exit(1);
  });
  started.push(child);
  return child;
}

const says = (child: ChildProcess, pattern: RegExp): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    child.stdout?.on('data', (more: Buffer) => {
      text += more.toString();
      const found = pattern.exec(text);
      if (found !== null) resolve(found[1] ?? '');
    });
  });

/** A page that keeps up, as far as the server can tell. */
class Page {
  readonly #socket: Socket<ServerToBrowser, BrowserToServer>;
  snapshot: Snapshot | undefined;
  stats: LiveStats | undefined;
  /** Of the settings before. */
  #events = 0;
  #packets = 0;
  #lost = 0;

  constructor(token: string) {
    this.#socket = io(`http://127.0.0.1:${PAGE_PORT}`, {
      transports: ['websocket'],
      extraHeaders: { cookie: `skbtracer-${PAGE_PORT}=${token}` },
    });
    this.#socket.on('snapshot', (snapshot) => {
      this.snapshot = snapshot;
    });
    this.#socket.on('stats', (stats) => {
      this.stats = stats;
    });
    this.#socket.on('rows', () => this.#socket.emit('credit', 1));
  }

  async until(isTrue: () => boolean, what: string): Promise<void> {
    for (let i = 0; i < 1200; i += 1) {
      if (isTrue()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`two minutes passed before: ${what}`);
  }

  async apply(spec: CaptureSpec): Promise<void> {
    const before = this.counts();
    const result = await this.#socket.timeout(300_000).emitWithAck('apply', spec);
    if (!result.ok) throw new Error(`refused: ${result.error.message}`);
    await this.until(() => this.snapshot?.capture.phase === 'running', 'the capture runs');
    const now = this.stats?.tracer;
    // counts that begin anew
    if (now !== undefined && now.events < before.events - this.#events) {
      this.#events = before.events;
      this.#packets = before.packets;
      this.#lost = before.lost;
    }
  }

  counts() {
    const tracer = this.stats?.tracer;
    return {
      events: this.#events + (tracer?.events ?? 0),
      packets: this.#packets + (tracer?.packets ?? 0),
      lost: this.#lost + (tracer?.lostRing ?? []).reduce((sum, one) => sum + one, 0),
      tracked: tracer?.tracked ?? 0,
    };
  }
}

/** The first process whose command line has this: those that detach probes are copies of the agent. */
function processOf(part: string): string {
  const runs = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        .split('\0')
        .some((word) => word.endsWith(part));
    } catch {
      return false; // ended meanwhile
    }
  };
  const [found] = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && runs(pid))
    .sort((a, b) => Number(a) - Number(b));
  if (found === undefined) throw new Error(`no process runs ${part}`);
  return found;
}

const kilobytes = (text: string, name: string): number =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]);

const listed = (what: string): { readonly bytes_memlock?: number }[] =>
  JSON.parse(
    execFileSync(join(ROOT, 'dist', 'bpftool'), ['-j', what, 'show'], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    }),
  );

function sample(minute: number, page: Page, switches: number, exchanges: number): SoakSample {
  const agent = processOf('/agent.mjs');
  const memory = readFileSync('/proc/meminfo', 'utf8');
  const maps = listed('map');
  const anonymous = (pid: string) => kilobytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'RssAnon');
  return {
    minute,
    agent: anonymous(agent),
    server: anonymous(processOf('/server.mjs')),
    maps: maps.reduce((sum, { bytes_memlock }) => sum + Number(bytes_memlock ?? 0), 0),
    kernel: ['Slab', 'VmallocUsed', 'Percpu'].reduce((sum, name) => sum + kilobytes(memory, name), 0),
    mapCount: maps.length,
    programs: listed('prog').length,
    links: listed('link').length,
    descriptors: readdirSync(`/proc/${agent}/fd`).length,
    ...page.counts(),
    switches,
    exchanges,
  };
}

const spec = (filter: number, plan: number): CaptureSpec => ({
  ...DEFAULT_SPEC,
  filter: { ...DEFAULT_SPEC.filter, expression: FILTERS[filter % FILTERS.length] ?? '' },
  probes: PLANS[plan % PLANS.length] ?? ALL,
});

process.env.PORT = String(PAGE_PORT);
const product = start(join(ROOT, 'bin', 'skbtracer'), 'serve', '--source', 'host');
const page = new Page(await says(product, /\?token=(\w+)/));
await page.until(() => page.snapshot?.source.phase === 'connected', 'the agent is there');
await says(start('ip', 'netns', 'exec', SERVER.netns, BLAST, 'serve', `udp:${PORT}`), /listening/);
await page.apply(spec(0, 0));
start('ip', 'netns', 'exec', CLIENT, BLAST, 'send', SERVER.address, String(PORT), '1000000000', String(PER_SECOND)); // biome-ignore format: a command

let switches = 0;
let exchanges = 0;
const begun = performance.now();
for (let minute = 1; minute <= minutes; minute += 1) {
  if (minute % SWITCH_MINUTES === 0) switches += 1;
  if (minute % EXCHANGE_MINUTES === 0) exchanges += 1;
  if (minute % SWITCH_MINUTES === 0) await page.apply(spec(exchanges, switches));
  await new Promise((resolve) =>
    setTimeout(resolve, Math.max(0, begun + minute * 60_000 - performance.now())),
  );
  // what is being detached is still there
  if ((page.stats?.tracer.detaching ?? 0) > 0)
    await page.until(() => page.stats?.tracer.detaching === 0, 'all that was switched off is detached');
  console.log(JSON.stringify(sample(minute, page, switches, exchanges)));
}
process.exit(0);
