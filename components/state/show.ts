'use client';

import { addTerm, useDisplay } from './display.ts';
import { showView } from './view.ts';

/**
 * Lists the packets that a term lets through, of those that are shown: the term joins the display filter. The back button
 * undoes both.
 */
export function showInPackets(term: string): void {
  const { inForce } = useDisplay.getState();
  if (!inForce.includes(term)) addTerm(term, false);
  showView('packets');
}
