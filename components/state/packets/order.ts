/** Which rows the list shows, in which order. */
import { rowFirstNs, rowHops, rowLastNs, rowLength, rowReason, rowVerdict } from '../../../core/wire/rows.ts';
import { finish, type Job } from './job.ts';
import type { PacketStore } from './store.ts';

export const SORT_KEYS = ['arrival', 'length', 'hops', 'duration', 'verdict'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Sorting {
  readonly key: SortKey;
  readonly descending: boolean;
}

export const BY_ARRIVAL: Sorting = { key: 'arrival', descending: false };

const VALUES: Record<SortKey, (view: DataView, at: number) => number> = {
  arrival: rowFirstNs,
  length: rowLength,
  hops: rowHops,
  duration: (view, at) => rowLastNs(view, at) - rowFirstNs(view, at),
  verdict: (view, at) => rowVerdict(view, at) * 2 ** 32 + rowReason(view, at),
};

/** Rows looked at between two places where it can be interrupted. */
const STEP = 4096;

/** How many of these ascending indices are below `size`. */
export function countBelow(indices: Uint32Array, size: number): number {
  let [low, high] = [0, indices.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((indices[middle] ?? 0) < size) low = middle + 1;
    else high = middle;
  }
  return low;
}

function upTo(size: number): Uint32Array<ArrayBuffer> {
  const indices = new Uint32Array(size);
  for (let i = 0; i < size; i += 1) indices[i] = i;
  return indices;
}

/**
 * Row indices in the order to show; rows that are alike stay in the order of arrival.
 * @param size rows that came later stay out
 * @param visible ascending indices of those that may be shown; null: all
 */
export const orderRows = (...of: Parameters<typeof ordering>): Uint32Array => finish(ordering(...of));

/** The same in steps. Indices are those of the beginning, whatever rows are let go meanwhile. */
export function* ordering(
  store: PacketStore,
  size: number,
  sorting: Sorting,
  visible: Uint32Array | null,
): Job<Uint32Array> {
  const chosen = visible === null ? upTo(size) : visible.subarray(0, countBelow(visible, size));
  if (sorting.key === 'arrival' && !sorting.descending) return chosen;
  const base = store.forgotten;
  const value = VALUES[sorting.key];
  const keys = new Float64Array(chosen.length);
  for (let i = 0; i < chosen.length; i += 1) {
    if (i % STEP === 0) yield;
    // rows move down when others are let go; what is read of one that was let go itself is not shown
    keys[i] = value(store.view, store.offsetOf((chosen[i] ?? 0) - (store.forgotten - base)));
  }
  const places = yield* radixSorted(keys, sorting.descending);
  for (let i = 0; i < places.length; i += 1) places[i] = chosen[places[i] ?? 0] ?? 0;
  return places;
}

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;

/** Places of the values from the lowest on (or the highest), alike ones in their order: by digits of their bits. */
function* radixSorted(values: Float64Array, descending: boolean): Job<Uint32Array> {
  const size = values.length;
  // four digits each, the lowest first: made so that they sort as the numbers do
  const digits = new Uint16Array(values.buffer);
  const counts = [0, 1, 2, 3].map(() => new Uint32Array(DIGITS));
  for (let i = 0; i < size; i += 1) {
    if (i % STEP === 0) yield;
    const isNegative = (digits[i * 4 + 3] ?? 0) >= 0x8000;
    for (const [digit, count] of counts.entries()) {
      const at = i * 4 + digit;
      const sign = digit === 3 ? 0x8000 : 0;
      const ascending = (digits[at] ?? 0) ^ (isNegative ? 0xffff : sign);
      const sortable = descending ? ascending ^ 0xffff : ascending;
      digits[at] = sortable;
      count[sortable] = (count[sortable] ?? 0) + 1;
    }
  }
  let places = upTo(size);
  let spare = new Uint32Array(size);
  for (const [digit, count] of counts.entries()) {
    if (count[digits[digit] ?? 0] === size) continue;
    let end = 0;
    for (let value = 0; value < DIGITS; value += 1) {
      const many = count[value] ?? 0;
      count[value] = end;
      end += many;
    }
    for (let i = 0; i < size; i += 1) {
      if (i % STEP === 0) yield;
      const place = places[i] ?? 0;
      const value = digits[place * 4 + digit] ?? 0;
      const to = count[value] ?? 0;
      spare[to] = place;
      count[value] = to + 1;
    }
    [places, spare] = [spare, places];
  }
  return places;
}
