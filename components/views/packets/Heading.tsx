'use client';

import { ArrowDown, ArrowUp } from 'lucide-react';
import { BY_ARRIVAL, type Sorting, type SortKey } from '../../state/packets/order.ts';
import { cn } from '../../ui/cn.ts';
import type { Column } from './columns.tsx';
import { isByArrival } from './lines.ts';

interface HeadingProps {
  readonly column: Column;
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
}

/** A column's name; a click sorts by it. */
export function Heading({ column: { label, about, sort, end }, sorting, onSort }: HeadingProps) {
  const isActive = sort === sorting.key && !isByArrival(sorting);
  const Arrow = sorting.descending ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      aria-sort={isActive ? (sorting.descending ? 'descending' : 'ascending') : undefined}
      title={about}
      className={cn('min-w-0 truncate', end && 'text-right')}
    >
      {sort === undefined ? (
        label
      ) : (
        <button
          type="button"
          className={cn(
            'inline-flex items-center gap-0.5 hover:text-text',
            isActive && 'font-semibold text-text',
          )}
          onClick={() => onSort(nextSorting(sorting, sort))}
        >
          {label}
          {isActive && <Arrow size={10} aria-hidden />}
        </button>
      )}
    </div>
  );
}

/** Largest first, then smallest first, then as they came. */
function nextSorting(now: Sorting, key: SortKey): Sorting {
  if (key === 'arrival') return { key, descending: now.key === 'arrival' ? !now.descending : false };
  if (now.key !== key) return { key, descending: true };
  return now.descending ? { key, descending: false } : BY_ARRIVAL;
}
