/** *Save* over HTTP: everything of the session that is on the disk, held no longer than somebody takes it. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fact } from '../../core/messages/facts.ts';
import { NO_STATS } from '../../core/messages/source.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import { Guard } from '../http/guard.ts';
import { makeSaver, type SaverHub } from '../http/saver.ts';
import { createHttpServer } from '../http/server.ts';
import { FactLog } from '../recording/save.ts';
import { Keeper } from '../store/keeper.ts';
import { DEFAULT_LIMITS } from '../store/limits.ts';
import { Shelf } from '../store/shelf.ts';
import { plainIndex } from '../store/test/index-here.ts';
import { readBack } from '../store/test/read-back.ts';
import { FUNCTIONS, trafficOf } from '../store/test/traffic.ts';
import { HELLO } from './fixtures/hello.ts';

const token = 'a'.repeat(32);
const headers = { authorization: `Bearer ${token}` };
const FACT: Fact = {
  query: { kind: 'conntrack', netns: 10 },
  readAtUnixMs: 5,
  answer: { ok: true, lines: ['now 3'], isCut: false },
};
/** More than the system's buffers have room for. */
const ROUNDS = 250;
/** A two-hundredth of what it has. */
const MEMORY = 512 << 10;

let folder = '';
let keeper: Keeper;
let server: Server;
let address = '';
/** As told to the keeper. */
let released: string[] = [];
/** A session of which memory has let most go, and one that has all of it. */
let memory: SessionAssembler;
let all: SessionAssembler;
let hub: { -readonly [K in keyof SaverHub]: SaverHub[K] };

const facts = new FactLog();
facts.add(31, [FACT]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saver-'));
  keeper = new Keeper(
    new Shelf(join(folder, 'kept'), { ...DEFAULT_LIMITS, bytes: 64 << 20 }),
    '1',
    plainIndex,
  );
  await keeper.message({ type: 'hello', hello: HELLO });
  await keeper.message({ type: 'functions', functions: FUNCTIONS });
  memory = new SessionAssembler({ budgetBytes: MEMORY });
  all = new SessionAssembler();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const records of trafficOf(round)) {
      await keeper.batch(records);
      memory.take(records.slice());
      all.take(records);
    }
});
afterAll(async () => {
  await keeper.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  released = [];
  hub = {
    lastHello: HELLO,
    snapshot: { source: { phase: 'connected', hello: HELLO }, capture: { phase: 'idle' }, session: all.session, labReason: '' },
    names: { functions: FUNCTIONS },
    stats: NO_STATS,
    facts,
    async savedKept() {
      const kept = await keeper.saved();
      if (kept === undefined) return undefined;
      const { id, saved } = kept;
      return {
        saved,
        release(what) {
          released.push(what);
          keeper.release(id, what);
        },
      };
    },
    session: {
      async saved(from) {
        const part = from < 0 ? { bytes: memory.nameRecords, next: 0 } : memory.batchFrom(from);
        const records = part && new Uint8Array(part.bytes).buffer;
        return { session: memory.session, records, next: part?.next ?? from };
      },
    },
  }; // biome-ignore format: short
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  vi.restoreAllMocks();
});

async function serve(patienceMs?: number): Promise<void> {
  const probe = createHttpServer(new Guard({ token, port: 1, host: '127.0.0.1' }), async () => undefined);
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const guard = new Guard({ token, port, host: '127.0.0.1' });
  const saver = makeSaver(hub, '1', patienceMs);
  server = createHttpServer(guard, async (_, response) => void response.end('the page'), { saver });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${port}/session.skbt`;
}

/** Somebody who has asked, and takes nothing yet. */
async function ask(): Promise<IncomingMessage> {
  const request = get(address, { agent: false, headers });
  request.on('error', () => undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

function readBytes(bytes: Buffer) {
  const path = join(folder, 'saved.skbt');
  writeFileSync(path, bytes);
  return readBack(path);
}

/** Recordings that this process has open: each part has one descriptor, as long as it is written or read in. */
function openRecordings(): number {
  let count = 0;
  for (const fd of readdirSync('/proc/self/fd'))
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)) count += 1;
    } catch {
      // of this look itself
    }
  return count;
}

describe('what is saved', () => {
  it('is everything that the disk has, though memory has let most of it go', async () => {
    await serve();
    const { session, messages } = await readBytes(await buffer(await ask()));
    expect(memory.counters.bytes).toBeLessThan(all.counters.bytes / 10);
    expect(session.counters).toMatchObject({
      packets: all.counters.packets,
      hops: all.counters.hops,
      missing: 0,
    });
    expect(messages).toEqual(expect.arrayContaining(['fact', 'explained']));
    expect(released.at(-1)).toBe('all');
  });

  it('has nothing of what explained another session', async () => {
    hub.snapshot = { ...hub.snapshot, session: all.session + 1 };
    await serve();
    expect((await readBytes(await buffer(await ask()))).messages).not.toContain('explained');
  });

  it('is what memory has, where nothing is kept', async () => {
    hub.savedKept = async () => undefined;
    await serve();
    const { session } = await readBytes(await buffer(await ask()));
    expect(session.counters.packets).toBeGreaterThan(10);
    expect(session.counters.packets).toBeLessThan(all.counters.packets / 10);
  });

  it('is not read for who asks for the head only', async () => {
    await serve();
    const { status, headers: told } = await fetch(address, { method: 'HEAD', headers });
    expect([status, told.get('content-type')]).toEqual([200, 'application/octet-stream']);
    expect(released).toEqual([]);
  });
});

describe('whoever takes nothing', () => {
  const isOver = () => vi.waitFor(() => expect(released.at(-1)).toBe('all'), 10_000);

  it('holds nothing up, and has all of it once it goes on', async () => {
    await serve();
    const response = await ask();
    const { packets } = all.counters;
    // taken in as ever
    for (let round = ROUNDS; round < ROUNDS + 60; round += 1)
      for (const records of trafficOf(round)) await keeper.batch(records);
    expect(released).not.toContain('all');
    expect((await readBytes(await buffer(response))).session.counters.packets).toBe(packets);
    await isOver();
  });

  it('is not waited for for ever: its download fails', async () => {
    const before = openRecordings();
    await serve(200);
    const response = await ask();
    await isOver();
    await expect(buffer(response)).rejects.toThrow('aborted');
    expect(openRecordings()).toBe(before);
    expect(vi.mocked(console.error).mock.lastCall?.join(' ')).toContain('nothing of it was taken for 0.2 s');
  });

  it('and goes away leaves nothing', async () => {
    const before = openRecordings();
    await serve();
    const response = await ask();
    await vi.waitFor(() => expect(openRecordings()).toBe(before + 1));
    response.destroy();
    await isOver();
    expect(openRecordings()).toBe(before);
    expect(vi.mocked(console.error).mock.lastCall?.join(' ')).toContain('whoever wanted it has gone');
  });

  it('leaves nothing when the server ends', async () => {
    const before = openRecordings();
    await serve();
    await ask();
    server.closeAllConnections();
    await isOver();
    expect(openRecordings()).toBe(before);
  });
});
