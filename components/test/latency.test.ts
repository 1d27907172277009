import { describe, expect, it } from 'vitest';
import { levelFrom, levelOf } from '../../core/model/latency/levels.ts';
import type { Heat, HeatCell, LatencyRow } from '../../core/model/latency/result.ts';
import { NameBook } from '../../core/model/names.ts';
import {
  cellAt,
  cellUnder,
  cellX,
  cellY,
  durationTicks,
  durationY,
  layOutHeat,
  moveCell,
  placeOf,
  shadeOf,
  shadeRanges,
} from '../views/latency/heat.ts';
import { leftOutText, levelText, packetsFilter, seriesName, sortRows } from '../views/latency/text.ts';

const cell = (bin: number, level: number, count = 1): HeatCell => ({ bin, level, count, listed: count });

/** 10 and 20 µs at once, 10 µs and 1 ms later, 20 µs at the end. */
const cells = [
  cell(0, levelOf(1e4), 9),
  cell(0, levelOf(2e4)),
  cell(40, levelOf(1e4)),
  cell(40, levelOf(1e6)),
  cell(79, levelOf(2e4)),
];
const heat: Heat = {
  series: { kind: 'whole' },
  fromNs: 1000,
  toNs: 81_000,
  columns: [],
  cells,
  passages: new ArrayBuffer(0),
};

describe('the heat map', () => {
  const layout = layOutHeat(heat, 800, 300);

  it('shows the levels that there are, the longest on top, and finds a cell where it is drawn', () => {
    expect([layout.low, layout.high]).toEqual([levelOf(1e4), levelOf(1e6)]);
    expect(cellY(layout, layout.high)).toBe(0);
    for (const one of cells) {
      const [x, y] = [cellX(layout, one.bin) + 1, cellY(layout, one.level) + 1];
      expect(cellAt(heat, layout, x, y)).toBe(one);
    }
    expect(cellAt(heat, layout, 400, 299)).toBe(cells[2]);
    expect(cellAt(heat, layout, 300, 10)).toBeUndefined();
  });

  it('has durations where their levels are, and whole ones at its side', () => {
    expect(durationY(layout, levelFrom(layout.high))).toBeCloseTo(layout.cellHeight);
    expect(durationY(layout, levelFrom(layout.low))).toBeCloseTo(300);
    expect(durationTicks(layout).map(({ ns }) => ns)).toEqual([1e4, 1e5, 1e6]);
    const few = layOutHeat({ ...heat, cells: [cell(3, 20)] }, 800, 300);
    expect(few.high - few.low).toBe(7);
    expect(few.low).toBeLessThan(20);
    expect(durationTicks(few).map(({ ns }) => ns)).toEqual([500, 1000, 2000]);
  });

  it('has more of a colour the more there are, and says how many each shade stands for', () => {
    expect([1, 3, 10, 32, 100].map((count) => shadeOf(count, 100))).toEqual([0, 1, 2, 3, 4]);
    expect(shadeOf(1, 1)).toBe(4);
    expect(shadeRanges(1)).toEqual([{ shade: 4, from: 1, to: 1 }]);
    for (const most of [1, 2, 3, 7, 100, 12_345]) {
      const ranges = shadeRanges(most);
      expect(ranges[0]?.from).toBe(1);
      expect(ranges.at(-1)?.to).toBe(most);
      for (const { shade, from, to } of ranges)
        expect([shadeOf(from, most), shadeOf(to, most)], `${from} to ${to} of ${most}`).toEqual([
          shade,
          shade,
        ]);
    }
  });
});

