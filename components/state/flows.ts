'use client';

import { create } from 'zustand';

export const FLOW_SORTS = ['last', 'packets', 'bytes', 'drops', 'again', 'rtt', 'duration'] as const;
export type FlowSort = (typeof FLOW_SORTS)[number];

interface FlowsPlace {
  readonly sort: FlowSort;
  /** Key of the selected conversation, '' for the first. */
  readonly flow: string;
  readonly connectionsAs: 'timeline' | 'table';
}

/** How the view was left. */
export const useFlowsPlace = create<FlowsPlace>(() => ({
  sort: 'last',
  flow: '',
  connectionsAs: 'timeline',
}));
