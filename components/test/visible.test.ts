import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RowTest } from '../../core/model/display/compile.ts';
import { VERDICT } from '../../core/model/packet.ts';
import { rowLength, rowPacket, rowVerdict } from '../../core/wire/rows.ts';
import { packedRows, type RowFields } from '../../core/wire/test/rows.ts';
import { addTerm, setDisplay, settleDisplay, typeDisplay, useDisplay } from '../state/display.ts';
import { PacketStore } from '../state/packets/store.ts';
import { VisibleRows } from '../state/packets/visible.ts';

vi.stubGlobal('requestAnimationFrame', (callback: () => void) => callback());

const row = (packet: number, fields: RowFields = {}): RowFields => ({
  packet,
  firstNs: packet * 10,
  lastNs: packet * 10,
  ...fields,
});
const dropped: RowTest = (view, at) => rowVerdict(view, at) === VERDICT.dropped;

describe('visible rows', () => {
  let store: PacketStore;
  let visible: VisibleRows;
  const take = (...rows: readonly RowFields[]) => store.take(packedRows(...rows), 1, false);
  const shown = () => {
    const rows = visible.rows();
    return rows === null ? null : [...rows].map((i) => store.row(i)?.packet);
  };

  beforeEach(() => {
    store = new PacketStore();
    visible = new VisibleRows(store, Number.POSITIVE_INFINITY);
  });

  it('are all rows without filter and range', () => {
    take(row(1));
    visible.update();
    expect(shown()).toBeNull();
  });

  it('grow with what comes, and follow a row that changes sides', () => {
    visible.set(dropped, null);
    take(row(1), row(2, { verdict: VERDICT.dropped }), row(3));
    visible.update();
    expect(shown()).toEqual([2]);
    const before = visible.rows();
    take(row(4, { verdict: VERDICT.dropped }));
    visible.update();
    expect(shown()).toEqual([2, 4]);
    take(row(1, { verdict: VERDICT.dropped }));
    visible.update();
    expect(shown()).toEqual([1, 2, 4]);
    // what was given out is a picture of its time
    expect([...(before ?? [])]).toEqual([1]);
  });

  it('judge a row again only when it has changed', () => {
    const judged: number[] = [];
    visible.set((view, at) => judged.push(rowPacket(view, at)) > 0, null);
    take(row(1), row(2));
    visible.update();
    take(row(3), row(2));
    visible.update();
    expect(judged).toEqual([1, 2, 2, 3]);
  });

  it('have both the filter and the range', () => {
    take(row(1), row(2, { length: 9 }), row(3, { length: 9 }), row(4, { length: 9 }));
    visible.set((view, at) => rowLength(view, at) === 9, { fromNs: 20, toNs: 40 });
    expect(shown()).toEqual([2, 3]);
    visible.set(null, { fromNs: 0, toNs: 20 });
    expect(shown()).toEqual([1]);
    visible.set(null, null);
    expect(shown()).toBeNull();
  });

  it('move down when the oldest rows are let go, at once', () => {
    store = new PacketStore(1024);
    visible = new VisibleRows(store, Number.POSITIVE_INFINITY);
    visible.set(dropped, null);
    const every7 = (packet: number) =>
      row(packet, { verdict: packet % 7 === 0 ? VERDICT.dropped : VERDICT.consumed });
    for (let from = 0; from < 2400; from += 300) {
      take(...Array.from({ length: 300 }, (_, i) => every7(from + i + 1)));
      if (from !== 1500) visible.update();
    }
    expect(store.forgotten).toBeGreaterThan(1024);
    const left = Array.from({ length: store.size }, (_, i) => store.forgotten + i + 1).filter(
      (n) => n % 7 === 0,
    );
    expect(shown()).toEqual(left);
  });

  it('are judged in slices when they are many, also what changes and goes meanwhile', () => {
    vi.useFakeTimers();
    store = new PacketStore(1 << 15);
    // no time at all: one step after the other
    visible = new VisibleRows(store, 0);
    const every3 = (packet: number, turned = 0) =>
      row(packet, { verdict: (packet + turned) % 3 === 0 ? VERDICT.dropped : VERDICT.consumed });
    const many = (from: number, count: number) =>
      take(...Array.from({ length: count }, (_, i) => every3(from + i)));
    many(1, 1 << 15);
    visible.set(dropped, null);
    const first = shown() ?? [];
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThan(store.size / 3 - 1);
    vi.advanceTimersByTime(1);
    take(every3(600, 1), every3(700, 1), every3(30_000, 1));
    many(40_000, 100);
    vi.advanceTimersByTime(1000);
    const all = Array.from({ length: store.size }, (_, i) => store.row(i)).flatMap((one) =>
      one?.verdict === VERDICT.dropped ? [one.packet] : [],
    );
    visible.update();
    vi.advanceTimersByTime(1000);
    expect(store.forgotten).toBeGreaterThan(0);
    expect(shown()).toEqual(all);
    vi.useRealTimers();
  });

  it('begin anew with another session', () => {
    visible.set(dropped, null);
    take(row(1, { verdict: VERDICT.dropped }), row(2));
    visible.update();
    store.take(packedRows(row(7), row(8), row(9, { verdict: VERDICT.dropped })), 2, true);
    expect(shown()).toEqual([9]);
    store.take(packedRows(row(4, { verdict: VERDICT.dropped })), 2, true);
    visible.update();
    expect(shown()).toEqual([4]);
  });

  it('tell what listens, a few times a second at most', () => {
    vi.useFakeTimers();
    const heard = vi.fn();
    const off = visible.subscribe(heard);
    for (let i = 1; i < 50; i += 1) take(row(i));
    expect(heard).not.toHaveBeenCalled();
    vi.advanceTimersByTime(300);
    expect(heard).toHaveBeenCalledTimes(1);
    off();
    take(row(99));
    vi.advanceTimersByTime(300);
    expect(heard).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
  });
});

describe('the display filter', () => {
  beforeEach(() => setDisplay(''));
  const state = () => useDisplay.getState();

  it('counts as it is written, but the last good one stays while it has a fault', () => {
    typeDisplay('dport == 80');
    expect(state().inForce).toBe('dport == 80');
    typeDisplay('dport == 80 and (');
    expect(state()).toMatchObject({ inForce: 'dport == 80', problem: { position: 17 } });
    typeDisplay('dport == 80 and (tcp)');
    expect(state()).toMatchObject({ inForce: 'dport == 80 and (tcp)', problem: undefined });
  });

  it('waits for a word that may become a field’s name until it is meant', () => {
    typeDisplay('dro');
    expect(state().inForce).toBe('dro');
    typeDisplay('du');
    expect(state()).toMatchObject({ text: 'du', inForce: 'dro' });
    settleDisplay();
    expect(state().inForce).toBe('du');
  });

  it('gets terms from what is on screen, also while it has a fault', () => {
    typeDisplay('tcp or udp');
    typeDisplay('tcp or udp or');
    addTerm('src == 10.1.0.3', true);
    expect(state()).toMatchObject({ text: '(tcp or udp) and src != 10.1.0.3', problem: undefined });
  });
});
