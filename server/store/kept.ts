/** A recording of which the index is whole: its list is there at once, and any packet's path, before its frames are read. */
import { statSync } from 'node:fs';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { asNs, type Ns } from '../../core/base/units.ts';
import { DROP_BIT } from '../../core/model/analysis/steps.ts';
import { type FileBytes, fileBytes } from '../recording/bytes.ts';
import { openForReading, readBlock } from '../recording/reader.ts';
import { placesOf } from './blocks.ts';
import { readPackedRows } from './kept-rows.ts';
import { closeIndex, openIndex, saysOfRecording } from './read-only.ts';
import { recordsOf, recordsOfAny } from './records.ts';
import { wholeIndexOf } from './schema.ts';

export interface KeptFiles {
  readonly recording: string;
  readonly index: string;
  /** As the recording's header says: an index of another is none of its. */
  readonly createdUnixMs: number;
}

/** What the index says of all packets. */
interface Contents {
  /** The paths that rows are on, as a PathTable takes them. */
  readonly pathWords: Uint32Array;
  readonly packets: number;
  readonly hops: number;
  /** Events that the records' numbers say were lost. */
  readonly missing: number;
  /** Time of the newest hop of these packets. */
  readonly newestNs: Ns;
}

export class Kept {
  readonly contents: Contents;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #file: FileBytes;
  /** One question after the other. */
  #reading: Promise<unknown> = Promise.resolve();

  private constructor(
    contents: Contents,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    file: FileBytes,
  ) {
    this.contents = contents;
    this.#instance = instance;
    this.#connection = connection;
    this.#file = file;
  }

  /**
   * Undefined where there is no index, or none that is whole and of this version; throws what DuckDB says of a damaged one.
   */
  static async open(files: KeptFiles): Promise<Kept | undefined> {
    const index = await openIndex(files.index);
    if (index === undefined) return undefined;
    const { instance, connection } = index;
    try {
      const { size: bytes } = statSync(files.recording);
      if (await saysOfRecording(connection, wholeIndexOf({ createdUnixMs: files.createdUnixMs, bytes }))) {
        const contents = await readContents(connection);
        const fd = openForReading(files.recording);
        return new Kept(contents, instance, connection, fileBytes(fd, bytes));
      }
    } catch (error) {
      closeIndex(index);
      throw error;
    }
    closeIndex(index);
    return undefined;
  }

  /** Packed rows of the newest packets, piece by piece, in the order in which they were first seen; see readPackedRows. */
  async *rows(max: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    // of its own: what is asked meanwhile would end the answer that is being read
    const connection = await this.#instance.connect();
    try {
      yield* readPackedRows(connection, max);
    } finally {
      connection.closeSync();
    }
  }

  /**
   * Every record of a packet, lineage that names it included, oldest first; undefined when there is none. Throws a
   * RecordingError, or what DuckDB says, at what is damaged.
   */
  records(packet: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#queued(() => this.#read(packet));
  }

  /**
   * All records of these packets, block by block in their order. A packet of which a block lies beyond the newest
   * `maxBlocks` has none; those are given to `left`. Throws as {@link records} does.
   */
  async *recordsOfAll(
    packets: ReadonlySet<number>,
    maxBlocks: number,
    left: (packet: number) => void,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { positions, beyond } = await this.#queued(() => placesOf(this.#connection, packets, maxBlocks));
    for (const packet of beyond) left(packet);
    const whole = new Set([...packets].filter((packet) => !beyond.has(packet)));
    for (const position of positions) {
      const items = await this.#queued(() => readBlock(this.#file, position));
      for (const item of items) if (item.kind === 'batch') yield recordsOfAny(whole, item.records);
    }
  }

  /** What was asked has its answer first: a thread that ends within DuckDB's work takes the process with it. */
  async close(): Promise<void> {
    await this.#reading;
    closeIndex({ instance: this.#instance, connection: this.#connection });
    await this.#file.close();
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const reading = this.#reading.then(work);
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #read(packet: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const places = await this.#connection.runAndReadAll(
      `SELECT DISTINCT block, position FROM places JOIN blocks USING (block) WHERE packet = ${Math.floor(packet)} ORDER BY block`,
    );
    const found: Uint8Array[] = [];
    for (const [, position] of places.getRows())
      for (const item of await readBlock(this.#file, Number(position)))
        if (item.kind === 'batch') found.push(...recordsOf(packet, item.records));
    return found.length === 0 ? undefined : new Uint8Array(Buffer.concat(found));
  }
}

async function readContents(connection: DuckDBConnection): Promise<Contents> {
  const counts = await connection.runAndReadAll(
    // of a packet that has two rows the later one has more hops
    `SELECT count(*), coalesce(sum(hops), 0), coalesce(max(last_ns), 0),
            (SELECT coalesce(sum(events), 0) FROM losses WHERE kind = 'missing')
     FROM (SELECT max(hops) AS hops, max(last_ns) AS last_ns FROM packets GROUP BY packet)`,
  );
  const [packets = 0, hops = 0, newestNs = 0, missing = 0] = (counts.getRows()[0] ?? []).map(Number);
  return { packets, hops, missing, newestNs: asNs(newestNs), pathWords: await readPaths(connection) };
}

async function readPaths(connection: DuckDBConnection): Promise<Uint32Array> {
  const steps = await connection.runAndReadAll(
    'SELECT path, func, reason, netns, ifindex FROM paths ORDER BY path, step',
  );
  const words: number[] = [];
  let last = 0;
  let lengthAt = 0;
  for (const step of steps.getRows()) {
    const [path = 0, func = 0, reason = 0, netns = 0, ifindex = 0] = step.map(Number);
    if (path !== last) lengthAt = words.push(0) - 1;
    last = path;
    words[lengthAt] = (words[lengthAt] ?? 0) + 1;
    words.push(reason < 0 ? func : (DROP_BIT | reason) >>> 0, netns, ifindex);
  }
  return Uint32Array.from(words);
}
