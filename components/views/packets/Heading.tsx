'use client';

import { BY_ARRIVAL, type Sorting, type SortKey } from '../../state/packets/order.ts';
import { orderOf, SortHeading } from '../../ui/SortHeading.tsx';
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
  return (
    <SortHeading
      label={label}
      title={about}
      isEnd={end}
      order={orderOf(isActive, sorting.descending)}
      onSort={sort && (() => onSort(nextSorting(sorting, sort)))}
    />
  );
}

/** Largest first, then smallest first, then as they came. */
function nextSorting(now: Sorting, key: SortKey): Sorting {
  if (key === 'arrival') return { key, descending: now.key === 'arrival' ? !now.descending : false };
  if (now.key !== key) return { key, descending: true };
  return now.descending ? { key, descending: false } : BY_ARRIVAL;
}
