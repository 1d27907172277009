import { describe, expect, it } from 'vitest';
import { NameBook } from '../../core/model/names.ts';
import { HOP_KIND, hopBuffer, hopColumns } from '../../core/wire/hops.ts';
import { betweenText } from '../views/path/long/between.ts';
import { binHops, hopAt, LANES_MAX, type LongScale, laneHops, lengthOf } from '../views/path/long/bins.ts';

interface Fields {
  readonly time: number;
  readonly netns?: number;
  readonly ifindex?: number;
  readonly isDrop?: boolean;
}

function pathOf(...hops: readonly Fields[]) {
  const columns = hopColumns(hopBuffer(hops.length));
  for (const [i, { time, netns = 0, ifindex = 0, isDrop = false }] of hops.entries()) {
    columns.timeNs[i] = time;
    columns.netns[i] = netns;
    columns.ifindex[i] = ifindex;
    columns.kind[i] = isDrop ? HOP_KIND.drop : HOP_KIND.hop;
  }
  return laneHops(columns);
}

describe('a long path', () => {
  const path = pathOf(
    { time: 1000, netns: 7, ifindex: 2 },
    { time: 1010 },
    { time: 1020, ifindex: 3 },
    { time: 1020, netns: 8 },
    { time: 1090, netns: 7, ifindex: 2, isDrop: true },
  );

  it('has a lane for each place, and hops that say none are where the one before was', () => {
    expect(path.lanes.map(({ netns, ifindex }) => [netns, ifindex])).toEqual([
      [7, 2],
      [7, 3],
      [8, 0],
    ]);
    expect([...path.laneOf]).toEqual([0, 0, 1, 2, 0]);
    expect([...path.drops]).toEqual([4]);
  });

  it('has the last lane for all places that are too many', () => {
    const many = pathOf(...Array.from({ length: 40 }, (_, i) => ({ time: i, netns: 1, ifindex: i + 1 })));
    expect(many.lanes).toHaveLength(LANES_MAX);
    expect(many.lanes.at(-1)?.isRest).toBe(true);
    expect(many.laneOf[39]).toBe(LANES_MAX - 1);
  });

  it('is binned by number and by time, each hop once', () => {
    const rows = (scale: LongScale, from: number, to: number) => {
      const { counts, most, hops } = binHops(path, scale, from, to, 2);
      return { lanes: [0, 1, 2].map((lane) => [...counts.subarray(lane * 2, lane * 2 + 2)]), most, hops };
    };
    expect(rows('sequence', 0, 5)).toEqual({ lanes: [[2, 1], [1, 0], [0, 1]], most: 2, hops: 5 }); // biome-ignore format: lanes
    expect(rows('linear', 0, 100)).toEqual({ lanes: [[2, 1], [1, 0], [1, 0]], most: 2, hops: 5 }); // biome-ignore format: lanes
    expect(rows('linear', 15, 25).hops).toBe(2);
    expect(rows('sequence', 3, 4)).toMatchObject({ hops: 1, lanes: [[0, 0], [0, 0], [1, 0]] }); // biome-ignore format: lanes
  });

  it('is found by place', () => {
    expect([0, 5, 20, 21, 500].map((ns) => hopAt(path, ns, 'linear'))).toEqual([0, 1, 2, 4, 5]);
    expect(hopAt(path, 2.2, 'sequence')).toBe(3);
    expect([lengthOf(path, 'sequence'), lengthOf(path, 'linear')]).toEqual([4, 90]);
  });
});

it('says of hops that are not told how many, how long and where', () => {
  const book = new NameBook();
  book.take({
    functions: [{ id: 4, name: 'ip_rcv', module: '', argument: 1, isDefault: true }],
    namespaces: ['web', 'db', 'out', 'far'].map((name, i) => ({
      inode: i + 1,
      name,
      origin: 'named',
      interfaces: [],
    })),
  });
  const path = pathOf(
    { time: 0, netns: 9 },
    ...[1, 1, 1, 2, 2, 3, 4].map((netns, i) => ({ time: 1000 * (i + 1), netns, isDrop: i === 6 })),
    { time: 10_000, netns: 9 },
  );
  path.hops.func.fill(4);
  expect(betweenText(path, 1, 8, book)).toBe(
    '7 hops between, 10.0 µs, are not told one by one: 3 in web, 2 in db, 1 in out, 1 elsewhere; most often at ip_rcv (6); 1 of them drops.',
  );
});
