import { RecordCursor } from '../wire/cursor.ts';
import { HOP_KIND, type HopColumns, hopBuffer, hopColumns } from '../wire/hops.ts';
import { DROP, HOP, KIND, SECTION } from '../wire/layout.gen.ts';

/** Whatever can put a cursor on a packet's records, newest first. */
export interface Walkable {
  walk(packet: number, cursor: RecordCursor, visit: () => void): void;
}

/** Hops and drops that are kept of a packet, in the order of time, as columns (core/wire/hops.ts). */
export function packHops(session: Walkable, packet: number): ArrayBuffer {
  const cursor = new RecordCursor();
  const isHop = () => cursor.kind === KIND.hop || cursor.kind === KIND.drop;
  let count = 0;
  session.walk(packet, cursor, () => {
    if (isHop()) count += 1;
  });
  const buffer = hopBuffer(count);
  const columns = hopColumns(buffer);
  let at = count;
  let isSorted = true;
  session.walk(packet, cursor, () => {
    if (!isHop()) return;
    at -= 1;
    const isDrop = cursor.kind === KIND.drop;
    columns.timeNs[at] = cursor.timeNs;
    columns.func[at] = isDrop
      ? cursor.view.getUint32(cursor.section(SECTION.drop) + DROP.reason, true)
      : cursor.u32(HOP.func);
    columns.netns[at] = cursor.u32(HOP.netns);
    columns.ifindex[at] = cursor.u32(HOP.ifindex);
    columns.cpu[at] = cursor.cpu;
    columns.kind[at] = isDrop ? HOP_KIND.drop : HOP_KIND.hop;
    if (at + 1 < count && (columns.timeNs[at] ?? 0) > (columns.timeNs[at + 1] ?? 0)) isSorted = false;
  });
  return isSorted ? buffer : sorted(columns);
}

/** By time; hops of one moment stay in the order in which they came. CPUs' records come in turns, each in order. */
function sorted(from: HopColumns): ArrayBuffer {
  const order = Uint32Array.from({ length: from.count }, (_, i) => i).sort(
    (a, b) => (from.timeNs[a] ?? 0) - (from.timeNs[b] ?? 0) || a - b,
  );
  const buffer = hopBuffer(from.count);
  const to = hopColumns(buffer);
  for (const [at, place] of order.entries()) {
    to.timeNs[at] = from.timeNs[place] ?? 0;
    to.func[at] = from.func[place] ?? 0;
    to.netns[at] = from.netns[place] ?? 0;
    to.ifindex[at] = from.ifindex[place] ?? 0;
    to.cpu[at] = from.cpu[place] ?? 0;
    to.kind[at] = from.kind[place] ?? 0;
  }
  return buffer;
}
