import { RecordCursor } from '../wire/cursor.ts';
import { PacketSteps, type Walkable } from './analysis/steps.ts';
import { PATH_BEYOND, PATH_UNKNOWN, PathTable } from './path-table.ts';

const NOTHING_READ = -1;

/** Which path the packet of each row took, read from its records when the row is wanted and not before. */
export class RowPaths {
  readonly table = new PathTable();
  /** By slot: number of the packet's last record when its path was read, and the path's number. */
  readonly #read: Float64Array;
  readonly #path: Uint32Array;
  readonly #steps = new PacketSteps();
  readonly #cursor = new RecordCursor();
  #unnumbered = 0;

  constructor(capacity: number) {
    this.#read = new Float64Array(capacity);
    this.#path = new Uint32Array(capacity);
  }

  /** Packets whose path had no number when it was read. */
  get unnumbered(): number {
    return this.#unnumbered;
  }

  /** Another packet's row is in this slot now. */
  begin(slot: number): void {
    this.#read[slot] = NOTHING_READ;
    this.#path[slot] = PATH_UNKNOWN;
  }

  /**
   * Number of the packet's path. What was read while all records were there holds until there is one more.
   * @param last number of its last record
   * @param isCut its first records are gone
   */
  of(packet: number, slot: number, last: number, isCut: boolean, records: Walkable): number {
    const before = this.#path[slot] ?? PATH_UNKNOWN;
    if (this.#read[slot] === last) return before;
    this.#read[slot] = last;
    if (!isCut) this.#steps.read(this.#cursor, packet, records);
    const path = isCut ? PATH_UNKNOWN : this.table.numberOf(this.#steps);
    if (path === PATH_BEYOND && before !== PATH_BEYOND) this.#unnumbered += 1;
    this.#path[slot] = path;
    return path;
  }

  /** Another session. */
  clear(): void {
    this.table.clear();
    this.#unnumbered = 0;
  }
}
