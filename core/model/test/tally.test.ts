import { describe, expect, it } from 'vitest';
import { asNetnsInode } from '../../base/units.ts';
import { SessionAssembler } from '../assembler.ts';
import { VERDICT } from '../packet.ts';
import { DURATION_BOUNDS_NS, NOWHERE, Tally } from '../tally.ts';
import { readFrames } from './recording.ts';

const drop = (reason: number) => [reason, asNetnsInode(10), 0x81000000, 0xffffffff] as const;
const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);

describe('counts for monitoring', () => {
  it('put durations where they belong: the bound is within', () => {
    const tally = new Tally();
    for (const ns of [-1, 0, 1000, 1001, 2500, 1e10, 1e10 + 1]) tally.hop(ns);
    const { between, hops } = tally.totals;
    expect(hops).toBe(7);
    expect(DURATION_BOUNDS_NS.slice(0, 3)).toEqual([1000, 2500, 5000]);
    expect(between.counts.slice(0, 3)).toEqual([2, 2, 0]);
    expect(between.counts.slice(-2)).toEqual([1, 1]);
    expect(between.sumNs).toBe(4501 + 2e10 + 1);
  });

  it('tell kinds of drops apart, and count those beyond together', () => {
    const tally = new Tally();
    for (let i = 0; i < 5000; i += 1) tally.dropped(...drop(i));
    tally.dropped(...drop(3));
    const { drops } = tally.totals;
    expect(drops).toHaveLength(2049);
    expect(drops.find(({ reason }) => reason === 3)?.count).toBe(2);
    expect(drops.find(({ reason }) => reason === 3)?.location).toBe('ffffffff81000000');
    expect(drops.find(({ location }) => location === NOWHERE)?.count).toBe(5000 - 2048);
    expect(sum(drops.map(({ count }) => count))).toBe(5001);
  });

  it('go on over sessions, and agree with the rows of one', () => {
    const { names, batches } = readFrames('capture');
    const session = new SessionAssembler();
    session.takeNames({ functions: [...names.functions.values()], reasons: names.reasons });
    session.restart();
    for (const batch of batches) session.take(batch);
    const { totals, counters } = session;
    expect(totals).toMatchObject({ packets: counters.packets, hops: counters.hops });
    const rows = Array.from(session.newest(1000), (packet) => session.row(packet));
    for (const verdict of [VERDICT.delivered, VERDICT.dropped, VERDICT.consumed])
      expect(totals.ended[verdict], `verdict ${verdict}`).toBe(
        rows.filter((row) => row?.verdict === verdict).length,
      );
    expect(sum(totals.between.counts)).toBe(
      counters.hops - rows.filter((row) => (row?.hops ?? 0) > 0).length,
    );
    session.restart();
    expect(session.counters.packets).toBe(0);
    expect(session.totals.packets).toBe(totals.packets);
  });
});
