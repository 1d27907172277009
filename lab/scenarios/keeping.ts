/** What `serve` keeps on the disk while it runs: everything that it saw, until the disk is full. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { check, equal } from './check.ts';
import { inFolder, ours, withDroppedPort } from './commands.ts';
import { run, shell, tool } from './network.ts';
import { Page } from './page.ts';
import { CLI } from './place.ts';
import type { Scenario } from './scenario.ts';

const PORT = 3998;
/** Until something is so; each look takes a request's time. */
const DEADLINE_MS = 120_000;

/** `skbtracer serve`, and what its /metrics say. */
class Served {
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | null>;
  #token = '';

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#exited = new Promise((resolve) => {
      process.once('exit', (code) => resolve(code));
    });
  }

  /** Returns once packets are captured. */
  static async start(recordings: string, flags: readonly string[]): Promise<Served> {
    const served = new Served(
      spawn(CLI, ['serve', '--source', 'host', '--recordings', recordings, ...flags], {
        env: { ...process.env, PORT: String(PORT) },
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    const { stdout } = served.#process;
    if (stdout === null) throw new Error('no output to read');
    for await (const line of createInterface({ input: stdout })) {
      served.#token = /token=([0-9a-f]+)/.exec(line)?.[1] ?? '';
      if (served.#token !== '') break;
    }
    await served.until('skbtracer_capturing', (value) => value === 1);
    return served;
  }

  async until(metric: string, holds: (value: number) => boolean): Promise<number> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const value = await this.metric(metric);
      if (holds(value)) return value;
      check(performance.now() < deadline, `${metric} becomes what is waited for`, value);
    }
  }

  /** `name`: a regular expression; NaN where there is none. */
  async metric(name: string): Promise<number> {
    const metrics = await text(await this.#request('GET', '/metrics'));
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1]);
  }

  /** The session that runs, into a file. */
  async save(path: string): Promise<void> {
    const response = await this.#request('GET', '/session.skbt');
    equal(response.statusCode, 200, 'status of the session');
    await pipeline(response, createWriteStream(path));
  }

  /** By hand; the recording's name. */
  async freeze(seconds: number): Promise<string> {
    const response = await this.#request('POST', `/freeze?seconds=${seconds}`);
    const answer = await text(response);
    equal(response.statusCode, 201, `status of a freeze: ${answer}`);
    return (JSON.parse(answer) as { value: { name: string } }).value.name;
  }

  /** What runs or, with its name, a recording. */
  page(recording = ''): Promise<Page> {
    return Page.open(PORT, this.#token, recording);
  }

  async #request(method: string, path: string): Promise<IncomingMessage> {
    // a connection each: one that is kept is closed while a command runs, which nobody here would notice
    const asked = request(`http://127.0.0.1:${PORT}${path}`, {
      agent: false,
      method,
      headers: { authorization: `Bearer ${this.#token}` },
    });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return response;
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGINT');
    equal(await this.#exited, 0, 'exit status of serve');
  }

  /** However it went. */
  async end(): Promise<void> {
    this.#process.kill('SIGINT');
    await this.#exited;
  }
}

/** Works with a `serve` that keeps its sessions there, and is stopped by then. */
async function serving(
  recordings: string,
  flags: readonly string[],
  work: (served: Served) => Promise<void>,
): Promise<void> {
  const served = await Served.start(recordings, flags);
  try {
    await work(served);
    await served.stop();
  } finally {
    await served.end();
  }
}

/** A folder that the server, which has no privileges, can get into. */
const inOpenFolder = (work: (folder: string) => Promise<void>) =>
  inFolder((folder) => {
    chmodSync(folder, 0o755);
    return work(folder);
  });

const recordingsIn = (folder: string) => readdirSync(folder).filter((file) => file.endsWith('.skbt'));
const isFrozen = (file: string) => file.endsWith('-frozen.skbt');

/** Datagrams that are sent, so slowly that none is lost, and where to: much more than memory has. */
const SENT = 300;
const TO = 7000;

interface Line {
  readonly kind: string;
  readonly packet: number;
}

/** What a recording has, as `--json` prints it. */
function replayed(path: string) {
  const { status, lines, stderr } = ours('replay', path, '--json');
  equal(status, 0, `exit status of replay: ${stderr}`);
  check(!/ring buffer/.test(stderr), 'the kernel lost nothing of it', stderr);
  return lines.map((line) => ({ ...(JSON.parse(line) as Line), line }));
}

/** Everything of these packets, as it was printed. */
const linesOf = (packets: ReadonlySet<number>, all: ReturnType<typeof replayed>): string =>
  all
    .filter(({ packet }) => packets.has(packet))
    .map(({ line }) => line)
    .join('\n');

/** Of the packet that the rule dropped, with the rule: the host was asked as long as it was there. */
function checkFrozen(path: string): void {
  const { status, stdout, stderr } = ours('replay', path, '--why');
  equal(status, 0, `exit status of replay: ${stderr}`);
  check(/udp dport 9999/.test(stdout), 'the rule is in what was frozen', stdout);
}

/** By SQL, and of tables in Parquet, it has as many packets and hops as these lines. */
function checkTables(path: string, parquet: string, lines: ReturnType<typeof replayed>): void {
  const hops = lines.filter(({ kind }) => kind === 'hop');
  const counts = 'SELECT count(*) AS hops, count(DISTINCT packet) AS packets FROM hops';
  const asked = ours('query', path, '--json', counts);
  const expected = { hops: hops.length, packets: new Set(hops.map(({ packet }) => packet)).size };
  equal(JSON.parse(asked.stdout), expected, `by SQL: ${asked.stderr}`);
  equal(ours('export', path, '--format', 'parquet', '-o', parquet).status, 0, 'exit status of export');
  check(existsSync(join(parquet, 'packets.parquet')), 'a file for each table', readdirSync(parquet));
  const fromFile = ours(
    'query',
    path,
    '--json',
    counts.replace('FROM hops', `FROM '${parquet}/hops.parquet'`),
  );
  equal(JSON.parse(fromFile.stdout), expected, `of Parquet: ${fromFile.stderr}`);
}

/** Steps of each path, and how many packets took it. */
const waysOf = ({ steps, paths }: Awaited<ReturnType<Page['paths']>>) =>
  paths
    .map(({ count, steps: way }) => ({
      count,
      way: way.map((step) => `${steps[step]?.func} ${steps[step]?.netns} ${steps[step]?.reason}`),
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** Works with a page of what runs or, with its name, of a recording. */
async function onPage<T>(served: Served, recording: string, work: (page: Page) => Promise<T>): Promise<T> {
  const page = await served.page(recording);
  try {
    return await work(page);
  } finally {
    page.close();
  }
}

const toDropped = () => shell('web', 'exec 2> /dev/null', 'echo x > /dev/udp/10.1.0.3/9999');

/** A session of which memory has the last few packets: asked, saved and frozen while it runs. Its filter is another one then. */
const beyondMemory = (served: Served, into: string, saved: string) =>
  onPage(served, '', async (page) => {
    shell(
      'web',
      'exec > /dev/null',
      'ping -q -c3 -i0.2 -W5 10.1.0.3',
      `${tool('udpblast')} send 10.1.0.3 ${TO} ${SENT} 100`,
    );
    const packets = await page.packetsTo(TO, SENT);
    equal(packets.length, SENT, 'packets that were sent, and are listed');
    const paths = await page.paths(packets, ({ packets: folded }) => folded === SENT);
    equal(Object.values(paths.leftOut), [0, 0, 0, 0], 'packets whose paths are not known');
    const inMemory = await page.paths(null);
    check(inMemory.packets < SENT / 2, 'memory has few of them', inMemory.packets);
    equal((await page.latency(packets)).packets, SENT, 'packets whose times are known');
    await served.save(saved);
    const frozen = await served.freeze(3600);
    const [file = '', ...more] = recordingsIn(into).filter((one) => !isFrozen(one));
    equal(more, [], 'other recordings');
    await page.refilter('udp dst port 9999');
    return { file, frozen: `${frozen}.skbt`, packets, paths };
  });

/** Once another session is kept, this one is opened. */
async function opensByIndex(
  served: Served,
  { file, packets, paths }: Awaited<ReturnType<typeof beyondMemory>>,
): Promise<void> {
  toDropped();
  await onPage(served, '', (page) => page.isKept(file));
  await onPage(served, file.slice(0, -'.skbt'.length), async (page) => {
    equal([...(await page.packetsTo(TO, SENT))], [...packets], 'packets of what was kept');
    // memory would have as little of it: these come out of its index
    const again = await page.paths(packets, ({ packets: folded }) => folded === SENT);
    equal(waysOf(again), waysOf(paths), 'paths of what was kept');
  });
}

const kept: Scenario = {
  name: 'what serve saw is a recording, saved and frozen while it runs and opened afterwards, with every packet that was sent, by SQL and as Parquet, too; what it waited for is one of its own',
  run: () =>
    inOpenFolder((folder) =>
      withDroppedPort(async () => {
        const into = join(folder, 'kept');
        const saved = join(folder, 'saved.skbt');
        const flags = ['--memory', '64K', '--freeze', 'drop:NETFILTER_DROP', '--after', '1h'];
        let first: Awaited<ReturnType<typeof beyondMemory>> | undefined;
        await serving(into, flags, async (served) => {
          first = await beyondMemory(served, into, saved);
          await opensByIndex(served, first);
          toDropped();
          // stopped at once: what the kernel side has of it is handed over
        });
        check(first !== undefined, 'it ran');
        const { file, frozen } = first;
        const packets = new Set(first.packets);
        const others = recordingsIn(into).filter((one) => one !== file && one !== frozen);
        const [second = '', ...seconds] = others.filter((one) => !isFrozen(one));
        const [happened = '', ...more] = others.filter(isFrozen);
        equal([...seconds, ...more], [], 'other recordings');
        checkFrozen(join(into, happened));
        const path = join(into, file);
        const lines = replayed(path);
        const sent = linesOf(packets, lines);
        check(sent.length > 1 << 20, 'memory has no room for them', sent.length);
        for (const copy of [saved, join(into, frozen)])
          check(linesOf(packets, replayed(copy)) === sent, `all of them are in ${copy}`);
        checkTables(path, join(folder, 'parquet'), lines);
        const drops = ours(
          'query',
          join(into, second),
          "SELECT netns, count(*) AS n FROM named_drops WHERE reason = 'NETFILTER_DROP' GROUP BY netns",
        );
        equal(drops.stdout.trim().split(/\s+/), ['netns', 'n', 'db', '2'], 'where the rule dropped');
      }),
    ),
};

const full: Scenario = {
  name: 'a full disk ends the keeping, which is told, and not the capture; what was kept is read',
  run: () =>
    inOpenFolder(async (folder) => {
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      run('', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', disk);
      try {
        const into = join(disk, 'kept');
        await serving(into, [], async (served) => {
          await served.until('skbtracer_keeping', (keeping) => keeping === 1);
          for (let keeping = 1; keeping === 1; keeping = await served.metric('skbtracer_keeping'))
            shell('web', 'ping -q -f -c200 -W5 10.1.0.3 > /dev/null');
          const before = await served.metric('skbtracer_hops_total');
          shell('web', 'ping -q -c2 -i0.2 -W5 10.1.0.3 > /dev/null');
          await served.until('skbtracer_hops_total', (hops) => hops > before);
        });
        const [file = ''] = recordingsIn(into);
        const { status, lines, stderr } = ours('replay', join(into, file), '--json');
        equal(status, 0, `exit status of replay: ${stderr}`);
        check(lines.length > 1000, 'what was kept before is in it', lines.length);
      } finally {
        run('', 'umount', '-l', disk);
      }
    }),
};

export const keeping: readonly Scenario[] = [kept, full];
