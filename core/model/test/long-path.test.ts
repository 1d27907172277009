import { describe, expect, it } from 'vitest';
import { HOP_KIND, hopColumns } from '../../wire/hops.ts';
import { batch, free, hop } from '../../wire/test/records.ts';
import { SessionAssembler } from '../assembler.ts';
import { packHops } from '../long-path.ts';

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
