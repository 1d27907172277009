/** However a trace ends, the kernel is as it was before. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, equal } from './check.ts';
import { BPFTOOL, CLI } from './place.ts';
import type { Scenario } from './scenario.ts';
import { fileAppears, inNamespace, trace } from './trace.ts';

const PORT = 3999;

/** Ids of the eBPF programs of ours in the kernel. */
function ownPrograms(): readonly string[] {
  const programs: unknown = JSON.parse(execFileSync(BPFTOOL, ['-j', 'prog', 'list'], { encoding: 'utf8' }));
  if (!Array.isArray(programs)) throw new Error('bpftool printed no list');
  return programs
    .map((program: { name?: string }) => program.name ?? '')
    .filter((name) => name.startsWith('skbt_'));
}

const probes = (): string => readFileSync('/sys/kernel/debug/kprobes/list', 'utf8').trim();

/** Detaching goes on in the background after a stop: asks until nothing is left, at most a minute. */
async function nothingLeft(): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (ownPrograms().length > 0 || probes() !== '') {
    check(performance.now() < deadline, 'nothing is left in the kernel', {
      programs: ownPrograms(),
      probes: probes(),
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** No process runs dist/agent.mjs: no agent, and none that detaches the probes of one that has ended. */
function noAgentIsLeft(): boolean {
  try {
    execFileSync('pgrep', ['-f', 'dist/agent\\.mjs']);
    return false;
  } catch {
    return true; // pgrep exits 1 when there is none
  }
}

/** The agent that a process has started; 0: none. */
function agentOf({ pid }: ChildProcess): number {
  try {
    return Number(execFileSync('pgrep', ['-P', String(pid), '-f', 'dist/agent\\.mjs'], { encoding: 'utf8' }));
  } catch {
    return 0;
  }
}

export const lifetimes: readonly Scenario[] = [
  {
    name: '-c stops by itself after exactly that many events and leaves nothing behind',
    async run() {
      const { lines, exitCode } = await trace({
        args: ['-c', '5', '--keep', 'icmp'],
        stop: 'itself',
        traffic: () => {
          inNamespace('web', 'ping', '-c1', '-W5', '10.1.0.3');
        },
      });
      equal(exitCode, 0, 'exit status');
      equal(lines.length, 5, 'events printed');
      await nothingLeft();
    },
  },
  {
    name: 'prints into a pipe of the shell, and ends quietly when its reader has gone',
    async run() {
      const folder = mkdtempSync(join(tmpdir(), 'skbtracer-pipe-'));
      const ready = join(folder, 'ready');
      const shell = spawn(
        'bash',
        ['-c', `set -o pipefail; "$0" --keep --ready-file "$1" icmp | head -n 3`, CLI, ready],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      let printed = '';
      let errors = '';
      shell.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
      shell.stderr.setEncoding('utf8').on('data', (text: string) => {
        errors += text;
      });
      const exited = new Promise<number | null>((resolve) => {
        shell.once('close', (code) => resolve(code));
      });
      await fileAppears(ready, folder);
      // what is written after the reader has gone is what tells
      await until(() => {
        inNamespace('web', 'ping', '-c1', '-W5', '10.1.0.3');
        return shell.exitCode !== null;
      }, 'the command line ends when nobody reads it');
      equal(await exited, 0, 'exit status');
      equal(printed.trim().split('\n').length, 3, 'lines that the reader got');
      check(/\d+ events/.test(errors), 'the summary is told all the same', errors);
      rmSync(folder, { recursive: true, force: true });
    },
  },
  {
    name: 'SIGKILL to the agent leaves no probe, and the command line says that the agent is gone',
    async run() {
      const { exitCode, stderr } = await trace({
        args: ['--keep', 'icmp'],
        stop: 'itself',
        traffic: (running) => {
          const agent = agentOf(running);
          check(agent > 0, 'the agent runs');
          process.kill(agent, 'SIGKILL');
        },
      });
      equal(exitCode, 1, 'exit status');
      check(/agent/.test(stderr), 'stderr says so', stderr);
      await nothingLeft();
    },
  },
  {
    name: 'SIGKILL to the command line leaves no agent and no probe',
    async run() {
      await trace({
        args: ['--keep', 'icmp'],
        stop: 'itself',
        traffic: (running) => {
          running.kill('SIGKILL');
        },
      });
      await nothingLeft();
      await until(noAgentIsLeft, 'no agent is left');
    },
  },
  {
    name: 'serve on this host: the server has no privileges, a killed agent comes back, a killed server takes all down',
    async run() {
      const { launcher, exited } = await serve();
      const server = pidOf('dist/server\\.mjs');
      check(server > 0 && uidOf(server) !== '0', 'the server runs as another user than root', server);
      const answer = await fetch(`http://127.0.0.1:${PORT}/`);
      equal(answer.status, 401, 'a page without the token');
      await until(() => ownPrograms().length > 0, 'the agent traces');
      const agent = agentOf(launcher);
      equal(uidOf(agent), '0', 'the user of the agent');
      process.kill(agent, 'SIGKILL');
      await until(
        () => ![0, agent].includes(agentOf(launcher)) && ownPrograms().length > 0,
        'another agent traces',
      );
      process.kill(server, 'SIGKILL');
      equal(await exited, 1, 'exit status of serve');
      await until(noAgentIsLeft, 'no agent is left');
      await nothingLeft();
    },
  },
];

/** `skbtracer serve` on this kernel, once it says that it is ready. */
async function serve(): Promise<{
  readonly launcher: ChildProcess;
  readonly exited: Promise<number | null>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-serve-'));
  const ready = join(folder, 'ready');
  const launcher = spawn(CLI, ['serve', '--source', 'host', '--ready-file', ready], {
    env: { ...process.env, PORT: String(PORT) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => {
    launcher.once('exit', (code) => resolve(code));
  });
  await Promise.race([fileAppears(ready, folder), exited]);
  rmSync(folder, { recursive: true, force: true });
  check(launcher.exitCode === null, 'serve starts', launcher.exitCode);
  return { launcher, exited };
}

/** Asks again and again until it is so, at most a minute. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    check(performance.now() < deadline, what);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const pidOf = (pattern: string): number => {
  try {
    return Number(execFileSync('pgrep', ['-o', '-f', pattern], { encoding: 'utf8' }));
  } catch {
    return 0;
  }
};

const uidOf = (pid: number): string =>
  /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
