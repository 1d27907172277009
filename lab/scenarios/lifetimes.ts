/** However a trace ends, the kernel is as it was before. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { check, equal } from './check.ts';
import type { Scenario } from './scenario.ts';
import { inNamespace, trace } from './trace.ts';

/** Ids of the eBPF programs of ours in the kernel. */
function ownPrograms(): readonly string[] {
  const programs: unknown = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'list'], { encoding: 'utf8' }));
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

/** Pids of agents: processes that run dist/agent.mjs. */
function agentPids(): readonly number[] {
  const listed = execFileSync('pgrep', ['-f', 'dist/agent\\.mjs'], { encoding: 'utf8' });
  return listed.trim().split('\n').map(Number);
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
    name: 'SIGKILL to the agent leaves no probe, and the command line says that the agent is gone',
    async run() {
      const { exitCode, stderr } = await trace({
        args: ['--keep', 'icmp'],
        stop: 'itself',
        traffic: () => {
          const [agent] = agentPids();
          check(agent !== undefined, 'the agent runs');
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
      check(pgrepFindsNone(), 'no agent is left');
    },
  },
];

function pgrepFindsNone(): boolean {
  try {
    agentPids();
    return false;
  } catch {
    return true; // pgrep exits 1 when there is none
  }
}
