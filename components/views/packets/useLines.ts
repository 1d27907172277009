'use client';

import { useMemo, useState } from 'react';
import { useListing } from '../../state/packets/listing.ts';
import type { Sorting } from '../../state/packets/order.ts';
import { packets } from '../../state/packets/store.ts';
import { useVisible } from '../../state/packets/visible.ts';
import { isByArrival, type Lines, linesOf, plain } from './lines.ts';
import { useThrottled } from './useThrottled.ts';

/** With many rows, sorting and grouping anew is not done at every change. */
const REORDER_MS = 400;

/** What is listed; new rows count at once where they come at the end, and a few times a second otherwise. */
export function useLines(sorting: Sorting, shown: number, pausedAt: number | null) {
  const { rows: visible, version } = useVisible();
  const grouping = useListing((state) => state.grouping);
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const isPlain = grouping === 'none' && visible === null && isByArrival(sorting);
  const isQuick = grouping === 'none' && isByArrival(sorting);
  const stamp = useThrottled(isPlain ? -1 : version, isQuick ? 0 : REORDER_MS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the stamp stands for the store's contents
  const made = useMemo(
    () => (isPlain ? null : linesOf(packets, shown, visible, sorting, grouping, collapsed)),
    [isPlain, stamp, sorting, visible, pausedAt, grouping, collapsed],
  );
  const all = useMemo(() => plain(shown), [shown]);
  const lines: Lines = made ?? all;
  return { lines, collapsed, setCollapsed };
}
