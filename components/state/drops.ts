'use client';

import { create } from 'zustand';
import type { DropGrouping } from '../../core/model/aggregate/drops.ts';

export const DROP_SORTS = ['count', 'kind', 'last'] as const;
export type DropSort = (typeof DROP_SORTS)[number];

interface DropsPlace {
  readonly by: DropGrouping;
  readonly sort: DropSort;
  /** Key of the selected group, '' for the first. */
  readonly group: string;
}

/** How the view was left: a person comes back to it from a path. */
export const useDropsPlace = create<DropsPlace>(() => ({ by: 'cause', sort: 'kind', group: '' }));
