import { describe, expect, it } from 'vitest';
import { HOP_KIND, hopColumns } from '../../wire/hops.ts';
import { batch, decision, free, hop, lineage } from '../../wire/test/records.ts';
import { SessionAssembler } from '../assembler.ts';
import { joinEnds, readEnds } from '../long-ends.ts';
import { END_HOPS, packEnds, packHops } from '../long-path.ts';

describe('a long path', () => {
  const session = new SessionAssembler({ maxPackets: 16 });
  session.restart();
  session.take(batch(hop({ packet: 1, time: 30, func: 3, cpu: 1 }), hop({ packet: 2, time: 5, func: 9 })));
  session.take(
    batch(
      hop({ packet: 1, time: 10, func: 1, netns: 7, ifindex: 2 }),
      hop({ packet: 1, time: 20, func: 2 }),
      hop({ packet: 1, time: 30, func: 4 }),
      hop({ packet: 1, time: 40, drop: { reason: 8, location: 1 } }),
      free({ packet: 1, time: 50 }),
    ),
  );

  it('has the packet’s hops and drops in the order of time, those of a moment as they came', () => {
    const columns = hopColumns(packHops(session, 1));
    expect([...columns.timeNs]).toEqual([10, 20, 30, 30, 40]);
    expect([...columns.func]).toEqual([1, 2, 3, 4, 8]);
    expect([...columns.kind]).toEqual([...new Array(4).fill(HOP_KIND.hop), HOP_KIND.drop]);
    expect([...columns.cpu]).toEqual([0, 0, 1, 0, 0]);
    expect([columns.netns[0], columns.ifindex[0]]).toEqual([7, 2]);
  });

  it('of a packet that is not known has none', () => {
    expect(packHops(session, 99).byteLength).toBe(0);
  });
});

describe('the ends of a long path', () => {
  const COUNT = 3 * END_HOPS;
  const TAIL = COUNT - END_HOPS;
  const WEB = { saddr: [10, 1, 0, 2], daddr: [10, 1, 0, 9], protocol: 17 };
  const session = new SessionAssembler({ maxPackets: 16 });
  session.restart();
  const at = (i: number) => hop({
    packet: 1, time: 100 * (i + 1), seq: i, func: 1 + (i % 9), netns: 7, ifindex: 2,
    ...(i === 0 && { ip: WEB, ports: [4000, 53], device: { name: 'eth0' } }),
    // rewritten between the ends, twice, and again behind the tail's first hop
    ...(i === END_HOPS + 10 && { ip: { ...WEB, daddr: [10, 1, 0, 20] } }),
    ...(i === END_HOPS + 20 && { ip: { ...WEB, daddr: [10, 1, 0, 30] } }),
    ...(i === TAIL + 2 && { ip: { ...WEB, daddr: [10, 1, 0, 40] } }),
  }); // biome-ignore format: short
  for (let i = 0; i < COUNT; i += 1) session.take(batch(at(i)));
  const decided = (after: number) =>
    decision({ packet: 1, time: 100 * (after + 1) + 1, decision: 'hook', value: 1 });
  session.take(batch(decided(3), decided(END_HOPS + 50), decided(TAIL + 3)));
  session.take(
    batch(lineage({ packet: 2, parent: 1, time: 100 * COUNT }), free({ packet: 1, time: 100 * COUNT + 5 })),
  );
  const packed = packEnds(session, 1, packHops(session, 1));
  const ends = readEnds(packed, 1, COUNT);

  it('are its first and its last hops, however many are between', () => {
    expect([ends.head.hops.length, ends.between, ends.tail.hops.length]).toEqual([
      END_HOPS,
      END_HOPS,
      END_HOPS,
    ]);
    expect(ends.head.hops.at(-1)?.timeNs).toBe(100 * END_HOPS);
    expect(ends.tail.hops[0]).toMatchObject({ index: 0, timeNs: 100 * (TAIL + 1) });
    expect(packed.head.byteLength + packed.tail.byteLength).toBeLessThan(END_HOPS * 2 * 100);
  });

  it('know in the tail what was said before it, and what changed in it', () => {
    const [first, , third] = ends.tail.hops;
    expect(first?.state).toMatchObject({ device: 'eth0', ip: { daddr: '10.1.0.30' }, l4: { sport: 4000 } });
    expect(first?.changes).toEqual([]);
    expect(third?.changes).toEqual([{ field: 'ip.daddr', before: '10.1.0.30', after: '10.1.0.40' }]);
  });

  it('have what was decided there, its relatives and its end', () => {
    expect(ends.head.decisions.map(({ index }) => index)).toEqual([3]);
    expect(ends.tail.decisions.map(({ index }) => index)).toEqual([3]);
    expect(ends.tail.children).toHaveLength(1);
    expect([ends.head.free, ends.tail.free?.timeNs]).toEqual([undefined, 100 * COUNT + 5]);
    const { hops, decisions, free: end } = joinEnds(ends);
    expect(hops.map(({ index }) => index)).toEqual(Array.from({ length: 2 * END_HOPS }, (_, i) => i));
    expect(decisions.map(({ index }) => index)).toEqual([3, END_HOPS + 3]);
    expect(end).toBe(ends.tail.free);
  });

  it('of a shorter path are all of it', () => {
    const short = new SessionAssembler({ maxPackets: 16 });
    short.restart();
    short.take(batch(...Array.from({ length: 12 }, (_, i) => hop({ packet: 1, time: i, func: 1 }))));
    const all = readEnds(packEnds(short, 1, packHops(short, 1)), 1, 12);
    expect([all.head.hops.length, all.between, all.tail.hops.length]).toEqual([12, 0, 0]);
  });
});
