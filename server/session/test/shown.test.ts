/** A kept recording by its index says of every packet what its frames say. */
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FoldedSession, PathFold } from '../../../core/model/analysis/fold.ts';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { ROW_BYTES, rowFirstNs } from '../../../core/wire/rows.ts';
import { batch, decision, free, hop } from '../../../core/wire/test/records.ts';
import { Keeper } from '../../store/keeper.ts';
import { DEFAULT_LIMITS } from '../../store/limits.ts';
import { Shelf } from '../../store/shelf.ts';
import { FUNCTIONS, trafficOf } from '../../store/test/traffic.ts';
import { HELLO } from '../../test/fixtures/hello.ts';
import { openShown } from '../shown.ts';
import { filesOf, replayed, rowsOf, shownOf } from './by-index.ts';

const LONG = { timeout: 60_000 };
let folder = '';
let names: readonly string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shown-'));
  // two recordings of one session: packets begin in the one and end in the other
  const keeper = new Keeper(new Shelf(folder, { ...DEFAULT_LIMITS, bytes: 16 << 20 }), '1.2.3');
  await keeper.message({ type: 'hello', hello: HELLO });
  await keeper.message({ type: 'functions', functions: FUNCTIONS });
  for (let round = 0; readdirSync(folder).filter((file) => file.endsWith('.skbt')).length < 3; round += 1)
    for (const records of trafficOf(round)) await keeper.batch(records);
  await keeper.close();
  names = readdirSync(folder)
    .filter((file) => file.endsWith('.skbt'))
    .map((file) => file.replace(/\.skbt$/, ''))
    .sort();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const filesNamed = (name: string) => filesOf(join(folder, `${name}.skbt`));

