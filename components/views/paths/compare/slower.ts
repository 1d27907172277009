/** Which of two packets took longer, and between which two steps it lost the time. No DOM. */
import { formatDuration } from '../../../../core/model/format.ts';
import { waitPlace } from '../../../../core/model/story/notes.ts';
import type { AlignedRow, ComparedRow } from './align.ts';

export interface Slower {
  readonly side: 'left' | 'right';
  /** From first row to last, ns. */
  readonly leftNs: number;
  readonly rightNs: number;
  /** Index of the row at which the time had passed. */
  readonly row: number;
  /** The slower one's rows before and after it; ns between them. */
  readonly from: ComparedRow;
  readonly to: ComparedRow;
  readonly tookNs: number;
}

/** Less of a difference is no difference: it is how exactly a step is timed on a busy machine. */
const LEAST_NS = 1000;

/**
 * Rows that both have cut the ways into stretches: of the one that the slower packet lost most in, its longest step.
 * Undefined when both took the same time.
 */
export function slowerOf(rows: readonly AlignedRow[]): Slower | undefined {
  const total = (side: 'left' | 'right') => rows.reduce((sum, row) => sum + (row[side]?.deltaNs ?? 0), 0);
  const [leftNs, rightNs] = [total('left'), total('right')];
  if (Math.abs(leftNs - rightNs) < LEAST_NS) return undefined;
  const [side, other] = leftNs > rightNs ? (['left', 'right'] as const) : (['right', 'left'] as const);
  const stretches = stretchesOf(rows).map((stretch) => ({
    ...stretch,
    lostNs: sumOf(rows, stretch, side) - sumOf(rows, stretch, other),
  }));
  const worst = stretches.reduce((most, one) => (one.lostNs > most.lostNs ? one : most));
  let row = -1;
  for (let at = worst.from; at <= worst.to; at += 1)
    if ((rows[at]?.[side]?.deltaNs ?? -1) > (rows[row]?.[side]?.deltaNs ?? -1)) row = at;
  const from = rows.slice(0, Math.max(0, row)).findLast((one) => one[side] !== undefined)?.[side];
  const to = rows[row]?.[side];
  if (from === undefined || to?.deltaNs === undefined) return undefined;
  return { side, leftNs, rightNs, row, from, to, tookNs: to.deltaNs };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Each ends with a row that both have. */
function stretchesOf(rows: readonly AlignedRow[]): [Stretch, ...Stretch[]] {
  const ends = rows.flatMap(({ left, right }, i) => (left !== undefined && right !== undefined ? [i] : []));
  const [first = rows.length - 1, ...others] = ends;
  const last = ends.at(-1) ?? first;
  return [
    { from: 0, to: first },
    ...others.map((to, i) => ({ from: (ends[i] ?? 0) + 1, to })),
    ...(last < rows.length - 1 ? [{ from: last + 1, to: rows.length - 1 }] : []),
  ];
}

function sumOf(rows: readonly AlignedRow[], { from, to }: Stretch, side: 'left' | 'right'): number {
  return rows.slice(from, to + 1).reduce((sum, row) => sum + (row[side]?.deltaNs ?? 0), 0);
}

/** `22.2 ms against 1.68 ms; 20.1 ms of it in the queue, on vwest in host: from dev_qdisc_enqueue to …`. */
export function slowerText({ side, leftNs, rightNs, from, to, tookNs }: Slower): string {
  const [slow, fast] = side === 'left' ? [leftNs, rightNs] : [rightNs, leftNs];
  const wait = from.kind === 'hop' ? waitPlace(from.text) : '';
  const place = `${from.device === '' ? '' : ` on ${from.device}`} in ${from.netns}`;
  return (
    `${formatDuration(slow)} against ${formatDuration(fast)}. ` +
    `${formatDuration(tookNs)} of it${wait === '' ? '' : ` ${wait}`}${place}: from ${from.text} to ${to.text}`
  );
}
