/** A heat map's geometry, shades and cursor: maths only. */
import { levelFrom } from '../../../core/model/latency/levels.ts';
import { HEAT_BINS, type Heat, type HeatCell } from '../../../core/model/latency/result.ts';
import type { CellPlace } from '../../state/latency.ts';

/** Fewer levels would make bricks of cells. */
const LEVELS_SHOWN_MIN = 8;

export interface HeatLayout {
  /** Lowest and highest level shown. */
  readonly low: number;
  readonly high: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly width: number;
  readonly height: number;
}

export function layOutHeat({ cells }: Heat, width: number, height: number): HeatLayout {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const { level } of cells) {
    low = Math.min(low, level);
    high = Math.max(high, level);
  }
  if (cells.length === 0) low = 0;
  const missing = Math.max(0, LEVELS_SHOWN_MIN - (high - low + 1));
  low = Math.max(0, low - Math.ceil(missing / 2));
  high = Math.max(high, low + LEVELS_SHOWN_MIN - 1);
  return { low, high, width, height, cellWidth: width / HEAT_BINS, cellHeight: height / (high - low + 1) };
}

export const cellX = ({ cellWidth }: HeatLayout, bin: number): number => bin * cellWidth;
export const cellY = ({ cellHeight, high }: HeatLayout, level: number): number => (high - level) * cellHeight;

/** Where a duration is: logarithmic, as the levels are. */
export function durationY(layout: HeatLayout, ns: number): number {
  const level = 2 * Math.log2(Math.max(1, ns));
  return (layout.high + 1 - Math.max(layout.low, Math.min(layout.high + 1, level))) * layout.cellHeight;
}

const TICKS_NS = Array.from({ length: 13 }, (_, i) => 10 ** i);

/** Powers of ten of what is shown; with powers of two where these are few. */
export function durationTicks(layout: HeatLayout): readonly { readonly y: number; readonly ns: number }[] {
  const isShown = (ns: number) => ns >= levelFrom(layout.low) && ns <= levelFrom(layout.high + 1);
  const tens = TICKS_NS.filter(isShown);
  const all = tens.length >= 3 ? tens : TICKS_NS.flatMap((ns) => [ns, 2 * ns, 5 * ns]).filter(isShown);
  return all.map((ns) => ({ ns, y: durationY(layout, ns) }));
}

/** The cell at a place of the map; undefined where there is none. */
export function cellAt(heat: Heat, layout: HeatLayout, x: number, y: number): HeatCell | undefined {
  const bin = Math.floor(x / layout.cellWidth);
  const level = layout.high - Math.floor(y / layout.cellHeight);
  return heat.cells.find((cell) => cell.bin === bin && cell.level === level);
}

export const SHADES = 5;

/** Which shade a count has: logarithmic up to the largest, 0 the lightest. */
export function shadeOf(count: number, most: number): number {
  if (most <= 1) return SHADES - 1;
  return Math.round(((SHADES - 1) * Math.log(count)) / Math.log(most));
}

/** The counts that each shade stands for, the lightest first; those that stand for none are left out. */
export function shadeRanges(
  most: number,
): readonly { readonly shade: number; readonly from: number; readonly to: number }[] {
  const starts = Array.from({ length: SHADES }, (_, shade) => {
    let from = shade === 0 || most <= 1 ? 1 : Math.max(1, Math.ceil(most ** ((shade - 0.5) / (SHADES - 1))));
    while (from < most && shadeOf(from, most) < shade) from += 1;
    return { shade, from };
  }).filter(({ shade, from }) => shadeOf(from, most) === shade);
  return starts.map((start, i) => ({ ...start, to: (starts[i + 1]?.from ?? most + 1) - 1 }));
}

export const mostIn = ({ cells }: Heat): number =>
  cells.reduce((most, { count }) => Math.max(most, count), 0);

/** A cell as it stays while the time that is shown grows. */
export function placeOf({ fromNs, toNs }: Heat, { bin, level }: HeatCell): CellPlace {
  return { atNs: fromNs + ((bin + 0.5) / HEAT_BINS) * (toNs - fromNs), level };
}

/** The cell at a place, or the one nearest to it that has passages. */
export function cellUnder(heat: Heat, place: CellPlace): HeatCell | undefined {
  const share = (place.atNs - heat.fromNs) / (heat.toNs - heat.fromNs);
  const bin = Math.max(0, Math.min(HEAT_BINS - 1, Math.floor(share * HEAT_BINS)));
  return nearest(
    heat.cells.filter((cell) => Math.abs(cell.bin - bin) <= 1),
    bin,
    place.level,
  );
}

export type CellMove = 'earlier' | 'later' | 'longer' | 'shorter' | 'first' | 'last';

/** The next cell that has passages: in the next part of the time at the level nearest, or above or below it. */
export function moveCell({ cells }: Heat, from: HeatCell, move: CellMove): HeatCell {
  const column = (bin: number | undefined) =>
    (bin === undefined
      ? undefined
      : nearest(
          cells.filter((cell) => cell.bin === bin),
          bin,
          from.level,
        )) ?? from;
  const own = cells.filter(({ bin }) => bin === from.bin);
  switch (move) {
    case 'earlier':
      return column(cells.findLast(({ bin }) => bin < from.bin)?.bin);
    case 'later':
      return column(cells.find(({ bin }) => bin > from.bin)?.bin);
    case 'first':
      return column(cells[0]?.bin);
    case 'last':
      return column(cells.at(-1)?.bin);
    case 'longer':
      return own.find(({ level }) => level > from.level) ?? from;
    case 'shorter':
      return own.findLast(({ level }) => level < from.level) ?? from;
  }
}

function nearest(cells: readonly HeatCell[], bin: number, level: number): HeatCell | undefined {
  const far = (cell: HeatCell) => 2 * Math.abs(cell.level - level) + Math.abs(cell.bin - bin);
  let found = cells[0];
  for (const cell of cells) if (found === undefined || far(cell) < far(found)) found = cell;
  return found;
}
