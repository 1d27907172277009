/** Which rows the list shows, in which order. */
import type { PacketRow } from '../../../core/model/packet.ts';
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

/** Row indices in the order to show; rows that are alike stay in the order of arrival. */
export function orderRows(
  store: PacketStore,
  size: number,
  sorting: Sorting,
  fits: ((row: PacketRow) => boolean) | null,
): Uint32Array {
  const indices = new Uint32Array(size);
  let count = 0;
  for (let i = 0; i < size; i += 1) {
    if (fits !== null) {
      const row = store.row(i);
      if (row === undefined || !fits(row)) continue;
    }
    indices[count] = i;
    count += 1;
  }
  const chosen = indices.subarray(0, count);
  if (sorting.key === 'arrival' && !sorting.descending) return chosen;
  const value = VALUES[sorting.key];
  const { view } = store;
  const sign = sorting.descending ? -1 : 1;
  return chosen.sort((a, b) => {
    const [left, right] = [store.offsetOf(a), store.offsetOf(b)];
    return sign * (value(view, left) - value(view, right)) || rowPacket(view, left) - rowPacket(view, right);
  });
}
