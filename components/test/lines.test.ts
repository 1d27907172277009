import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { packedRows } from '../../core/wire/test/rows.ts';
import { PacketStore } from '../state/packets/store.ts';
import { GONE, type Lines, linesOf } from '../views/packets/lines.ts';
import { type Form, LinesMaker } from '../views/packets/linesMaker.ts';

vi.stubGlobal('requestAnimationFrame', (callback: () => void) => callback());

let store: PacketStore;
const take = (from: number, count: number) =>
  store.take(
    packedRows(...Array.from({ length: count }, (_, i) => ({ packet: from + i, hops: from + i }))),
    1,
    false,
  );
const LONGEST: Form = {
  sorting: { key: 'hops', descending: true },
  grouping: 'none',
  collapsed: new Set(),
  pausedAt: null,
};
const packetsOf = (lines: Lines) =>
  Array.from({ length: lines.count }, (_, place) => store.row(lines.at(place))?.packet);

beforeEach(() => {
  vi.useFakeTimers();
  store = new PacketStore(1 << 15);
});
afterEach(() => void vi.useRealTimers());

describe('lines', () => {
  it('stay those of the same packets when rows are let go', () => {
    store = new PacketStore(64);
    take(1, 64);
    const lines = linesOf(store, store.size, null, LONGEST.sorting, 'none', new Set());
    take(100, 10);
    expect(store.forgotten).toBe(10);
    expect(packetsOf(lines).slice(0, 3)).toEqual([64, 63, 62]);
    expect(lines.at(63)).toBe(GONE);
    expect(packetsOf(lines).slice(-11)).toEqual([11, ...Array.from({ length: 10 }, () => undefined)]);
    expect(lines.find(store.indexOf(64))).toBe(0);
    expect(lines.find(store.indexOf(1))).toBe(-1);
  });
});

describe('many rows', () => {
  it('are sorted a slice at a time, while what was listed stays', () => {
    const maker = new LinesMaker(store, 0);
    const heard = vi.fn();
    maker.subscribe(heard);
    take(1, 30_000);
    expect(maker.ask(LONGEST, null, store.size, 1).count).toBe(0);
    expect(heard).not.toHaveBeenCalled();
    vi.advanceTimersByTime(5000);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(packetsOf(maker.lines()).slice(0, 2)).toEqual([30_000, 29_999]);

    const shortest: Form = { ...LONGEST, sorting: { key: 'hops', descending: false } };
    expect(packetsOf(maker.ask(shortest, null, store.size, 1)).slice(0, 2)).toEqual([30_000, 29_999]);
    vi.advanceTimersByTime(5000);
    expect(packetsOf(maker.lines()).slice(0, 2)).toEqual([1, 2]);
  });

  it('are sorted to the end although others come all the time, and then anew', () => {
    const maker = new LinesMaker(store, 0);
    maker.subscribe(() => undefined);
    take(1, 30_000);
    maker.ask(LONGEST, null, store.size, 1);
    for (let i = 0; i < 200; i += 1) {
      take(40_000 + i, 1);
      maker.ask(LONGEST, null, store.size, 2 + i);
      vi.advanceTimersByTime(10);
    }
    expect(maker.lines().count).toBeGreaterThanOrEqual(30_000);
    vi.advanceTimersByTime(60_000);
    expect(packetsOf(maker.lines())[0]).toBe(40_199);
    expect(maker.lines().count).toBe(30_200);
  });

  it('of another session are not listed among those of the one before', () => {
    const maker = new LinesMaker(store);
    take(1, 3);
    expect(maker.ask(LONGEST, null, 3, 1).count).toBe(3);
    store.take(packedRows({ packet: 9, hops: 1 }), 2, true);
    expect(packetsOf(maker.ask(LONGEST, null, 1, 2))).toEqual([9]);
  });
});
