/**
 * A source that sends a generated session (plan.ts) instead of a kernel's records: names and wiring are those of the
 * recorded capture. At a given rate it is as deaf as the kernel is: what the server does not take in time is lost and
 * counted, as by a ring buffer that is full.
 *
 *   node dist/bench-source.mjs '{"packets":…}'
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FRAME_HEADER_BYTES, FRAME_TYPE } from '../../core/messages/frames.ts';
import { NO_STATS, type SourceMessage, type SourceRequest } from '../../core/messages/source.ts';
import { BLOCK_PACKETS, BlockWriter, giantBatches } from './blocks.ts';
import { FIRST_PACKET, giantOf, type Plan } from './plan.ts';
import { messages, worldOf } from './world.ts';

const CAPTURE = join(import.meta.dirname, '..', 'e2e', 'fixtures', 'capture.bin.gz');
/** As the native reader's: what it hands over at once, and what may wait (64 batches). */
const BATCH_BYTES = 64 << 10;
const WAITING_BYTES_MAX = 4 << 20;
const TICK_MS = 10;
const STATS_MS = 500;

const plan = JSON.parse(process.argv[2] ?? '') as Plan;
const told = messages(gunzipSync(readFileSync(CAPTURE)));
const world = worldOf(told);
const startNs = 1e12;
let stats = { ...NO_STATS, lostRing: [0], trackFull: [0], stackFull: [0], rateLimited: [0] };

/** False when what is behind it has to wait. */
function frame(type: number, payload: Uint8Array): boolean {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(payload.length + 1, 0);
  header.writeUInt8(type, 4);
  process.stdout.write(header);
  return process.stdout.write(payload);
}
const say = (message: SourceMessage) => frame(FRAME_TYPE.message, Buffer.from(JSON.stringify(message)));
const drained = () => new Promise<void>((resolve) => process.stdout.once('drain', resolve));
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Blocks until a batch is full. */
function nextBatch(writer: BlockWriter, blocks: number): Uint8Array {
  return Buffer.concat(Array.from({ length: blocks }, () => writer.next()));
}

async function send(): Promise<void> {
  const writer = new BlockWriter(world, plan.hops, startNs, FIRST_PACKET);
  const blockBytes = new BlockWriter(world, plan.hops, startNs, FIRST_PACKET).next().length;
  const perBatch = Math.max(1, Math.floor(BATCH_BYTES / blockBytes));
  let blocks = Math.ceil(plan.packets / BLOCK_PACKETS);
  let events = 0;
  const began = performance.now();
  const took = (records: number, packets: number, bytes: number) => {
    events += records;
    stats = {
      ...stats,
      events,
      packets: stats.packets + packets,
      batches: stats.batches + (bytes > 0 ? 1 : 0),
      bytes: stats.bytes + bytes,
    };
  };
  while (blocks > 0) {
    const count = Math.min(perBatch, blocks);
    const isFull = process.stdout.writableLength > WAITING_BYTES_MAX;
    if (isFull && plan.eventsPerSecond > 0) {
      let lost = 0;
      for (let i = 0; i < count; i += 1) lost += writer.lose();
      stats = { ...stats, lostRing: [(stats.lostRing[0] ?? 0) + lost] };
      took(lost, count * BLOCK_PACKETS, 0);
    } else {
      const bytes = nextBatch(writer, count);
      const isFree = frame(FRAME_TYPE.batch, bytes);
      took(count * writer.records, count * BLOCK_PACKETS, bytes.length);
      if (!isFree && plan.eventsPerSecond === 0) await drained();
    }
    blocks -= count;
    if (plan.eventsPerSecond === 0) continue;
    const aheadMs = (events / plan.eventsPerSecond) * 1000 - (performance.now() - began);
    if (aheadMs > TICK_MS) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    else await turn();
  }
  if (plan.giant === 0) return;
  const seq = stats.events;
  for (const bytes of giantBatches(world, giantOf(plan), plan.giant, writer.timeNs, seq)) {
    if (!frame(FRAME_TYPE.batch, bytes)) await drained();
    took(2000, 0, bytes.length);
  }
}

function answer({ id, method }: SourceRequest): void {
  if (method === 'facts') {
    const error = { code: 'NOT_LIVE', message: 'a generated session has no host to ask' } as const;
    say({ type: 'reply', id, ok: false, error });
    return;
  }
  if (method === 'apply') {
    for (const message of told) if (message.type === 'capture') say(message);
    say({ type: 'stats', stats });
    void send();
    setInterval(() => say({ type: 'stats', stats }), STATS_MS);
  }
  say({ type: 'reply', id, ok: true, value: method === 'compile' ? { instructions: { l2: 1, l3: 1 } } : { generation: 1 } });
} // biome-ignore format: a line

for (const message of told) if (!['capture', 'stats', 'reply'].includes(message.type)) say(message);

let waiting: Buffer = Buffer.alloc(0);
process.stdin.on('data', (chunk: Buffer) => {
  waiting = Buffer.concat([waiting, chunk]);
  while (waiting.length >= 5 && waiting.length >= 4 + waiting.readUInt32LE(0)) {
    const end = 4 + waiting.readUInt32LE(0);
    answer(JSON.parse(waiting.toString('utf8', FRAME_HEADER_BYTES, end)) as SourceRequest);
    waiting = waiting.subarray(end);
  }
});
process.stdin.on('end', () => process.exit(0));
