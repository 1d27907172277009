/** What the list has line by line: rows, and headings when they are grouped. */
import { type Grouping, type Groups, gathering } from '../../state/packets/groups.ts';
import { finish, type Job } from '../../state/packets/job.ts';
import { countBelow, ordering, type Sorting } from '../../state/packets/order.ts';
import type { PacketStore } from '../../state/packets/store.ts';

export interface Lines {
  readonly count: number;
  /** Packets that pass, listed or in a collapsed group. */
  readonly rows: number;
  readonly groups: Groups | null;
  /** The row's index at this place; -1 - group for a heading; {@link GONE} for a row that was let go meanwhile. */
  at(position: number): number;
  /** Where a row stands, -1 when it is not listed. */
  find(index: number): number;
  /** The row that a group's heading speaks of. */
  sample(group: number): number;
}

/** No row has this index. */
export const GONE = 2 ** 31;

export const isByArrival = ({ key, descending }: Sorting): boolean => key === 'arrival' && !descending;

type LinesOf = [
  store: PacketStore,
  size: number,
  visible: Uint32Array | null,
  sorting: Sorting,
  grouping: Grouping,
  collapsed: ReadonlySet<number>,
];

/** @param of `size`: rows that came later stay out */
export const linesOf = (...of: LinesOf): Lines => finish(listing(...of));

/** The same in steps. Lines stay right when rows are let go, while they are made and after. */
export function* listing(...[store, size, visible, sorting, grouping, collapsed]: LinesOf): Job<Lines> {
  if (grouping === 'none' && visible === null && isByArrival(sorting)) return plain(size);
  const base = store.forgotten;
  const order = yield* ordering(store, size, sorting, visible);
  if (grouping === 'none') return listed(store, base, order, null, order.length, isByArrival(sorting));
  const { groups, lines } = yield* gathering(store, order, grouping, collapsed);
  return listed(store, base, lines, groups, order.length, false);
}

export const plain = (size: number): Lines => ({
  count: size,
  rows: size,
  groups: null,
  at: (position) => position,
  find: (index) => (index < size ? index : -1),
  sample: () => GONE,
});

/** @param base rows that had been let go by the time that the lines' indices are of */
function listed(
  store: PacketStore,
  base: number,
  lines: Uint32Array | Int32Array,
  groups: Groups | null,
  rows: number,
  isAscending: boolean,
): Lines {
  const now = (index: number) => {
    const moved = index - (store.forgotten - base);
    return moved < 0 ? GONE : moved;
  };
  const search = (index: number) => {
    const place =
      isAscending && lines instanceof Uint32Array ? countBelow(lines, index) : lines.indexOf(index);
    return lines[place] === index ? place : -1;
  };
  return {
    count: lines.length,
    rows,
    groups,
    at: (position) => {
      const line = lines[position] ?? 0;
      return line < 0 ? line : now(line);
    },
    find: (index) => (index < 0 ? -1 : search(index + (store.forgotten - base))),
    sample: (group) => now(groups?.samples[group] ?? 0),
  };
}
