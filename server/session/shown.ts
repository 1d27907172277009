/** A recording with an index, as pages see it: its list and its paths are the index's, all else comes as its frames are read. */
import type { Ns } from '../../core/base/units.ts';
import type { NameTables } from '../../core/messages/browser.ts';
import type { FoldedSession } from '../../core/model/analysis/fold.ts';
import { type RowBatch, SESSION_PACKETS_MAX, type SessionAssembler } from '../../core/model/assembler.ts';
import type { SessionCounters } from '../../core/model/counters.ts';
import { PATH_BEYOND } from '../../core/model/path-table.ts';
import { ROW_BYTES, rowPacket, rowPath } from '../../core/wire/rows.ts';
import { BLOCKS_READ_MAX } from '../store/blocks.ts';
import { Kept, type KeptFiles } from '../store/kept.ts';
import { isLongPath, packPath } from './long.ts';
import type { HopsAnswer, PathAnswer } from './messages.ts';
import { newestFolded, ReadPackets } from './read-packets.ts';

/** Undefined where there is no index that can be read: then the frames alone tell. */
export async function openShown(files: KeptFiles, assembler: SessionAssembler): Promise<Shown | undefined> {
  try {
    const kept = await Kept.open(files);
    return kept && new Shown(kept, assembler);
  } catch (error) {
    console.error(`skbtracer server: ${files.index} is not used:`, error);
    return undefined;
  }
}

export class Shown {
  readonly #kept: Kept;
  readonly #assembler: SessionAssembler;
  /** Packed rows of the newest packets, in the order in which they were first seen, as far as they are read. */
  readonly #rows: Uint8Array<ArrayBuffer>;
  #count = 0;
  #unnumbered = 0;
  readonly #reading: Promise<void>;
  #isClosed = false;
  /** What verdicts are told by. */
  #names: NameTables = {};

  constructor(kept: Kept, assembler: SessionAssembler) {
    this.#kept = kept;
    this.#assembler = assembler;
    this.#rows = new Uint8Array(Math.min(SESSION_PACKETS_MAX, kept.contents.packets) * ROW_BYTES);
    this.begin();
    this.#reading = this.#readRows();
  }

  /** Resolves when all rows are there. */
  get whole(): Promise<void> {
    return this.#reading;
  }

  /** The session begins: its paths have the numbers that rows say. */
  begin(): void {
    this.#assembler.paths.load(this.#kept.contents.pathWords);
  }

  /** Functions and drop reasons of the source. */
  takeNames(tables: NameTables): void {
    this.#names = { ...this.#names, ...tables };
  }

  /** Rows never change: of what is older than `version` a page has all. */
  get version(): number {
    return this.#count;
  }

  get session(): number {
    return this.#assembler.session;
  }

  get newestNs(): Ns {
    return this.#kept.contents.newestNs;
  }

  get counters(): SessionCounters {
    const { packets, hops, missing } = this.#kept.contents;
    const evicted = Math.max(0, packets - SESSION_PACKETS_MAX);
    return { ...this.#assembler.counters, packets, hops, missing, evicted, unnumbered: this.#unnumbered };
  }

  rowsSince(version: number, max: number): RowBatch {
    const next = Math.min(this.#count, version + max);
    const rows = this.#rows.slice(version * ROW_BYTES, next * ROW_BYTES);
    return { rows, version: next, more: next < this.#count };
  }

  async path(packet: number): Promise<PathAnswer> {
    const records = await this.#records(packet);
    const isLong = records !== undefined && isLongPath(records);
    return {
      session: this.#assembler.session,
      records: isLong ? undefined : records?.buffer,
      isTruncated: false,
      isLong,
    };
  }

  async hops(packet: number): Promise<HopsAnswer> {
    const { session } = this.#assembler;
    const records = await this.#records(packet);
    if (records === undefined) return { session, hops: undefined, ends: undefined };
    return { session, ...packPath(records, packet) };
  }

  /** A question's packets; all that are listed where it asks for all. */
  packetsOf(packets: Float64Array | null): Float64Array {
    if (packets !== null) return packets;
    const view = new DataView(this.#rows.buffer);
    return Float64Array.from({ length: this.#count }, (_, i) => rowPacket(view, i * ROW_BYTES));
  }

  /**
   * The newest of these packets, as many as are folded, with their records; under the paths' numbers of the list. Where the
   * disk fails, what is in memory.
   */
  async read(packets: Float64Array, maxBlocks = BLOCKS_READ_MAX): Promise<FoldedSession> {
    try {
      return await this.#read(packets, maxBlocks);
    } catch (error) {
      console.error('skbtracer server: packets cannot be read from the disk:', error);
      return this.#assembler;
    }
  }

  async #read(packets: Float64Array, maxBlocks: number): Promise<FoldedSession> {
    const wanted = new Set(newestFolded(packets));
    const read = new ReadPackets(this.#names);
    read.paths.load(this.#kept.contents.pathWords);
    for await (const records of this.#kept.recordsOfAll(wanted, maxBlocks, (packet) => read.left(packet)))
      read.take(records);
    return read;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reading;
    await this.#kept.close();
  }

  async #readRows(): Promise<void> {
    const view = new DataView(this.#rows.buffer);
    try {
      for await (const rows of this.#kept.rows(SESSION_PACKETS_MAX)) {
        if (this.#isClosed) return;
        const from = this.#count * ROW_BYTES;
        this.#rows.set(rows, from);
        for (let at = from; at < from + rows.length; at += ROW_BYTES)
          if (rowPath(view, at) === PATH_BEYOND) this.#unnumbered += 1;
        this.#count += rows.length / ROW_BYTES;
      }
    } catch (error) {
      console.error('skbtracer server: the list cannot be read further:', error);
    }
  }

  /** Where the disk fails, what is in memory. */
  async #records(packet: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await this.#kept.records(packet);
    } catch (error) {
      console.error(`skbtracer server: packet ${packet} cannot be read from the disk:`, error);
      return this.#assembler.pathRecords(packet);
    }
  }
}
