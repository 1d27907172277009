/** Which rows the list shows, in which order. */
import {
  rowFirstNs,
  rowHops,
  rowLastNs,
  rowLength,
  rowPacket,
  rowReason,
  rowVerdict,
} from '../../../core/wire/rows.ts';
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

function upTo(size: number): Uint32Array {
  const indices = new Uint32Array(size);
  for (let i = 0; i < size; i += 1) indices[i] = i;
  return indices;
}

/**
 * Row indices in the order to show; rows that are alike stay in the order of arrival.
 * @param size rows that came later stay out
 * @param visible ascending indices of those that may be shown; null: all
 */
export function orderRows(
  store: PacketStore,
  size: number,
  sorting: Sorting,
  visible: Uint32Array | null,
): Uint32Array {
  const chosen = visible === null ? upTo(size) : visible.subarray(0, countBelow(visible, size));
  if (sorting.key === 'arrival' && !sorting.descending) return chosen;
  const value = VALUES[sorting.key];
  const { view } = store;
  const sign = sorting.descending ? -1 : 1;
  return chosen.slice().sort((a, b) => {
    const [left, right] = [store.offsetOf(a), store.offsetOf(b)];
    return sign * (value(view, left) - value(view, right)) || rowPacket(view, left) - rowPacket(view, right);
  });
}
