/**
 * How long a trace takes to start and to stop, in the lab: run by start-main.ts as root, prints one line of JSON.
 * Nothing else runs while it waits: the CPUs are emulated, and share one.
 *
 *   node dist/bench-start.mjs ROUNDS
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { Group, StartFigures, StartRun } from './start-figures.ts';

const CLI = join(import.meta.dirname, '..', 'bin', 'skbtracer');
const CACHE = '/run/skbtracer';
const READY_MS = 180_000;
const GONE_MS = 600_000;
const LOOK_EVERY_MS = 100;
/** Functions that a tracer is on, and kprobes that are not by ftrace. */
const ATTACHED = ['/sys/kernel/tracing/enabled_functions', '/sys/kernel/debug/kprobes/list'];

const attached = (): number =>
  ATTACHED.reduce((sum, file) => sum + readFileSync(file, 'utf8').split('\n').length - 1, 0);

/** Resolves once a file of this name is in the folder. */
function appears(folder: string, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const watcher = watch(folder, (_event, file) => {
      if (file === name) done();
    });
    const timer = setTimeout(() => {
      watcher.close();
      reject(new Error(`not ready after ${READY_MS / 1000} s`));
    }, READY_MS);
    const done = () => {
      clearTimeout(timer);
      watcher.close();
      resolve();
    };
  });
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve());
  });

/** What it says first from now on: the summary, which comes when the capture is off and all is delivered. */
const said = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.stderr?.once('data', () => resolve());
  });

/** One trace from command to the last probe's end. */
async function run(group: Group): Promise<StartRun> {
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-bench-'));
  const before = attached();
  const isReady = appears(folder, 'ready');
  const begin = performance.now();
  const child = spawn(
    CLI,
    ['trace', '--json', '--group', group, '--ready-file', join(folder, 'ready'), 'udp port 9'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exit = ended(child);
  await Promise.race([
    isReady,
    exit.then(() => Promise.reject(new Error('the trace ended before it was ready'))),
  ]);
  const readyMs = performance.now() - begin;
  const probes = attached() - before;
  await after(2000); // what a start leaves to do afterwards is not to be counted as stopping
  const isSaid = said(child);
  const stop = performance.now();
  child.kill('SIGINT');
  await isSaid;
  const stoppedMs = performance.now() - stop;
  await exit;
  const exitMs = performance.now() - stop;
  while (attached() > before && performance.now() - stop < GONE_MS) await after(LOOK_EVERY_MS);
  const left = attached() - before;
  rmSync(folder, { recursive: true });
  return { readyMs, stoppedMs, exitMs, goneMs: performance.now() - stop, probes, left };
}

const rounds = Number(process.argv[2]);
const figures: StartFigures = {
  kernel: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
  groups: {
    default: { cold: [], warm: [] },
    all: { cold: [], warm: [] },
  },
};
// once for the page cache: what is cold is what is known of the kernel, not the disk
await run('default');
for (let round = 0; round < rounds; round++)
  for (const group of ['default', 'all'] as const) {
    rmSync(CACHE, { recursive: true, force: true });
    figures.groups[group].cold.push(await run(group));
    figures.groups[group].warm.push(await run(group));
  }
console.log(JSON.stringify(figures));
