import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fact } from '../../../core/messages/facts.ts';
import { DEFAULT_SPEC, NO_STATS } from '../../../core/messages/source.ts';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { openFileSink, type Sink } from '../../recording/sink.ts';
import { HELLO } from '../../test/fixtures/hello.ts';
import { Keeper } from '../keeper.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { writeSaved } from '../saved.ts';
import { Shelf } from '../shelf.ts';
import { plainIndex } from './index-here.ts';
import { readBack } from './read-back.ts';
import { FUNCTIONS, HOPS_A_ROUND, packetsIn, trafficOf } from './traffic.ts';

const FACT: Fact = {
  query: { kind: 'conntrack', netns: 10 },
  readAtUnixMs: 5,
  answer: { ok: true, lines: ['now 3'], isCut: false },
};
const FACTS = [[7, [FACT]]] as const;
/** Its parts are a megabyte: so many rounds are in several. */
const ROUNDS = 72;

let folder = '';
let shelf: Shelf;
let keeper: Keeper;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saved-'));
});
afterEach(async () => {
  await keeper.close();
  rmSync(folder, { recursive: true });
});

const path = () => join(folder, 'saved.skbt');
const names = () => shelf.list().map(({ name }) => name);
const bytes = () => shelf.list().reduce((sum, one) => sum + one.bytes, 0);
/** Descriptors of recordings. */
const open = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).endsWith('.skbt');
    } catch {
      return false; // of this look itself
    }
  }).length;

/** Begins a session in a folder that has room for so much; returns what feeds it, with everything that it had. */
async function begin(limit: number) {
  shelf = new Shelf(join(folder, 'kept'), { ...DEFAULT_LIMITS, bytes: limit });
  keeper = new Keeper(shelf, '1.2.3', plainIndex);
  await keeper.message({ type: 'hello', hello: HELLO });
  await keeper.message({ type: 'functions', functions: FUNCTIONS });
  await keeper.message({ type: 'capture', capture: { phase: 'starting', spec: DEFAULT_SPEC } });
  const all = new SessionAssembler();
  all.restart();
  let next = 0;
  const feed = async (rounds: number, generation = 1) => {
    for (const end = next + rounds; next < end; next += 1) {
      for (const records of trafficOf(next, generation)) {
        await keeper.batch(records);
        all.take(records);
      }
      const stats = { ...NO_STATS, events: (next + 1) * HOPS_A_ROUND };
      await keeper.message({ type: 'stats', stats, atUnixMs: next });
      await keeper.tidy(); // as it does each second
    }
  };
  return { all, feed };
}

async function saved() {
  const kept = await keeper.saved();
  if (kept === undefined) throw new Error('it is not kept');
  return kept;
}

/** Takes nothing until it is let go on; then what a file takes. */
async function slowSink(): Promise<{ readonly sink: Sink; readonly goOn: () => void }> {
  const file = await openFileSink(path());
  let goOn: () => void = () => undefined;
  const going = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const sink: Sink = {
    ...file,
    async write(some) {
      await going;
      await file.write(some);
    },
  };
  return { sink, goOn };
}

describe('a session that goes on', () => {
  it('is saved whole, out of all its parts, as one recording', async () => {
    const { all, feed } = await begin(16 << 20);
    await feed(ROUNDS);
    const { saved: session } = await saved();
    expect(session.parts.length).toBeGreaterThan(1);
    expect(session.session).toBe(all.session);
    await writeSaved(await openFileSink(path()), session, FACTS);
    const back = await readBack(path());
    expect(back.header).toMatchObject({ product: '1.2.3' });
    expect(back.header.trigger).toBeUndefined();
    const { bytes: _, ...counters } = all.counters; // names are in it again
    expect(back.session.counters).toMatchObject({ ...counters });
    // each fifth: comparing all takes a minute
    for (const packet of all.newest(packetsIn(ROUNDS)).filter((_, i) => i % 5 === 0)) {
      expect(back.session.pathRecords(packet), `packet ${packet}`).toEqual(all.pathRecords(packet));
      expect(back.session.row(packet), `packet ${packet}`).toEqual(all.row(packet));
    }
    // what each part said at its beginning is said once, and what explained packets before them
    expect(back.messages.filter((type) => type !== 'stats')).toEqual([
      'hello',
      'functions',
      'capture',
      'fact',
      'explained',
    ]);
    expect(back.summary).toMatchObject({ stats: { events: ROUNDS * HOPS_A_ROUND } });
    expect(back.summary?.lastNs).toBeGreaterThanOrEqual(all.newestNs);
  });

  it('is what it was when it was asked for, however late that is taken', async () => {
    const { all, feed } = await begin(16 << 20);
    await feed(2);
    const { counters } = all;
    const { saved: session } = await saved();
    const { sink, goOn } = await slowSink();
    const writing = writeSaved(sink, session, []);
    await feed(2);
    goOn();
    await writing;
    expect((await readBack(path())).session.counters).toMatchObject({
      packets: counters.packets,
      hops: counters.hops,
    });
  });

  it('is saved to its end when another one begins meanwhile, and has nothing of that', async () => {
    const { all, feed } = await begin(16 << 20);
    await feed(ROUNDS);
    const { packets, hops } = all.counters;
    const { saved: session } = await saved();
    const { sink, goOn } = await slowSink();
    const writing = writeSaved(sink, session, []);
    await feed(2, 2);
    await keeper.message({ type: 'capture', capture: { phase: 'starting', spec: DEFAULT_SPEC } });
    await feed(2, 1);
    goOn();
    await writing;
    expect((await readBack(path())).session.counters).toMatchObject({ packets, hops, missing: 0 });
    expect((await saved()).saved.session).toBe(session.session + 2);
  });

  it('is not kept before its first packet', async () => {
    await begin(16 << 20);
    expect(await keeper.saved()).toBeUndefined();
  });
});

