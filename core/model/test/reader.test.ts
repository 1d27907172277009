import { describe, expect, it } from 'vitest';
import { batch, free, hop } from '../../wire/test/records.ts';
import type { Hop } from '../hop.ts';
import { HopReader } from '../reader.ts';

function read(...records: Uint8Array[]): Hop[] {
  const hops: Hop[] = [];
  new HopReader().read(batch(...records), { hop: (one) => hops.push(one) });
  return hops;
}

const ip = (last: number) => ({ saddr: [10, 1, 0, 2], daddr: [10, 1, 0, last] });

describe('a hop', () => {
  it('knows what earlier records of its packet said', () => {
    const [, second] = read(hop({ ip: ip(3), mark: 7 }), hop({}));
    expect(second?.state.ip?.daddr).toBe('10.1.0.3');
    expect(second?.state.meta?.mark).toBe(7);
    expect(second?.changes).toEqual([]);
  });

  it('says what changed, old and new', () => {
    const [first, second] = read(hop({ netns: 1, ip: ip(3) }), hop({ netns: 2, ip: ip(4) }));
    expect(first?.changes).toEqual([]);
    expect(second?.changes).toEqual([
      { field: 'netns', before: 1, after: 2 },
      { field: 'ip.daddr', before: '10.1.0.3', after: '10.1.0.4' },
    ]);
  });

  it('of an address used again is of another packet, and knows nothing of the first', () => {
    const [, second] = read(hop({ packet: 1, ip: ip(3) }), free({ packet: 1 }), hop({ packet: 2 }));
    expect(second?.state).toEqual({});
  });

  it('has the time since the one before', () => {
    expect(read(hop({ time: 100 }), hop({ time: 350 })).map((one) => one.deltaNs)).toEqual([0, 250]);
  });
});

describe('depth', () => {
  const depths = (...stack: (number | [number, number])[]) =>
    read(
      ...stack.map((at) => (typeof at === 'number' ? hop({ sp: at }) : hop({ sp: at[0], cpu: at[1] }))),
    ).map((one) => one.depth);

  it('grows with calls and shrinks with returns', () => {
    expect(depths(900, 800, 700, 800, 900)).toEqual([0, 1, 2, 1, 0]);
  });

  it('is the same for one call after another', () => {
    expect(depths(900, 800, 800, 800)).toEqual([0, 1, 1, 1]);
  });

  it('starts anew on another CPU', () => {
    expect(depths([900, 0], [800, 0], [700, 1])).toEqual([0, 1, 0]);
  });

  it('starts anew on a stack that is far away', () => {
    expect(depths(900_000, 800_000)).toEqual([0, 0]);
  });
});

it('follows at most as many packets as it was told, and forgets the one first seen', () => {
  const marks: unknown[] = [];
  new HopReader({ maxPackets: 2 }).read(
    batch(hop({ packet: 1, mark: 1 }), hop({ packet: 2 }), hop({ packet: 3 }), hop({ packet: 1 })),
    { hop: (one) => marks.push(one.state.meta?.mark) },
  );
  expect(marks).toEqual([1, undefined, undefined, undefined]);
});
