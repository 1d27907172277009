/** What `serve` keeps on the disk while it runs: everything that it saw, until the disk is full. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { check, equal } from './check.ts';
import { inFolder, ours, withDroppedPort } from './commands.ts';
import { run, shell } from './network.ts';
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
    // a connection each: one that is kept is closed while a command runs, which nobody here would notice
    const request = get(`http://127.0.0.1:${PORT}/metrics`, {
      agent: false,
      headers: { authorization: `Bearer ${this.#token}` },
    });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const metrics = await text(response);
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1]);
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

/** One, of the packet that the rule dropped, with the rule: the host was asked as long as it was there. */
function checkFrozen([path = '', ...more]: readonly string[]): void {
  equal(more, [], 'other frozen recordings');
  const { status, stdout, stderr } = ours('replay', path, '--why');
  equal(status, 0, `exit status of replay: ${stderr}`);
  check(/udp dport 9999/.test(stdout), 'the rule is in what was frozen', stdout);
}

const kept: Scenario = {
  name: 'what serve saw is a recording afterwards, with as many packets and hops by SQL and as Parquet; what it waited for is one of its own',
  run: () =>
    inOpenFolder((folder) =>
      withDroppedPort(async () => {
        const into = join(folder, 'kept');
        await serving(into, ['--freeze', 'drop:NETFILTER_DROP', '--after', '1h'], async () => {
          shell(
            'web',
            'exec 2> /dev/null',
            'ping -q -c3 -i0.2 -W5 10.1.0.3',
            'echo x > /dev/udp/10.1.0.3/9999',
          );
          // stopped at once: what the kernel side has of it is handed over
        });
        const all = recordingsIn(into);
        const [file = '', ...more] = all.filter((one) => !isFrozen(one));
        equal(more, [], 'other recordings');
        const path = join(into, file);
        checkFrozen(all.filter(isFrozen).map((one) => join(into, one)));
        const replayed = ours('replay', path, '--json');
        equal(replayed.status, 0, `exit status of replay: ${replayed.stderr}`);
        const lines = replayed.lines.map((line) => JSON.parse(line) as { kind: string; packet: number });
        const hops = lines.filter(({ kind }) => kind === 'hop');
        check(hops.length > 100, 'hops are in it', hops.length);
        const counts = 'SELECT count(*) AS hops, count(DISTINCT packet) AS packets FROM hops';
        const asked = ours('query', path, '--json', counts);
        const expected = { hops: hops.length, packets: new Set(hops.map(({ packet }) => packet)).size };
        equal(JSON.parse(asked.stdout), expected, `by SQL: ${asked.stderr}`);
        const drops = ours(
          'query',
          path,
          "SELECT DISTINCT netns FROM named_drops WHERE reason = 'NETFILTER_DROP'",
        );
        equal(drops.stdout.trim().split('\n'), ['netns', 'db'], 'where the rule dropped');
        const parquet = join(folder, 'parquet');
        equal(ours('export', path, '--format', 'parquet', '-o', parquet).status, 0, 'exit status of export');
        check(existsSync(join(parquet, 'packets.parquet')), 'a file for each table', readdirSync(parquet));
        const fromFile = ours(
          'query',
          path,
          '--json',
          counts.replace('FROM hops', `FROM '${parquet}/hops.parquet'`),
        );
        equal(JSON.parse(fromFile.stdout), expected, `of Parquet: ${fromFile.stderr}`);
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
