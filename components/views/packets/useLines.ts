'use client';

import { useMemo, useRef, useState } from 'react';
import { useListing } from '../../state/packets/listing.ts';
import type { Sorting } from '../../state/packets/order.ts';
import { packets } from '../../state/packets/store.ts';
import { useVisible } from '../../state/packets/visible.ts';
import { isByArrival, type Lines, linesOf, plain } from './lines.ts';
import { useThrottled } from './useThrottled.ts';

/** With many rows, sorting and grouping anew is not done at every change, and takes a tenth of the time at most. */
const REORDER_MS = 400;
const COST_SHARE = 10;

/** What is listed; new rows count at once where they come at the end, and a few times a second otherwise. */
export function useLines(sorting: Sorting, shown: number, pausedAt: number | null) {
  const { rows: visible, version } = useVisible();
  const grouping = useListing((state) => state.grouping);
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const isPlain = grouping === 'none' && visible === null && isByArrival(sorting);
  const isQuick = grouping === 'none' && isByArrival(sorting);
  const cost = useRef(0);
  const pause = Math.max(REORDER_MS, cost.current * COST_SHARE);
  const stamp = useThrottled(isPlain ? -1 : version, isQuick ? 0 : pause);
  // indices have moved: what was made before names other rows
  const place = `${packets.session} ${packets.forgotten}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the stamp stands for the store's contents
  const made = useMemo(() => {
    if (isPlain) return null;
    const began = performance.now();
    const lines = linesOf(packets, shown, visible, sorting, grouping, collapsed);
    cost.current = performance.now() - began;
    return lines;
  }, [isPlain, stamp, place, sorting, isQuick ? visible : null, pausedAt, grouping, collapsed]);
  const all = useMemo(() => plain(shown), [shown]);
  const lines: Lines = made ?? all;
  return { lines, isNarrowed: visible !== null, collapsed, setCollapsed };
}
