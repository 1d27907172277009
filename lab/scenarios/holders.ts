/** What captures have attached, and who holds it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { check } from './check.ts';

/** Processes that hold links or events of eBPF programs. */
export const holders = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => filesOf(pid).some((file) => /^anon_inode:(bpf[_-]link|\[perf_event\])/.test(file)));

const filesOf = (pid: number): readonly string[] =>
  (goneOr(() => readdirSync(`/proc/${pid}/fd`)) ?? []).flatMap(
    (fd) => goneOr(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [],
  );

/** Processes end, and close files, while they are looked at. */
function goneOr<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Functions that a tracer is on by ftrace, and kprobes. */
export const probes = (): number =>
  ['/sys/kernel/tracing/enabled_functions', '/sys/kernel/debug/kprobes/list']
    .map((file) => readFileSync(file, 'utf8').split('\n').length - 1)
    .reduce((a, b) => a + b);

const GONE_WITHIN_MS = 180_000;

/** The kernel says to nobody that it has detached: it is asked. */
export async function untilGone(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + GONE_WITHIN_MS;
  while (!holds()) {
    check(performance.now() < end, what, { holders: holders(), probes: probes() });
    await after(50);
  }
}

/** A process that ends has closed its files, to look at it, before its probes are gone. */
export const untilDetached = (): Promise<void> =>
  untilGone(() => holders().length === 0 && probes() === 0, 'whoever holds probes ends');
