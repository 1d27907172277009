/** Relatives of a packet among the rows that the page has. */
import type { Family } from '../../../core/model/lineage-tree.ts';
import { ROW } from '../../../core/wire/rows.ts';
import { packets } from '../../state/packets/store.ts';

/** Packets below one that are looked at; a tree shows fewer. */
const BELOW_MAX = 1000;

/** One pass over the packed rows, and only for a packet that has relatives: children come behind their parents. */
function childrenBelow(packet: number): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  const below = new Set([packet]);
  const { view, size } = packets;
  for (let i = Math.max(0, packets.indexOf(packet)); i < size && below.size < BELOW_MAX; i += 1) {
    const at = packets.offsetOf(i);
    const parent = view.getFloat64(at + ROW.parent, true);
    if (parent === 0 || !below.has(parent)) continue;
    const child = view.getFloat64(at + ROW.packet, true);
    below.add(child);
    const siblings = children.get(parent) ?? [];
    siblings.push(child);
    children.set(parent, siblings);
  }
  return children;
}

export const family: Family = {
  parentOf: (packet) => packets.row(packets.indexOf(packet))?.parent ?? 0,
  childrenBelow,
};
