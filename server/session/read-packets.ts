/** Packets that were read from the disk, to be folded as those in memory are. */
import type { NameTables } from '../../core/messages/browser.ts';
import type { FoldedSession } from '../../core/model/analysis/fold.ts';
import { PACKETS_FOLDED_MAX } from '../../core/model/analysis/result.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import type { PathTable } from '../../core/model/path-table.ts';
import type { RecordCursor } from '../../core/wire/cursor.ts';

/** Of a question about many packets: records, and packets with those that came out of them. */
const READ_BYTES = 256 << 20;
const READ_PACKETS = 1 << 16;

/** As many of a question's packets as are folded. */
export const newestFolded = (packets: Float64Array): Float64Array =>
  packets.subarray(Math.max(0, packets.length - PACKETS_FOLDED_MAX));

export class ReadPackets implements FoldedSession {
  readonly #read = new SessionAssembler({ budgetBytes: READ_BYTES, maxPackets: READ_PACKETS });
  readonly #left = new Set<number>();
  readonly #paths: PathTable;

  /** `names` are what verdicts are told by; `paths` gives numbers, if not one of its own does. */
  constructor(names: NameTables, paths?: PathTable) {
    this.#read.takeNames(names);
    this.#paths = paths ?? this.#read.paths;
  }

  /** Whole records; keeps the buffer. */
  take(records: Uint8Array): void {
    this.#read.take(records);
  }

  /** Of this packet not all could be read. */
  left(packet: number): void {
    this.#left.add(packet);
  }

  get paths(): PathTable {
    return this.#paths;
  }

  get size(): number {
    return this.#read.size;
  }

  get rowView(): DataView {
    return this.#read.rowView;
  }

  /** Time of the newest hop, ns. */
  get newestNs(): number {
    return this.#read.newestNs;
  }

  newest(max: number): Float64Array<ArrayBuffer> {
    return this.#read.newest(max);
  }

  rowAt(packet: number): number {
    return this.#left.has(packet) ? 0 : this.#read.rowAt(packet);
  }

  isTruncated(packet: number): boolean {
    return this.#left.has(packet) || this.#read.isTruncated(packet);
  }

  walk(packet: number, cursor: RecordCursor, visit: () => void): void {
    this.#read.walk(packet, cursor, visit);
  }
}
