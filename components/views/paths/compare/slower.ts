/** Which of two packets took longer, and between which two steps it lost the time. No DOM. */
import { formatDuration } from '../../../../core/model/format.ts';
import { waitPlace } from '../../../../core/model/story/notes.ts';
import type { AlignedRow, ComparedRow } from './align.ts';

export interface Slower {
  readonly side: 'left' | 'right';
  /** From first hop to last, ns. */
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
  const passed = { left: passedNs(rows, 'left'), right: passedNs(rows, 'right') };
  const [leftNs, rightNs] = [sum(passed.left), sum(passed.right)];
  if (Math.abs(leftNs - rightNs) < LEAST_NS) return undefined;
  const [side, other] = leftNs > rightNs ? (['left', 'right'] as const) : (['right', 'left'] as const);
  const stretches = stretchesOf(rows).map(({ from, to }) => ({
    from,
    to,
    lostNs: sum(passed[side].slice(from, to + 1)) - sum(passed[other].slice(from, to + 1)),
  }));
  const worst = stretches.reduce((most, one) => (one.lostNs > most.lostNs ? one : most));
  const within = passed[side].slice(worst.from, worst.to + 1);
  const tookNs = Math.max(...within);
  const row = worst.from + within.indexOf(tookNs);
  const from = rows.slice(0, row).findLast((one) => one[side] !== undefined)?.[side];
  const to = rows[row]?.[side];
  return from === undefined || to === undefined
    ? undefined
    : { side, leftNs, rightNs, row, from, to, tookNs };
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

/** By row, ns since the side's row before; none behind its last hop: a decision may be told after the packet's end. */
function passedNs(rows: readonly AlignedRow[], side: 'left' | 'right'): number[] {
  const end = rows.findLastIndex((row) => row[side] !== undefined && row[side].kind !== 'decision');
  return rows.map((row, i) => (i > end ? 0 : (row[side]?.deltaNs ?? 0)));
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
