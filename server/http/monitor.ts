/** What monitoring systems ask: whether packets are captured, and Prometheus' metrics. docs/monitoring.md lists them. */
import { readFileSync } from 'node:fs';
import { type MeasuredHub, type Metrics, notReady, openMetrics } from './metrics.ts';
import type { Monitor } from './server.ts';

/** The kernel's USER_HZ, which is 100 wherever Node runs. */
const TICKS_PER_SECOND = 100;

/** The library takes a tenth of a second to read: it is when metrics are asked for first, not at the start. */
export function makeMonitor(hub: MeasuredHub, cpuSeconds = cpuSecondsOf): Monitor {
  let opening: Promise<Metrics> | undefined;
  return {
    notReady: () => notReady(hub.snapshot),
    async metrics() {
      opening ??= import('prom-client').then((prom) => openMetrics(prom, hub, cpuSeconds));
      return (await opening)();
    },
  };
}

/** Undefined when there is no such process (any more). proc_pid_stat(5). */
function cpuSecondsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
