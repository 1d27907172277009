/** How large a region is, and where in it its interfaces are, in pixels from its own corner. */
import type { MapNode, Region } from './graph.ts';
import { type Plan, planRegion, type Side } from './groups.ts';

export const GAP = 28;
/** Of a port with its label; and of one of so many that labels are left out until one is near enough to read them. */
const COLUMN = 116;
const NARROW = 20;
const PORTS_WITH_LABELS = 12;
/** Children that stand each right below their port; more of them are put into rows. */
const CHILDREN_IN_LINE = 6;
const ROW = 40;
const INNER_ROW = 38;
const BAR_ROW = 34;
export const BAR_HEIGHT = 18;
const PAD = 8;
/** Of a region with nothing in it: its name is read from far away, too. */
const EMPTY_WIDTH = 220;
const LETTER = 7;

/** An interface's place: of its station, or of a bar the left end of its middle line. */
export interface Spot {
  readonly node: MapNode;
  readonly side: Side;
  readonly x: number;
  readonly y: number;
  /** Of bars; 0 for stations. */
  readonly width: number;
  /** Room for its label, 0: none. */
  readonly room: number;
}

export interface Sized {
  readonly region: Region;
  readonly width: number;
  readonly height: number;
  /** Where the first column begins: right of the region's name. */
  readonly title: number;
  readonly spots: readonly Spot[];
}

/**
 * @param childWidth width of the region that a port leads down to, 0 when it shares one or there is none
 * @param title room for the name: the same for all in a row, so that each can stand right below its port
 */
export function sizeRegion(
  region: Region,
  sideOf: (node: MapNode) => Exclude<Side, 'bar'>,
  childWidth: (node: MapNode) => number,
  title: number,
): Sized {
  const plan = planRegion(region, sideOf);
  const widths = columnWidths(plan, childWidth);
  const xs: number[] = [];
  let x = title;
  for (const width of widths) {
    xs.push(x);
    x += width;
  }
  xs.push(x);
  const topY = PAD;
  const innerY = topY + (plan.hasTop ? ROW : 0);
  const barY = innerY + (plan.hasInner ? INNER_ROW : 0);
  const bottomY = barY + plan.levels * BAR_ROW;
  const height = bottomY + (plan.hasBottom ? ROW : 0) + PAD;
  const spots = plan.slots.map(({ node, side, column, span, level }): Spot => {
    const left = xs[column] ?? title;
    const right = xs[column + span] ?? left;
    if (side === 'bar')
      return {
        node,
        side,
        x: left,
        y: barY + (plan.levels - 1 - level) * BAR_ROW + BAR_ROW / 2,
        width: right - left - 12,
        room: right - left - 24,
      };
    const width = right - left;
    const row = side === 'top' ? topY : side === 'inner' ? innerY : bottomY;
    const isNarrow = width < 60;
    return {
      node,
      side,
      x: left + (isNarrow ? NARROW / 2 : 12),
      y: row + 15,
      width: 0,
      room: isNarrow ? 0 : Math.min(width, 190) - 30,
    };
  });
  return { region, width: Math.max(x + 4, EMPTY_WIDTH), height: Math.max(height, 54), title, spots };
}

/** The region's name stands at its left, with what it is called besides below. */
export const titleWidth = ({ title, subtitle, hidden }: Region): number =>
  Math.min(150, Math.max(title.length * LETTER, subtitle.length * 6, hidden.length > 0 ? 50 : 0) + 30);

function columnWidths(plan: Plan, childWidth: (node: MapNode) => number): number[] {
  const bottoms = plan.slots.filter(({ side }) => side === 'bottom');
  const inLine = bottoms.length <= CHILDREN_IN_LINE;
  const isNarrow = bottoms.length > PORTS_WITH_LABELS;
  const widths = Array.from({ length: plan.columns }, (_, column) => {
    const own = plan.slots.filter((slot) => slot.side !== 'bar' && slot.column === column);
    return own.reduce(
      (width, { node, side }) => {
        if (side !== 'bottom') return Math.max(width, COLUMN);
        if (inLine) return Math.max(width, COLUMN, childWidth(node) + GAP);
        return Math.max(width, isNarrow ? NARROW : COLUMN);
      },
      isNarrow ? NARROW : 0,
    );
  });
  // a bar has room for its own name and address
  for (const { node, side, column, span } of plan.slots) {
    if (side !== 'bar') continue;
    const has = widths.slice(column, column + span).reduce((sum, width) => sum + width, 0);
    const address = node.link.addresses[0] ?? '';
    const wants = 60 + (node.link.name.length + Math.min(address.length, 18)) * LETTER;
    if (has < wants) widths[column] = (widths[column] ?? 0) + wants - has;
  }
  return widths;
}
