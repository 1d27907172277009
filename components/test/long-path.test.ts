import { describe, expect, it } from 'vitest';
import { HOP_KIND, hopBuffer, hopColumns } from '../../core/wire/hops.ts';
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
