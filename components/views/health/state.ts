'use client';

import { create } from 'zustand';
import type { ProbeGrouping, ProbeSort } from './probes.ts';

interface HealthPlace {
  readonly by: ProbeGrouping;
  readonly sort: ProbeSort;
  /** Names of groups of which only the head is shown. */
  readonly folded: ReadonlySet<string>;
  readonly search: string;
  /** Key of the selected row, '' for the first. */
  readonly row: string;
}

/** How the view was left: a person comes back to it from the packets. */
export const useHealthPlace = create<HealthPlace>(() => ({
  by: 'stage',
  sort: 'order',
  folded: new Set(),
  search: '',
  row: '',
}));

export function toggleFold(name: string): void {
  const folded = new Set(useHealthPlace.getState().folded);
  if (!folded.delete(name)) folded.add(name);
  useHealthPlace.setState({ folded });
}
