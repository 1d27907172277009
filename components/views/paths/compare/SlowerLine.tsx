'use client';

import { Clock } from 'lucide-react';
import { Button } from '../../../ui/Button.tsx';
import { type Slower, slowerText } from './slower.ts';

/** Which of both took longer, and where the time went. */
export function SlowerLine({
  slower,
  onShow,
}: {
  readonly slower: Slower | undefined;
  readonly onShow: () => void;
}) {
  return (
    <div
      role="status"
      aria-label="Which is slower"
      className="flex min-h-8 shrink-0 items-center gap-2 border-b border-line px-2 py-0.5"
    >
      <Clock size={12} aria-hidden className="shrink-0 text-muted" />
      {slower === undefined ? (
        <span className="text-soft">Both took the same time.</span>
      ) : (
        <>
          <span className="min-w-0 text-pretty">
            <b className="font-semibold">{slower.side === 'left' ? 'Left' : 'Right'} is slower:</b>{' '}
            {slowerText(slower)}
          </span>
          <Button look="outline" title="Show the step that took longest there (s)" onClick={onShow}>
            Show where
          </Button>
        </>
      )}
    </div>
  );
}
