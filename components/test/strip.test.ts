import { beforeEach, describe, expect, it, vi } from 'vitest';
import { VERDICT } from '../../core/model/packet.ts';
import { packedRows, type RowFields } from '../../core/wire/test/rows.ts';
import { TimeHistogram } from '../state/packets/histogram.ts';
import { PacketStore } from '../state/packets/store.ts';
import { barsPath, brushed, movedBy, nsAt, ticksOf, withEdge, xOf } from '../views/display/strip.ts';

vi.stubGlobal('requestAnimationFrame', (callback: () => void) => callback());

describe('packets over time', () => {
  let store: PacketStore;
  let histogram: TimeHistogram;
  const take = (...rows: readonly RowFields[]) => store.take(packedRows(...rows), 1, false);
  const at = (packet: number, firstNs: number, verdict: number = VERDICT.inFlight): RowFields => ({
    packet,
    firstNs,
    verdict,
  });
  const counts = () => [[...histogram.packets], [...histogram.dropped]];

  beforeEach(() => {
    store = new PacketStore();
    histogram = new TimeHistogram(store);
  });

  it('are counted once, in the bin of first sight, and a drop when it is told', () => {
    histogram.update();
    expect(histogram.bins).toBe(0);
    take(at(1, 5000), at(2, 5500), at(3, 7000));
    histogram.update();
    expect(histogram.fromNs).toBe(5000);
    expect(counts()).toEqual([
      [2, 0, 1],
      [0, 0, 0],
    ]);
    take(at(1, 5000, VERDICT.dropped), at(4, 8999));
    histogram.update();
    expect(counts()).toEqual([
      [2, 0, 1, 1],
      [1, 0, 0, 0],
    ]);
    expect(histogram.toNs).toBe(9000);
  });

  it('have coarser bins as the session grows, and none is left out that came late', () => {
    take(at(1, 5000));
    histogram.update();
    take(at(2, 3e9), at(3, 2000));
    histogram.update();
    expect(histogram.binNs).toBe(10e6);
    expect([...histogram.packets].reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(histogram.fromNs).toBe(0);
    expect(histogram.toNs).toBeGreaterThan(3e9);
  });

  it('are of the packets that are still there', () => {
    store = new PacketStore(64);
    histogram = new TimeHistogram(store);
    for (let packet = 1; packet <= 150; packet += 1) {
      take(at(packet, packet * 1000, packet % 10 === 0 ? VERDICT.dropped : VERDICT.inFlight));
      if (packet % 40 === 0) histogram.update();
    }
    histogram.update();
    expect(histogram.fromNs).toBe((store.forgotten + 1) * 1000);
    expect(counts()).toEqual([
      Array.from({ length: store.size }, () => 1),
      Array.from({ length: store.size }, (_, i) => ((store.forgotten + 1 + i) % 10 === 0 ? 1 : 0)),
    ]);
  });

  it('begin anew with another session', () => {
    take(at(1, 5000), at(2, 6000));
    histogram.update();
    store.take(packedRows(at(1, 900_000)), 2, true);
    histogram.update();
    expect(counts()).toEqual([[1], [0]]);
  });
});

describe('the time strip', () => {
  const scale = { fromNs: 1e9, toNs: 3e9, width: 200 };

  it('places times, and finds them again', () => {
    expect(xOf(scale, 2e9)).toBe(100);
    expect(nsAt(scale, 50)).toBe(1.5e9);
    expect(nsAt(scale, 900)).toBe(3e9);
    expect(xOf({ ...scale, toNs: 1e9 }, 2e9)).toBe(0);
  });

  it('draws a bar for each bin that has something', () => {
    const path = barsPath(Uint32Array.of(4, 0, 1), 4, 30, 20);
    expect(path).toBe('M0 20V0H9V20ZM20 20V10H29V20Z');
    expect(barsPath(Uint32Array.of(0), 0, 30, 20)).toBe('');
  });

  it('has round times since the session began', () => {
    expect(ticksOf({ ...scale, width: 400 }, 1e9).map(({ label }) => label)).toEqual([
      '0 s',
      '0.5 s',
      '1 s',
      '1.5 s',
    ]);
    expect(ticksOf({ ...scale, toNs: 11e9, width: 700 }, 1e9)[1]).toMatchObject({ label: '2 s', x: 140 });
  });

  it('makes a range of a drag, in either direction, not of a click', () => {
    expect(brushed(scale, 150, 50)).toEqual({ fromNs: 1.5e9, toNs: 2.5e9 });
    expect(brushed(scale, 50, 51)).toBeUndefined();
  });

  it('never lets an edge pass the other, nor a range leave the strip', () => {
    const range = { fromNs: 1.5e9, toNs: 2e9 };
    expect(withEdge(range, 'from', 2.5e9, 1e6)).toEqual({ fromNs: 1.999e9, toNs: 2e9 });
    expect(withEdge(range, 'to', 1e9, 1e6)).toEqual({ fromNs: 1.5e9, toNs: 1.501e9 });
    expect(movedBy(range, 9e9, scale)).toEqual({ fromNs: 2.5e9, toNs: 3e9 });
    expect(movedBy(range, -9e9, scale)).toEqual({ fromNs: 1e9, toNs: 1.5e9 });
  });
});