describe('the cursor', () => {
  it('is at the cell of a place, or the one nearest that has any', () => {
    const atNs = placeOf(heat, cell(40, 0)).atNs;
    expect(cellUnder(heat, { atNs, level: levelOf(1e6) })).toBe(cells[3]);
    expect(cellUnder(heat, { atNs, level: levelOf(2e4) })).toBe(cells[2]);
    expect(cellUnder(heat, { atNs: heat.toNs, level: 0 })).toBe(cells[4]);
  });

  it('goes to the next part of the time that has any, at the level nearest', () => {
    const [first, second, third, fourth, last] = cells;
    if (!first || !second || !third || !fourth || !last) throw new Error('no cells');
    expect(moveCell(heat, second, 'later')).toBe(third);
    expect(moveCell(heat, fourth, 'later')).toBe(last);
    expect(moveCell(heat, last, 'later')).toBe(last);
    expect(moveCell(heat, fourth, 'earlier')).toBe(second);
    expect(moveCell(heat, third, 'longer')).toBe(fourth);
    expect(moveCell(heat, fourth, 'longer')).toBe(fourth);
    expect(moveCell(heat, fourth, 'shorter')).toBe(third);
    expect(moveCell(heat, fourth, 'first')).toBe(second);
    expect(moveCell(heat, first, 'last')).toBe(last);
  });

  it('stays at its time when more time is shown', () => {
    const place = placeOf(heat, cell(40, levelOf(1e6)));
    const longer = { ...heat, toNs: 161_000, cells: [cell(20, levelOf(1e6)), cell(40, levelOf(1e4))] };
    expect(cellUnder(longer, place)).toBe(longer.cells[0]);
    expect(cellUnder({ ...heat, cells: [] }, place)).toBeUndefined();
  });
});

describe('words', () => {
  it('of a series are those of the kernel', () => {
    const book = new NameBook();
    book.take({
      functions: [
        { id: 1, name: 'ip_rcv', module: '', argument: 1, isDefault: true },
        { id: 2, name: 'nf_hook_slow', module: '', argument: 1, isDefault: true },
      ],
      reasons: [{ value: 8, name: 'NETFILTER_DROP' }],
    });
    expect(seriesName({ kind: 'edge', from: 1, to: 2, reason: -1 }, book)).toBe('ip_rcv → nf_hook_slow');
    expect(seriesName({ kind: 'edge', from: 2, to: 0, reason: 8 }, book)).toBe(
      'nf_hook_slow → dropped: NETFILTER_DROP',
    );
    expect(seriesName({ kind: 'place', place: 'qdisc queue' }, book)).toBe('qdisc queue');
  });

  it('of a cell say its unit once', () => {
    expect([0, 20, 19, 26].map(levelText)).toEqual([
      'up to 1 ns',
      '1.02–1.45 µs',
      '724 ns–1.02 µs',
      '8.19–11.6 µs',
    ]);
  });

  it('say what is not in it, and steps of further edges only where they are missing', () => {
    const leftOut = { older: 1200, truncated: 0, tooShort: 3, tooLong: 0, edgeSteps: 7 };
    expect(leftOutText(leftOut, 'place')).toBe('Not in it: 1,200 older packets, 3 with fewer than two hops');
    expect(leftOutText(leftOut, 'edge')).toContain('7 steps of further edges');
    expect(leftOutText({ ...leftOut, older: 0, tooShort: 0 }, 'place')).toBe('');
  });

  it('of packets are a display filter', () => {
    expect(packetsFilter([9, 3, 7, 8, 3, 12, 13])).toBe('packet in {3, 7..9, 12, 13}');
  });

  it('rows stand by what they are sorted by, largest first', () => {
    const row = (totalNs: number, maxNs: number): LatencyRow => ({
      series: { kind: 'whole' },
      count: 1,
      totalNs,
      p50Ns: 0,
      p90Ns: 0,
      p99Ns: 0,
      minNs: 0,
      maxNs,
      slowest: { packet: 1, hop: 1, atNs: 0, tookNs: maxNs },
      octaves: [],
    });
    const rows = [row(5, 1), row(9, 0), row(7, 3)];
    expect(sortRows(rows, 'max').map(({ maxNs }) => maxNs)).toEqual([3, 1, 0]);
    expect(sortRows(rows, 'total').map(({ totalNs }) => totalNs)).toEqual([9, 7, 5]);
    expect(sortRows(rows, 'count').map(({ totalNs }) => totalNs)).toEqual([9, 7, 5]);
  });
});
