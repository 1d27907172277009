'use client';

import { ArrowLeftRight, ChevronDown, ChevronUp, X } from 'lucide-react';
import { formatCount } from '../../../../core/model/format.ts';
import { END_HOPS } from '../../../../core/model/long-path.ts';
import { commands } from '../../../state/commands.ts';
import { endComparison, swapCompared } from '../../../state/paths/compare.ts';
import { Button } from '../../../ui/Button.tsx';
import type { Alignment, ComparedRow } from './align.ts';

/** Where they differ first, and from there to the others. */
export function CompareHeader({ alignment }: { readonly alignment: Alignment }) {
  const { alike } = alignment;
  const run = (id: string) => commands.all.find((command) => command.id === id)?.run();
  return (
    <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-2 border-b border-line px-2">
      <h2 className="font-semibold">Compare</h2>
      <span role="status" className="min-w-0 truncate text-soft">
        {summary(alignment)}
      </span>
      <span className="ml-auto flex items-center gap-1">
        <span className="text-muted">{formatCount(alike)} hops alike before it</span>
        <Button
          look="quiet"
          square
          aria-label="Previous difference"
          title="Previous difference (b)"
          onClick={() => run('compare.before')}
        >
          <ChevronUp size={14} aria-hidden />
        </Button>
        <Button
          look="quiet"
          square
          aria-label="Next difference"
          title="Next difference (n)"
          onClick={() => run('compare.after')}
        >
          <ChevronDown size={14} aria-hidden />
        </Button>
        <Button look="quiet" onClick={swapCompared}>
          <ArrowLeftRight size={12} aria-hidden /> Swap
        </Button>
        <Button
          look="quiet"
          square
          aria-label="Close the comparison"
          title="Close (Esc)"
          onClick={endComparison}
        >
          <X size={15} aria-hidden />
        </Button>
      </span>
    </header>
  );
}

function summary({ rows, firstDifference, isPartial, isUnaligned }: Alignment): string {
  const row = rows[firstDifference];
  if (row === undefined)
    return isPartial
      ? `The same way and the same decisions, as far as is compared: the first and the last ${END_HOPS} hops.`
      : 'Both went the same way, and the same was decided about both.';
  const text = (side: ComparedRow | undefined) => (side === undefined ? 'nothing more there' : side.text);
  const after = isUnaligned ? '. Behind it they have too little in common to be put beside each other' : '';
  return `First difference: left ${text(row.left)}; right ${text(row.right)}${after}`;
}
