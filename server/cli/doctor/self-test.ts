/** Sends known datagrams through the pair while a capture runs, and compares what its records say. */
import type { SelfTest } from '../../../core/messages/doctor.ts';
import {
  type CaptureState,
  DEFAULT_SPEC,
  lostEvents,
  type PlannedProgram,
} from '../../../core/messages/source.ts';
import { checkCapture, checkDatagram, packetsOf } from '../../../core/model/doctor/self-test/checks.ts';
import type { Check, Datagram, Probed } from '../../../core/model/doctor/self-test/types.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { Client } from '../client.ts';
import { CliError } from '../usage.ts';
import type { Collector } from './collector.ts';
import type { LivePair } from './pair.ts';

/** What cannot be is waited for so long: on an idle machine a datagram takes microseconds. */
const END_TIMEOUT_MS = 15_000;

const TO_OPEN = 46_002;
/** Every number is one that nothing has by itself. */
const DATAGRAMS: readonly Datagram[] = [
  { version: 4, sport: 46_001, dport: TO_OPEN, id: 0x5b71, ttl: 61, tos: 0x28, mark: 0x5b7, priority: 3, payload: 101, isTaken: true },
  { version: 4, sport: 46_001, dport: 46_003, id: 0x5b72, ttl: 62, tos: 0x48, mark: 0x5b8, priority: 4, payload: 102, isTaken: false },
  { version: 6, sport: 46_001, dport: TO_OPEN, id: 0, ttl: 63, tos: 0x68, mark: 0x5b9, priority: 5, payload: 103, isTaken: true },
  { version: 6, sport: 46_001, dport: 46_003, id: 0, ttl: 59, tos: 0x88, mark: 0x5ba, priority: 6, payload: 104, isTaken: false },
]; // biome-ignore format: a table

/** Not run, and why. */
export const refusedSelfTest = (why: string): SelfTest => ({
  refused: why,
  checks: [],
  remarks: [],
  tookMs: 0,
});

export interface Exchange {
  readonly test: SelfTest;
  /** As it was while the datagrams were on their way. */
  readonly capture: CaptureState;
}

/** Runs the capture, the datagrams and the comparison. `programs` are those that a capture has on this kernel. */
export async function selfTest(
  pair: LivePair,
  client: Client,
  collector: Collector,
  programs: readonly PlannedProgram[],
): Promise<Exchange> {
  const begun = performance.now();
  const sent = DATAGRAMS.filter(({ version }) => version === 4 || pair.hasIp6);
  const expression = `udp and (src host ${pair.a.ip4} or src host ${pair.a.ip6})`;
  const applied = await client.source.request({
    method: 'apply',
    spec: { ...DEFAULT_SPEC, filter: { ...DEFAULT_SPEC.filter, expression } },
  });
  const { capture } = client;
  if (!applied.ok)
    return { test: refusedSelfTest(`the capture does not start: ${applied.error.message}`), capture };
  const taken = sent.filter(({ isTaken }) => isTaken).length;
  const { receiver } = pair;
  receiver.onReceived = () => collector.poke();
  try {
    await receiver.tell('receive', TO_OPEN);
    for (const datagram of sent) await send(pair, datagram);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    await client.source.request({ method: 'stop' });
    return { test: refusedSelfTest(error.message), capture };
  }
  const hasEnded = (datagram: Datagram) =>
    packetsOf(collector.packets, datagram).some(({ frees }) => frees.length > 0);
  await collector.until(() => receiver.received === taken && sent.every(hasEnded), END_TIMEOUT_MS);
  await client.source.request({ method: 'stop' });

  const { stats, names, refused } = client;
  const probed: Probed = { functions: probedFunctions(names, refused), programs };
  const checks: readonly Check[] = [
    ...checkCapture({
      lost: stats === undefined ? Number.NaN : lostEvents(stats),
      missing: collector.reader.missing,
      malformed: collector.reader.malformed,
      received: receiver.received,
      taken,
    }),
    ...sent.flatMap((datagram) => checkDatagram(pair, datagram, collector.packets, probed, names)),
  ];
  const remarks = pair.hasIp6 ? [] : ['IPv6: this kernel has none'];
  return { test: { refused: '', checks: [...checks], remarks, tookMs: performance.now() - begun }, capture };
}

async function send({ a, b, sender }: LivePair, datagram: Datagram): Promise<void> {
  const { version, sport, dport, id, ttl, tos, mark, priority, payload } = datagram;
  if (version === 4)
    await sender.tell('send4', a.ip4, b.ip4, sport, dport, id, ttl, tos, mark, priority, payload);
  else await sender.tell('send6', a.ip6, b.ip6, sport, dport, ttl, tos, mark, priority, payload);
}

/** Of the default group, those that took their probe. */
function probedFunctions(names: NameBook, refused: Client['refused']): ReadonlySet<string> {
  const without = new Set(refused.map(({ name }) => name));
  return new Set(
    [...names.functions.values()]
      .filter(({ name, isDefault }) => isDefault && !without.has(name))
      .map(({ name }) => name),
  );
}