describe('what is being saved', () => {
  const LIMIT = 2 << 20;

  it('does not give way, and makes nothing younger give way, until there is a quarter more', async () => {
    // in parts of a megabyte: the quarter is some of them
    const { feed } = await begin(16 << 20);
    while (bytes() < 14 * 2 ** 20) await feed(8);
    const held = names();
    const { id, saved: session } = await saved();
    const { sink, goOn } = await slowSink();
    const writing = writeSaved(sink, session, [], () => keeper.release(id, 'oldest'));
    while (bytes() < 18.5 * 2 ** 20) await feed(8);
    expect(names()).toEqual(expect.arrayContaining(held));
    const numbers = names().map((name) => Number(/\.(\d+)$/.exec(name)?.[1] ?? 1));
    expect(Math.max(...numbers) - Math.min(...numbers)).toBe(numbers.length - 1);
    goOn();
    await writing;
    // as each part was passed it was let go
    await keeper.tidy();
    expect(bytes()).toBeLessThanOrEqual(16 << 20);
    expect(names()).not.toContain(held[0]);
    expect((await readBack(path())).session.counters.missing).toBe(0);
  }, 60_000);

  it('is not held for ever: beyond that it gives way, and whoever saves it is told', async () => {
    const { feed } = await begin(LIMIT);
    await feed(ROUNDS);
    const [first = ''] = names();
    const before = open();
    const { id, saved: session } = await saved();
    const { sink, goOn } = await slowSink();
    const writing = writeSaved(sink, session, [], () => keeper.release(id, 'oldest'));
    const fails = expect(writing).rejects.toThrow(`gave way, or was removed, before it was read`);
    await feed(3 * ROUNDS);
    expect(names()).not.toContain(first);
    expect(bytes()).toBeLessThan(LIMIT * 1.25 + (3 << 19));
    goOn();
    await fails;
    await sink.close();
    keeper.release(id, 'all');
    await feed(1);
    expect(bytes()).toBeLessThan(LIMIT + (3 << 19));
    expect(open()).toBeLessThanOrEqual(before + 1);
  });

  it('is released with whoever does not want it any more: no file stays open', async () => {
    const { feed } = await begin(16 << 20);
    await feed(ROUNDS);
    const { saved: session } = await saved();
    const before = open();
    let blocks = 0;
    const gone: Sink = {
      async write() {
        blocks += 1;
        if (blocks > 4) throw new Error('EPIPE');
      },
      sync: async () => undefined,
      close: async () => undefined,
    };
    await expect(writeSaved(gone, session, [])).rejects.toThrow('EPIPE');
    expect(open()).toBe(before);
  });

  it('is told where its file is damaged', async () => {
    const { feed } = await begin(16 << 20);
    await feed(2);
    const { saved: session } = await saved();
    const [part] = session.parts;
    expect(existsSync(part?.path ?? '')).toBe(true);
    const cut = { ...session, parts: session.parts.map((one) => ({ ...one, path: '/dev/null' })) };
    await expect(writeSaved(await openFileSink(path()), cut, [])).rejects.toThrow(/byte \d+/);
  });
});
