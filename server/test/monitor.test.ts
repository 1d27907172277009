import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Snapshot } from '../../core/messages/browser.ts';
import { DEFAULT_SPEC, NO_STATS } from '../../core/messages/source.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import { readFrames } from '../../core/model/test/recording.ts';
import { Guard } from '../http/guard.ts';
import type { MeasuredHub } from '../http/metrics.ts';
import { makeMonitor } from '../http/monitor.ts';
import { createHttpServer } from '../http/server.ts';
import { HELLO } from './fixtures/hello.ts';

const token = 'b'.repeat(32);
const running: Snapshot = {
  source: { phase: 'connected', hello: HELLO },
  capture: { phase: 'running', spec: DEFAULT_SPEC, generation: 1, attached: 129, refused: [], backend: 'kprobe.multi', attachMs: 5 },
  session: 1,
  labReason: '',
}; // biome-ignore format: short

const { names, batches } = readFrames('capture');
const session = new SessionAssembler();
session.takeNames({ functions: [...names.functions.values()], reasons: names.reasons });
session.restart();
for (const batch of batches) session.take(batch);

const hubIn = (snapshot: Snapshot): MeasuredHub => ({
  snapshot,
  names: {
    reasons: names.reasons,
    namespaces: [...names.namespaces.values()],
    symbols: session.symbols,
  },
  stats: { ...NO_STATS, events: 6000, lostRing: [3, 4] },
  keeping: {
    phase: 'on',
    folder: '/kept',
    file: 'a.skbt',
    bytes: 500,
    limitBytes: 1000,
    files: 3,
    removed: 2,
  },
  session: { totals: async () => ({ totals: session.totals }) },
});

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves a hub; asks it as a monitoring system does. */
async function ask(snapshot: Snapshot, path: string, authorization?: string) {
  const monitor = makeMonitor(hubIn(snapshot), (pid) => (pid === 77 ? 1.25 : undefined));
  const page = async () => undefined;
  const probe = createHttpServer(new Guard({ token, port: 1, host: '127.0.0.1' }), page);
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  server = createHttpServer(new Guard({ token, port, host: '127.0.0.1' }), page, { monitor });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const headers = authorization === undefined ? {} : { authorization };
  const first = await fetch(`http://localhost:${port}${path}`, { headers });
  await first.text();
  // what is counted elsewhere does not add up from scrape to scrape
  const second = await fetch(`http://localhost:${port}${path}`, { headers });
  return { status: second.status, type: second.headers.get('content-type'), body: await second.text() };
}

it('metrics need the token, as a bearer’s', async () => {
  expect((await ask(running, '/metrics')).status).toBe(401);
  expect((await ask(running, '/metrics', `Bearer ${'c'.repeat(32)}`)).status).toBe(401);
  expect((await ask(running, '/metrics', `Bearer ${token}`)).status).toBe(200);
});

it('metrics count what was seen, how it ended, why it was dropped, and what was lost', async () => {
  const { type, body } = await ask(running, '/metrics', `Bearer ${token}`);
  expect(type).toContain('text/plain; version=0.0.4');
  const value = (series: string) =>
    Number(
      body
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1],
    );
  expect(value('skbtracer_packets_total')).toBe(105);
  expect(value('skbtracer_hops_total')).toBe(5162);
  expect(value('skbtracer_probes_attached')).toBe(129);
  expect(value('skbtracer_capturing')).toBe(1);
  expect(value('skbtracer_lost_total{cause="ring_full"}')).toBe(7);
  expect(value('skbtracer_agent_cpu_seconds_total')).toBe(1.25);
  expect(value('skbtracer_keeping')).toBe(1);
  expect(value('skbtracer_recordings')).toBe(3);
  expect(value('skbtracer_recordings_bytes')).toBe(500);
  expect(value('skbtracer_recordings_removed_total')).toBe(2);
  const dropped = value('skbtracer_packets_ended_total{verdict="dropped"}');
  expect(dropped).toBeGreaterThan(10);
  expect(body).toMatch(
    /^skbtracer_drops_total\{reason="NETFILTER_DROP",function="nft_do_chain",netns="db"\} \d+$/m,
  );
  expect(value('skbtracer_hop_interval_seconds_bucket{le="+Inf"}')).toBe(
    value('skbtracer_hop_interval_seconds_count'),
  );
  expect(value('skbtracer_hop_interval_seconds_count')).toBeGreaterThan(5000);
  const buckets = [...body.matchAll(/^skbtracer_packet_lifetime_seconds_bucket\{le="[^"]+"\} (\d+)$/gm)].map(
    ([, n]) => Number(n),
  );
  expect(buckets).toHaveLength(23);
  expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
  expect(body).toContain('process_cpu_seconds_total');
});

it('every metric is in the documentation, and the dashboard asks for none that there is not', async () => {
  const { body } = await ask(running, '/metrics', `Bearer ${token}`);
  const told = [...body.matchAll(/^# TYPE (skbtracer_\w+)/gm)].map(([, name = '']) => name);
  const docs = join(import.meta.dirname, '../../docs');
  const page = readFileSync(join(docs, 'monitoring.md'), 'utf8');
  for (const name of told) expect(page).toContain(`\`${name.replace(/_(bucket|count|sum)$/, '')}\``);
  const dashboard = readFileSync(join(docs, 'grafana.json'), 'utf8');
  const asked = [...dashboard.matchAll(/skbtracer_\w+/g)].map(([name]) => name);
  expect(asked.length).toBeGreaterThan(8);
  for (const name of asked) expect(told).toContain(name);
});

it('it is ready when packets are captured, and says why when not', async () => {
  expect(await ask(running, '/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
  expect(await ask({ ...running, capture: { phase: 'idle' } }, '/readyz')).toMatchObject({
    status: 503,
    body: 'nothing is captured\n',
  });
  const gone: Snapshot = { ...running, source: { phase: 'gone', kind: 'host', note: 'secret' } };
  expect(await ask(gone, '/readyz')).toMatchObject({ status: 503, body: 'there is no source\n' });
  expect((await ask(gone, '/healthz')).status).toBe(200);
});
