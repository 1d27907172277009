/** What the list has line by line: rows, and headings when they are grouped. */
import { type Grouped, type Grouping, type Groups, groupRows } from '../../state/packets/groups.ts';
import { countBelow, orderRows, type Sorting } from '../../state/packets/order.ts';
import type { PacketStore } from '../../state/packets/store.ts';

export interface Lines {
  readonly count: number;
  /** Packets that pass, listed or in a collapsed group. */
  readonly rows: number;
  readonly groups: Groups | null;
  /** The row's index at this place; -1 - group for a heading. */
  at(position: number): number;
  /** Where a row stands, -1 when it is not listed. */
  find(index: number): number;
}

export const isByArrival = ({ key, descending }: Sorting): boolean => key === 'arrival' && !descending;

/** @param size rows that came later stay out */
export function linesOf(
  store: PacketStore,
  size: number,
  visible: Uint32Array | null,
  sorting: Sorting,
  grouping: Grouping,
  collapsed: ReadonlySet<number>,
): Lines {
  if (grouping === 'none' && visible === null && isByArrival(sorting)) return plain(size);
  const order = orderRows(store, size, sorting, visible);
  if (grouping !== 'none') return grouped(groupRows(store, order, grouping, collapsed), order.length);
  return ordered(order, isByArrival(sorting));
}

export const plain = (size: number): Lines => ({
  count: size,
  rows: size,
  groups: null,
  at: (position) => position,
  find: (index) => (index < size ? index : -1),
});

function ordered(order: Uint32Array, isAscending: boolean): Lines {
  const search = (index: number) => {
    const place = countBelow(order, index);
    return order[place] === index ? place : -1;
  };
  return {
    count: order.length,
    rows: order.length,
    groups: null,
    at: (position) => order[position] ?? 0,
    find: (index) => (index < 0 ? -1 : isAscending ? search(index) : order.indexOf(index)),
  };
}

const grouped = ({ groups, lines }: Grouped, rows: number): Lines => ({
  count: lines.length,
  rows,
  groups,
  at: (position) => lines[position] ?? 0,
  find: (index) => (index < 0 ? -1 : lines.indexOf(index)),
});
