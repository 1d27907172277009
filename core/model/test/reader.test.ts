import { describe, expect, it } from 'vitest';
import { FLAG } from '../../wire/layout.gen.ts';
import { batch, free, hop, tail } from '../../wire/test/records.ts';
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

describe('in tail mode', () => {
  const kept = (seq: number, cpu: number) => hop({ seq, cpu, flags: FLAG.kept });
  const missing = (...records: Uint8Array[]) => {
    const reader = new HopReader();
    reader.read(batch(...records), {});
    return { events: reader.events, missing: reader.missing };
  };

  it('numbers are those of the CPU that told the packet, wherever its hops were', () => {
    const told = [tail({ records: 2, cpu: 1 }), kept(1, 0), kept(2, 3), free({ seq: 3, cpu: 1 })];
    expect(missing(...told)).toEqual({ events: 4, missing: 0 });
  });

  it('a packet that is lost is missing with all of its records', () => {
    expect(missing(tail({ records: 1 }), kept(1, 0), hop({ seq: 9 })).missing).toBe(7);
  });

  it('a packet that is told late takes back all that was missing', () => {
    expect(missing(hop({ seq: 3 }), tail({ records: 2 }), kept(1, 0), kept(2, 0)).missing).toBe(0);
  });

  it('why it is told comes before its records', () => {
    const order: string[] = [];
    new HopReader().read(batch(tail({ records: 1, chosen: 2, time: 900, begun: 400 }), kept(1, 0)), {
      tail: (one) => order.push(`${one.chosen} after ${one.timeNs - one.begunNs}`),
      hop: () => order.push('hop'),
    });
    expect(order).toEqual(['2 after 500', 'hop']);
  });
});
