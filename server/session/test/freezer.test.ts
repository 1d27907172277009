import { EventEmitter } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fail, ok } from '../../../core/base/result.ts';
import { asNs } from '../../../core/base/units.ts';
import { type FreezeOrder, NO_TRIGGER } from '../../../core/messages/freezing.ts';
import { NO_STATS } from '../../../core/messages/source.ts';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { VERDICT } from '../../../core/model/packet.ts';
import { readFrames } from '../../../core/model/test/recording.ts';
import { type Trigger, TriggerWatch } from '../../../core/model/triggers.ts';
import { FactLog } from '../../recording/save.ts';
import type { RequestBody } from '../../sources/source.ts';
import { Library } from '../../store/library.ts';
import { DEFAULT_LIMITS } from '../../store/limits.ts';
import { Shelf } from '../../store/shelf.ts';
import { HELLO } from '../../test/fixtures/hello.ts';
import { type FreezableHub, Freezer } from '../freezer.ts';

const { names, batches } = readFrames('capture');
const tables = { functions: [...names.functions.values()], reasons: names.reasons };
const ORDER: FreezeOrder = { triggers: { ...NO_TRIGGER, drops: [] }, lastMs: 60_000, afterMs: 1, times: 2 };

let folder = '';
let library: Library;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'freezer-'));
  library = new Library(new Shelf(folder, DEFAULT_LIMITS), () => '');
});
afterEach(async () => {
  await library.close();
  rmSync(folder, { recursive: true });
});

/** A hub whose session is made of a capture, batch by batch, and a host that says nothing. */
function hubOf() {
  const events = new EventEmitter<{ happened: [Trigger, number] }>();
  const assembler = new SessionAssembler();
  assembler.takeNames(tables);
  assembler.restart();
  let watch: TriggerWatch | undefined;
  const facts = new FactLog();
  const asked: RequestBody[] = [];
  const hub: FreezableHub = {
    lastHello: HELLO,
    snapshot: { source: { phase: 'connected', hello: HELLO }, capture: { phase: 'idle' }, session: 1, labReason: '' },
    names: tables,
    stats: NO_STATS,
    facts,
    on: (event, listener) => events.on(event, listener),
    async request(body) {
      asked.push(body);
      return fail('UNKNOWN', 'this host says nothing');
    },
    explained: (packet, told) => facts.add(packet, told),
    freezeKept: async () => ({ phase: 'not kept' }),
    session: {
      watch(triggers, learnNs) {
        watch = triggers === null ? undefined : new TriggerWatch(triggers, names, learnNs, assembler);
      },
      async pulse() {
        const { session, version, newestNs } = assembler;
        return { session, version, counters: assembler.counters, nowNs: newestNs > 0 ? asNs(newestNs) : undefined };
      },
      async rowsSince(version, max) {
        const { rows, ...rest } = assembler.rowsSince(version, max);
        return { session: assembler.session, rows: rows.buffer, ...rest };
      },
      async path(packet) {
        const records = assembler.pathRecords(packet)?.buffer;
        return { session: assembler.session, records, isTruncated: false, isLong: false };
      },
      async saved(from, sinceNs = 0) {
        const part =
          from < 0
            ? { bytes: assembler.nameRecords, next: assembler.positionSince(sinceNs) }
            : assembler.batchFrom(from);
        const records = part && new Uint8Array(part.bytes).buffer;
        return { session: assembler.session, records, next: part?.next ?? from };
      },
    },
  }; // biome-ignore format: short
  /** What the session's thread does with each batch. */
  const feed = (some = batches) => {
    for (const batch of some) {
      const own = batch.slice();
      assembler.take(own);
      const trigger = watch?.look(own);
      if (trigger !== undefined) events.emit('happened', trigger, assembler.session);
    }
  };
  /** The thread tells it, of a packet that was not told before. */
  const happens = () =>
    events.emit(
      'happened',
      { packet: 31, timeNs: assembler.newestNs, why: 'dropped AGAIN' },
      assembler.session,
    );
  return { hub, assembler, feed, asked, happens, isWatched: () => watch !== undefined };
}

