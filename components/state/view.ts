'use client';

import { create } from 'zustand';

/** What can be looked at of one session, in the order of the keys 1, 2 … */
export const VIEW_IDS = ['packets', 'path', 'map', 'paths', 'drops', 'latency', 'flows', 'health'] as const;
export type ViewId = (typeof VIEW_IDS)[number];

/** The one view on screen. What is selected, and the filter, are the same in all of them. */
export const useView = create<{ readonly view: ViewId }>(() => ({ view: 'packets' }));

export const showView = (view: ViewId): void => useView.setState({ view });
