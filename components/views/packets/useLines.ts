'use client';

import { useMemo, useState, useSyncExternalStore } from 'react';
import { useListing } from '../../state/packets/listing.ts';
import type { Sorting } from '../../state/packets/order.ts';
import { packets } from '../../state/packets/store.ts';
import { useVisible } from '../../state/packets/visible.ts';
import { isByArrival, type Lines, linesOf, plain } from './lines.ts';
import { type Form, LinesMaker } from './linesMaker.ts';

/** What is listed; new rows count at once where they come at the end, and a few times a second otherwise. */
export function useLines(sorting: Sorting, shown: number, pausedAt: number | null) {
  const { rows: visible, version } = useVisible();
  const grouping = useListing((state) => state.grouping);
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const maker = useMemo(() => new LinesMaker(packets), []);
  const made = useSyncExternalStore(maker.subscribe, maker.lines, maker.lines);
  const isPlain = grouping === 'none' && visible === null && isByArrival(sorting);
  const isQuick = grouping === 'none' && isByArrival(sorting);
  const form = useMemo<Form>(
    () => ({ sorting, grouping, collapsed, pausedAt }),
    [sorting, grouping, collapsed, pausedAt],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows that come later count when the version changes
  const ordered = useMemo(
    () => (isQuick ? null : maker.ask(form, visible, shown, version)),
    [maker, isQuick, form, visible, version, packets.era, made],
  );
  const place = `${packets.era} ${packets.forgotten}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version and the place stand for the store's contents
  const filtered = useMemo(
    () => (isQuick && !isPlain ? linesOf(packets, shown, visible, sorting, grouping, collapsed) : null),
    [isQuick, isPlain, version, place, visible, pausedAt],
  );
  const all = useMemo(() => plain(shown), [shown]);
  const lines: Lines = ordered ?? filtered ?? all;
  return { lines, isNarrowed: visible !== null, collapsed, setCollapsed };
}
