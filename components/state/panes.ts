'use client';

import { type GroupProps, useDefaultLayout } from 'react-resizable-panels';
import { remember, remembered } from './storage.ts';

const STORAGE = {
  getItem: remembered,
  setItem: remember,
};

/**
 * How panes stand beside each other: as this person last drew them, for each set of panes that are open together and
 * for each direction by itself; nothing is remembered of what nobody drew.
 * @param panes ids of the panels that are rendered now, in their order
 */
export function usePanes(
  view: string,
  orientation: 'horizontal' | 'vertical',
  panes: readonly string[],
): Pick<GroupProps, 'orientation' | 'defaultLayout' | 'onLayoutChanged'> {
  const { defaultLayout, onLayoutChanged } = useDefaultLayout({
    id: `${view}-${orientation}`,
    panelIds: [...panes],
    onlySaveAfterUserInteractions: true,
    storage: STORAGE,
  });
  return { orientation, defaultLayout, onLayoutChanged };
}