/** What is in a recording: its trigger, and the rows of its packets. */
async function readBack(name: string) {
  const recording = await library.open(name);
  const session = new SessionAssembler();
  session.takeNames(tables);
  for await (const item of recording.items()) if (item.kind === 'batch') session.take(item.records);
  await recording.close();
  return { trigger: recording.header.trigger, session };
}

const files = () => readdirSync(folder).filter((file) => !file.startsWith('.'));

describe('by hand', () => {
  it('keeps what there is, under a name of its own', async () => {
    const { hub, feed, assembler } = hubOf();
    const freezer = new Freezer(hub, library, '1');
    feed();
    const result = await freezer.now(60_000);
    if (!result.ok) throw new Error(result.error.message);
    expect(result.value.name).toMatch(/^\d{4}-\d\d-\d\dT[\d.-]+Z-.+-frozen$/);
    const { trigger, session } = await readBack(result.value.name);
    expect(trigger).toMatchObject({ packet: 0, why: 'kept by hand' });
    expect(session.counters.packets).toBe(assembler.counters.packets);
    expect(session.counters.hops).toBe(assembler.counters.hops);
    expect(freezer.freezing).toMatchObject({ phase: 'ready', fault: '', frozen: [{ packet: 0 }] });
  });

  it('keeps the last of it only', async () => {
    const { hub, feed, assembler } = hubOf();
    const freezer = new Freezer(hub, library, '1');
    feed();
    const result = await freezer.now(500);
    if (!result.ok) throw new Error(result.error.message);
    const { session } = await readBack(result.value.name);
    expect(session.newestNs).toBe(assembler.newestNs);
    expect(session.counters.hops).toBeLessThan(assembler.counters.hops);
    // nothing of the time that was asked for is missing
    const since = (of: SessionAssembler) =>
      [...of.newest(10_000)].filter((packet) => (of.row(packet)?.firstNs ?? 0) >= assembler.newestNs - 5e8);
    expect(since(session)).toEqual(expect.arrayContaining(since(assembler)));
  });

  it('keeps one at a time', async () => {
    const { hub, feed } = hubOf();
    const freezer = new Freezer(hub, library, '1');
    feed();
    const answers = await Promise.all([freezer.now(60_000), freezer.now(60_000)]);
    expect(answers.map(({ ok: isDone }) => isDone).sort()).toEqual([false, true]);
    expect(answers.find(({ ok: isDone }) => !isDone)).toMatchObject({ error: { code: 'BUSY' } });
    expect(files().filter((file) => file.endsWith('.skbt'))).toHaveLength(1);
  });

  it('has nothing to keep before the first packet', async () => {
    const { hub } = hubOf();
    expect(await new Freezer(hub, library, '1').now(1000)).toMatchObject({
      ok: false,
      error: { code: 'NOTHING_YET' },
    });
    expect(files()).toEqual([]);
  });
});