describe('a recording by its index', () => {
  it('lists the packets that its frames have, as they say', LONG, async () => {
    for (const [i, name] of names.entries()) {
      const files = await filesNamed(name);
      const memory = await replayed(files);
      const assembler = new SessionAssembler();
      const shown = await shownOf(files, assembler);
      const inMemory = rowsOf(memory.rowsSince(0, 1 << 20).rows, memory.paths.wordsAfter(0));
      const listed = rowsOf(shown.rowsSince(0, 1 << 20).rows, assembler.paths.wordsAfter(0));
      expect([...listed.keys()].sort((a, b) => a - b)).toEqual([...inMemory.keys()].sort((a, b) => a - b));
      let compared = 0;
      for (const [packet, row] of inMemory) {
        // what began in a recording before is known whole by the index only
        const isCarried = i > 0 && row.firstNs !== listed.get(packet)?.firstNs;
        if (isCarried) continue;
        expect(listed.get(packet), `packet ${packet} of ${name}`).toEqual(row);
        compared += 1;
      }
      expect(compared).toBeGreaterThan(0.9 * inMemory.size);
      await shown.close();
    }
  });

  it('lists them in the order in which they were first seen, and counts them', LONG, async () => {
    const shown = await shownOf(await filesNamed(names[0] ?? ''));
    const parts: number[] = [];
    let version = 0;
    for (let more = true; more; ) {
      const batch = shown.rowsSince(version, 1000);
      const view = new DataView(batch.rows.buffer);
      for (let at = 0; at < batch.rows.length; at += ROW_BYTES) parts.push(rowFirstNs(view, at));
      ({ version, more } = batch);
    }
    expect(parts).toEqual([...parts].sort((a, b) => a - b));
    expect(version).toBe(shown.version);
    expect(shown.counters).toMatchObject({ packets: parts.length, evicted: 0, unnumbered: 0 });
    expect(shown.rowsSince(version, 1000)).toMatchObject({ more: false, version });
    await shown.close();
  });

  it('has a packet once of which something came behind its end', LONG, async () => {
    const other = mkdtempSync(join(tmpdir(), 'shown-'));
    const keeper = new Keeper(new Shelf(other, DEFAULT_LIMITS), '1.2.3');
    await keeper.message({ type: 'functions', functions: FUNCTIONS });
    await keeper.batch(
      batch(hop({ packet: 7, time: 10 }), hop({ packet: 7, time: 20 }), free({ packet: 7, time: 30 })),
    );
    await keeper.batch(batch(decision({ packet: 7, time: 40, decision: 'route', value: 0 })));
    await keeper.close();
    const [name = ''] = readdirSync(other).filter((file) => file.endsWith('.skbt'));
    const shown = await shownOf(await filesOf(join(other, name)));
    expect(shown.counters).toMatchObject({ packets: 1, hops: 2 });
    expect(shown.version).toBe(1);
    await shown.close();
    rmSync(other, { recursive: true });
  });

  it('has every path, byte for byte', LONG, async () => {
    const files = await filesNamed(names[1] ?? '');
    const memory = await replayed(files);
    const shown = await shownOf(files);
    const packets = memory.newest(150);
    for (const packet of packets) {
      const { records, isTruncated } = await shown.path(packet);
      const inMemory = Buffer.from(memory.pathRecords(packet) ?? []);
      expect(inMemory.equals(Buffer.from(records ?? new ArrayBuffer(0))), `packet ${packet}`).toBe(true);
      expect(isTruncated).toBe(false);
    }
    expect(packets.length).toBe(150);
    await shown.close();
  });

  it('folds packets as memory does, and says which it did not read', LONG, async () => {
    const files = await filesNamed(names[1] ?? '');
    const memory = await replayed(files);
    const shown = await shownOf(files);
    shown.takeNames({ functions: FUNCTIONS });
    const packets = memory.newest(2000).reverse();
    const fold = (session: FoldedSession) => {
      const paths = new PathFold(session, packets);
      while (!paths.isDone) paths.advance(1000);
      const result = paths.result();
      return {
        ...result,
        // numbers are those of one session
        paths: result.paths.map(({ number, ...path }) => path).sort((a, b) => a.id - b.id),
      };
    };
    expect(fold(await shown.read(packets))).toEqual(fold(memory));
    const { packets: folded, leftOut } = fold(await shown.read(packets, 1));
    expect(folded).toBeGreaterThan(0);
    expect(leftOut.truncated).toBeGreaterThan(0);
    expect(folded + leftOut.truncated + leftOut.withoutHops).toBe(packets.length);
    expect(shown.packetsOf(null).length).toBe(shown.version);
    await shown.close();
  });

  it('answers what was asked before it is closed', LONG, async () => {
    const files = await filesNamed(names[0] ?? '');
    const memory = await replayed(files);
    const [packet = 0] = memory.newest(1);
    const shown = await shownOf(files);
    const asked = shown.path(packet);
    await shown.close();
    expect((await asked).records).toBeDefined();
  });

  it('is shown by its frames where the index is another one’s, is not whole, or is none', LONG, async () => {
    const files = await filesNamed(names[0] ?? '');
    const memory = new SessionAssembler();
    expect(await openShown({ ...files, createdUnixMs: files.createdUnixMs + 1 }, memory)).toBeUndefined();
    expect(await openShown({ ...files, index: join(folder, 'none') }, memory)).toBeUndefined();
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const index = join(folder, 'damaged');
    writeFileSync(index, 'no database');
    expect(await openShown({ ...files, index }, memory)).toBeUndefined();
    expect(said).toHaveBeenCalledOnce();
    said.mockRestore();

    // as SIGKILL leaves it
    const other = mkdtempSync(join(tmpdir(), 'shown-'));
    const keeper = new Keeper(new Shelf(other, DEFAULT_LIMITS), '1.2.3');
    for (const records of trafficOf(0)) await keeper.batch(records);
    await keeper.tidy();
    const [left = ''] = readdirSync(other).filter((file) => file.endsWith('.duckdb'));
    const cut = join(folder, 'cut.duckdb');
    for (const ending of ['', '.wal']) copyFileSync(join(other, `${left}${ending}`), `${cut}${ending}`);
    await keeper.close();
    rmSync(other, { recursive: true });
    expect(await openShown({ ...files, index: cut }, memory)).toBeUndefined();
  });

  it('leaves its files as they are', LONG, async () => {
    const files = await filesNamed(names[0] ?? '');
    const bytes = () => [files.recording, files.index].map((file) => crc32(readFileSync(file)));
    const before = bytes();
    const shown = await shownOf(files);
    await shown.path(1);
    await shown.close();
    expect(bytes()).toEqual(before);
    expect(readdirSync(folder).filter((file) => file.endsWith('.tmp') || file.endsWith('.wal'))).toEqual([
      'cut.duckdb.wal',
    ]);
  });
});
