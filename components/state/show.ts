'use client';

import { addTerm, setRange, useDisplay } from './display.ts';
import type { TimeRange } from './packets/visible.ts';
import { prefer } from './preferences.ts';
import { showView } from './view.ts';

/**
 * Lists the packets that a term lets through, of those that are shown: the term joins the display filter. The back button
 * undoes both.
 * @param within only those first seen in it; where a range is in force already, in both
 */
export function showInPackets(term: string, within: TimeRange | null = null): void {
  const { inForce, range } = useDisplay.getState();
  if (!inForce.includes(term)) addTerm(term, false);
  if (within !== null) {
    setRange(range === null ? within : overlap(range, within));
    // a range that is in force is to be seen
    prefer({ stripOpen: true });
  }
  showView('packets');
}

/** Empty, at the later one's beginning, where they do not meet. */
function overlap(a: TimeRange, b: TimeRange): TimeRange {
  const fromNs = Math.max(a.fromNs, b.fromNs);
  return { fromNs, toNs: Math.max(fromNs, Math.min(a.toNs, b.toNs)) };
}