describe('what is waited for', () => {
  it('is kept with what came before and after, once in that time', async () => {
    const { hub, feed, assembler, asked, happens } = hubOf();
    const freezer = new Freezer(hub, library, '1');
    expect(freezer.wait(ORDER)).toEqual(ok(null));
    feed();
    expect(freezer.freezing.phase).toBe('after');
    await vi.waitFor(() => expect(freezer.freezing).toMatchObject({ phase: 'ready', frozen: [{}] }));
    const [frozen] = freezer.freezing.phase === 'off' ? [] : freezer.freezing.frozen;
    const { trigger, session } = await readBack(frozen?.name ?? '');
    expect(trigger).toMatchObject({ packet: frozen?.packet, why: frozen?.why });
    expect(frozen?.why).toMatch(/^dropped [A-Z_]+$/);
    const row = session.row(frozen?.packet ?? 0);
    expect(row?.verdict).toBe(VERDICT.dropped);
    // the capture's first drop
    const others = [...session.newest(10_000)].map((packet) => session.row(packet));
    const drops = others.filter((other) => other?.verdict === VERDICT.dropped);
    expect(drops.length).toBeGreaterThan(1);
    expect(Math.min(...drops.map((drop) => drop?.lastNs ?? 0))).toBe(row?.lastNs);
    expect(session.counters.hops).toBe(assembler.counters.hops);
    const { recordings } = await library.list();
    expect(recordings).toMatchObject([{ note: `packet ${frozen?.packet}: ${frozen?.why}`, fault: '' }]);
    // the host was asked why those ended of which it knows something
    const packets = asked.map((body) => (body.method === 'facts' ? body.packet : 0));
    expect(packets.length).toBeGreaterThan(1);
    for (const packet of packets) expect(session.row(packet ?? 0)?.verdict).toBe(VERDICT.dropped);
    // again within the time that is kept, it is in one more, which is made when that time is over, or by what comes first
    expect(freezer.freezing).toMatchObject({ order: { times: 1 }, phase: 'ready' });
    for (const _ of 'ab') happens();
    expect(freezer.freezing.phase).toBe('after');
    expect(files().filter((file) => file.endsWith('.skbt'))).toHaveLength(1);
    await freezer.close();
    expect(files().filter((file) => file.endsWith('.skbt'))).toHaveLength(2);
    expect(freezer.freezing).toMatchObject({
      frozen: [{ why: 'dropped AGAIN' }, { packet: frozen?.packet }],
    });
  });

  it('is kept when something else is waited for, which goes on', async () => {
    const { hub, feed, isWatched } = hubOf();
    const freezer = new Freezer(hub, library, '1');
    freezer.wait({ ...ORDER, times: 1, afterMs: 3_600_000 });
    feed();
    freezer.wait({ ...ORDER, triggers: { ...NO_TRIGGER, resets: true }, times: 1 });
    await vi.waitFor(() => expect(freezer.freezing).toMatchObject({ phase: 'ready', frozen: [{}] }));
    expect(freezer.freezing).toMatchObject({ order: { times: 1 } });
    expect(isWatched()).toBe(true);
  });

  it('ends with the last that was asked for', async () => {
    const { hub, feed, isWatched } = hubOf();
    const freezer = new Freezer(hub, library, '1');
    freezer.wait({ ...ORDER, times: 1 });
    feed();
    await vi.waitFor(() => expect(freezer.freezing).toMatchObject({ order: null, frozen: [{}] }));
    expect(isWatched()).toBe(false);
  });

  it('is kept at once when the server ends', async () => {
    const { hub, feed } = hubOf();
    const freezer = new Freezer(hub, library, '1');
    freezer.wait({ ...ORDER, afterMs: 3_600_000 });
    feed();
    expect(freezer.freezing.phase).toBe('after');
    await freezer.close();
    expect(freezer.freezing).toMatchObject({ order: null, frozen: [{}] });
    expect(files().filter((file) => file.endsWith('.skbt'))).toHaveLength(1);
  });

  it('is not made of the session that followed, which is told, and is waited for further', async () => {
    const { hub, feed, assembler } = hubOf();
    const freezer = new Freezer(hub, library, '1');
    freezer.wait(ORDER);
    feed();
    assembler.restart();
    await vi.waitFor(() =>
      expect(freezer.freezing).toMatchObject({
        phase: 'ready',
        frozen: [],
        fault: 'the capture began anew before all of it was written',
      }),
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(freezer.freezing).toMatchObject({ order: { times: 2 } });
  });

  it('is something', () => {
    const { hub } = hubOf();
    const freezer = new Freezer(hub, library, '1');
    expect(freezer.wait({ ...ORDER, triggers: NO_TRIGGER })).toMatchObject({ ok: false });
    expect(freezer.freezing).toMatchObject({ order: null });
  });
});

it('says why where it cannot be written', async () => {
  const { hub, feed } = hubOf();
  const full = { keep: () => Promise.reject(new Error('no space left on the disk')) };
  const freezer = new Freezer(hub, full, '1');
  feed();
  expect(await freezer.now(1000)).toEqual(fail('NOT_FROZEN', 'no space left on the disk'));
  expect(freezer.freezing).toMatchObject({ phase: 'ready', fault: 'no space left on the disk' });
});
