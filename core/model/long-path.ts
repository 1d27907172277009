import { RecordCursor } from '../wire/cursor.ts';
import { HOP_KIND, type HopColumns, hopBuffer, hopColumns } from '../wire/hops.ts';
import { DROP, HOP, KIND, SECTION } from '../wire/layout.gen.ts';
import { carriedSections } from './sections.ts';

/** Hops at each end of a long path that are sent with all that they say: what a person reads, and a page can tell. */
export const END_HOPS = 500;

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

/** Raw records of a long path's two ends. */
export interface PackedEnds {
  readonly head: ArrayBuffer;
  /** Before its hops come `context` older ones, which say what was known of the packet then. */
  readonly tail: ArrayBuffer;
  readonly context: number;
}

/**
 * Records of the first and of the last {@link END_HOPS} hops, and of all of the same moment; of a packet that has no
 * more than both, all are the head.
 * @param hops its hops as {@link packHops} made them
 */
export function packEnds(session: Walkable, packet: number, hops: ArrayBuffer): PackedEnds {
  const { timeNs, count } = hopColumns(hops);
  const isWhole = count <= 2 * END_HOPS;
  const untilNs = isWhole ? Number.POSITIVE_INFINITY : (timeNs[END_HOPS - 1] ?? 0);
  const fromNs = isWhole ? Number.POSITIVE_INFINITY : (timeNs[count - END_HOPS] ?? 0);
  const cursor = new RecordCursor();
  const [head, tail]: [Uint8Array[], Uint8Array[]] = [[], []];
  let context = 0;
  let told = 0;
  session.walk(packet, cursor, () => {
    const own = () => cursor.bytes.slice(cursor.offset, cursor.offset + cursor.size);
    const time = cursor.timeNs;
    if (time <= untilNs) head.push(own());
    else if (time >= fromNs) tail.push(own());
    if (isWhole || time >= fromNs || (cursor.kind !== KIND.hop && cursor.kind !== KIND.drop)) return;
    // the newest record that has a section says what it was when the tail begins
    const sections = carriedSections(cursor);
    if (context > 0 && (sections & ~told) === 0) return;
    told |= sections;
    tail.push(own());
    context += 1;
  });
  return { head: oldestFirst(head), tail: oldestFirst(tail), context };
}

function oldestFirst(records: readonly Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const record of records.toReversed()) {
    bytes.set(record, end);
    end += record.length;
  }
  return bytes.buffer;
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
