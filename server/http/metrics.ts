/** What is counted, as Prometheus' metrics. docs/monitoring.md lists them. */
import type { Counter } from 'prom-client';
import type { NameTables, Snapshot } from '../../core/messages/browser.ts';
import type { Keeping } from '../../core/messages/keeping.ts';
import type { TracerStats } from '../../core/messages/source.ts';
import { allCpus } from '../../core/messages/source.ts';
import { verdictName } from '../../core/model/format.ts';
import { NameBook } from '../../core/model/names.ts';
import { VERDICT } from '../../core/model/packet.ts';
import { DURATION_BOUNDS_NS, type Durations, NOWHERE, type Totals } from '../../core/model/tally.ts';

const LAG_EVERY_MS = 100;

/** What it needs of the server's hub. */
export interface MeasuredHub {
  readonly snapshot: Snapshot;
  readonly names: NameTables;
  readonly stats: TracerStats;
  readonly keeping: Keeping;
  readonly session: { totals(): Promise<{ readonly totals: Totals }> };
}

/** What is told at a moment, and its media type. */
export type Metrics = () => Promise<{ readonly type: string; readonly body: string }>;

/** `cpuSeconds`: what a process has used, undefined when there is none. */
export function openMetrics(
  { Counter, collectDefaultMetrics, Gauge, Registry }: typeof import('prom-client'),
  hub: MeasuredHub,
  cpuSeconds: (pid: number) => number | undefined,
): Metrics {
  const registry = new Registry();
  // by itself it wakes the process every ten milliseconds to see how late it is
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_EVERY_MS });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `skbtracer_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `skbtracer_${name}`, help, registers: [registry] });

  const up = gauge('source_up', 'Whether there is a source: an agent, or a recording');
  const capturing = gauge('capturing', 'Whether packets are being captured');
  const probes = gauge('probes_attached', 'Probes attached');
  const seen = counter('packets_total', 'Packets followed');
  const ended = counter('packets_ended_total', 'Packets that have ended, by verdict', ['verdict']);
  const drops = counter('drops_total', 'Packets that the kernel dropped', ['reason', 'function', 'netns']);
  const hops = counter('hops_total', 'Hops of packets at probed functions');
  const events = counter(
    'events_total',
    'Events recorded by the kernel side in this capture, lost ones included',
  );
  const lost = counter('lost_total', 'What could not be recorded in this capture, by cause', ['cause']);
  const between = durations('hop_interval_seconds', 'Time from a packet’s hop to its next one');
  const lives = durations('packet_lifetime_seconds', 'Time from a packet’s first hop to its last');
  const keeping = gauge('keeping', 'Whether the session is kept on the disk');
  const recordings = gauge('recordings', 'Recordings in the folder that sessions are kept in');
  const recordingBytes = gauge('recordings_bytes', 'Bytes of these, with their indexes');
  const removed = counter('recordings_removed_total', 'Recordings that gave way to newer ones');
  const agentCpu = counter('agent_cpu_seconds_total', 'CPU time of the agent, when it runs on this host');

  /** The series of a histogram; its buckets were counted where the packets are. */
  function durations(name: string, help: string) {
    const buckets = counter(`${name}_bucket`, `${help}, at most le`, ['le']);
    const count = counter(`${name}_count`, help);
    const sum = counter(`${name}_sum`, `${help}, all together`);
    return ({ counts, sumNs }: Durations) => {
      let until = 0;
      for (const [i, own] of counts.entries()) {
        until += own;
        const bound = DURATION_BOUNDS_NS[i];
        put(buckets, until, { le: bound === undefined ? '+Inf' : String(bound / 1e9) });
      }
      put(count, until);
      put(sum, sumNs / 1e9);
    };
  }

  return async () => {
    const { totals } = await hub.session.totals();
    const { snapshot, stats } = hub;
    const { source, capture } = snapshot;
    const names = new NameBook();
    names.take(hub.names);
    up.set(source.phase === 'connected' ? 1 : 0);
    capturing.set(notReady(snapshot) === '' ? 1 : 0);
    probes.set(capture.phase === 'running' ? capture.attached : 0);
    put(seen, totals.packets);
    put(hops, totals.hops);
    for (const verdict of Object.values(VERDICT))
      if (verdict !== VERDICT.inFlight) put(ended, totals.ended[verdict], { verdict: verdictName(verdict) });
    drops.reset();
    for (const [labels, count] of dropSeries(totals, names)) drops.inc(labels, count);
    put(events, stats.events);
    for (const [cause, count] of Object.entries(lostOf(stats))) put(lost, count, { cause });
    between(totals.between);
    lives(totals.lives);
    const kept = hub.keeping.phase === 'on' ? hub.keeping : undefined;
    keeping.set(kept === undefined ? 0 : 1);
    recordings.set(kept?.files ?? 0);
    recordingBytes.set(kept?.bytes ?? 0);
    put(removed, kept?.removed ?? 0);
    const cpu =
      source.phase === 'connected' && source.hello.kind === 'host'
        ? cpuSeconds(source.hello.agentPid)
        : undefined;
    if (cpu !== undefined) put(agentCpu, cpu);
    return { type: registry.contentType, body: await registry.metrics() };
  };
}

/** Counted elsewhere: the series is what it says. */
function put<L extends string>(
  counter: Counter<L>,
  value: number,
  labels: Partial<Record<L, string>> = {},
): void {
  counter.remove(labels);
  counter.inc(labels, value);
}

/** Why nothing is captured, '' when packets are. */
export function notReady({ source, capture }: Snapshot): string {
  if (source.phase !== 'connected') return 'there is no source';
  if (source.hello.recording !== undefined) return 'a recording is shown';
  return capture.phase === 'running' ? '' : 'nothing is captured';
}

/** By what people call it; two places in one function are one. */
function dropSeries({ drops }: Totals, names: NameBook) {
  const series = new Map<string, [{ reason: string; function: string; netns: string }, number]>();
  for (const { reason, netns, location, count } of drops) {
    const labels =
      location === NOWHERE
        ? { reason: 'other', function: 'other', netns: 'other' }
        : {
            reason: names.reasonName(reason),
            function: names.symbol(location)?.name ?? 'unknown',
            netns: names.netnsName(netns),
          };
    const key = JSON.stringify(labels);
    series.set(key, [labels, (series.get(key)?.[1] ?? 0) + count]);
  }
  return series.values();
}

const lostOf = (stats: TracerStats) => ({
  ring_full: allCpus(stats.lostRing),
  probe_skipped: stats.missed,
  undelivered: stats.undelivered,
  tracking_full: allCpus(stats.trackFull),
  trail_full: stats.trailFull,
  stacks_full: allCpus(stats.stackFull),
});
