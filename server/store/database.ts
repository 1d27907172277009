/** A store's database: a file of DuckDB's with our tables, written by one thread. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { blocksOf, type Places, placesOf } from './blocks.ts';
import { type DuckDB, TableWriter, Words } from './chunk.ts';
import type { Rows } from './names.ts';
import type { IndexedHeader } from './part-index.ts';
import {
  EVENT_TABLES,
  EVENTS_ON_THE_WAY,
  type EventTable,
  headerRows,
  type NameTable,
  type RowOf,
  type RowSink,
  schemaSql,
  storedIn,
  TABLES_WHOLE,
  wholeIndexOf,
} from './schema.ts';
import { Tables } from './tables.ts';

/** What DuckDB may take beside the rows that wait: it is not the only one on this host. */
const CONFIG = {
  threads: '1',
  memory_limit: '128MB',
  /** Most sessions are short, and each column has a part of a block at least; in smaller ones numbers are not packed. */
  default_block_size: '65536',
};

const isOnTheWay = (table: string): boolean => EVENTS_ON_THE_WAY.some((name) => name === table);

export class StoreDatabase extends Tables implements RowSink {
  readonly #writers: { readonly [T in EventTable]: TableWriter<T> };
  readonly #words: Words;
  #isClosed = false;

  private constructor(
    duckdb: DuckDB,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    writers: { readonly [T in EventTable]: TableWriter<T> },
    words: Words,
  ) {
    super(duckdb, instance, connection);
    this.#writers = writers;
    this.#words = words;
  }

  /** A new one in a file that is not there yet, or in memory (`:memory:`). Throws what DuckDB says. */
  static async create(path: string): Promise<StoreDatabase> {
    const duckdb = await import('@duckdb/node-api');
    const instance = await duckdb.DuckDBInstance.create(path, CONFIG);
    try {
      const connection = await instance.connect();
      await connection.run(schemaSql());
      const words = new Words();
      const writers: Partial<Record<EventTable, unknown>> = {};
      for (const table of Object.keys(EVENT_TABLES) as EventTable[])
        writers[table] = await TableWriter.open(duckdb, connection, table, words);
      const database = new StoreDatabase(
        duckdb,
        instance,
        connection,
        writers as { readonly [T in EventTable]: TableWriter<T> },
        words,
      );
      return database;
    } catch (error) {
      instance.closeSync();
      throw error;
    }
  }

  add<T extends EventTable>(table: T, row: RowOf<T>): void {
    this.#writers[table].add(row);
  }

  /**
   * What was added until now survives this process, though not yet a loss of power. Not what happened to packets on their way, which is
   * made of the frames where it is not whole: DuckDB would write each row twice.
   */
  flush(): void {
    for (const [table, writer] of Object.entries(this.#writers)) if (!isOnTheWay(table)) writer.flush();
  }

  /** The same of everything. */
  flushAll(): void {
    for (const writer of Object.values(this.#writers)) writer.flush();
  }

  /** Forgets all rows of these. */
  async clear(tables: readonly EventTable[]): Promise<void> {
    this.flushAll();
    for (const table of tables)
      await this.connection.run(`DELETE FROM ${storedIn(table, EVENT_TABLES[table])}`);
  }

  /** Writes small tables anew. */
  async name(given: Rows): Promise<void> {
    const rows: Rows = { ...given, words: this.#words.rows };
    await this.connection.run('BEGIN');
    try {
      for (const table of Object.keys(rows) as NameTable[]) await this.#rewrite(table, rows[table] ?? []);
      await this.connection.run('COMMIT');
    } catch (error) {
      await this.connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Numbers of the blocks that have records of a packet, in their order. */
  blocksOf(packet: number): Promise<readonly number[]> {
    this.flush();
    return blocksOf(this.connection, packet);
  }

  /** Where the newest blocks lie that have records of these packets; nothing else waits for the answer. */
  async placesOf(packets: Iterable<number>, max: number): Promise<Places> {
    this.flush();
    const connection = await this.instance.connect();
    try {
      return await placesOf(connection, packets, max);
    } finally {
      connection.closeSync();
    }
  }

  /**
   * Everything of the recording with this header is in it, with these names, in the one file: others may read it. What happened to
   * packets on their way as well: `hasTables`.
   */
  async makeWhole(names: Rows, header: IndexedHeader, hasTables: boolean): Promise<void> {
    this.flushAll();
    const about = [
      ...headerRows(header),
      ...wholeIndexOf(header),
      ...(hasTables ? [TABLES_WHOLE] : []),
      ...(names.recording ?? []),
    ];
    await this.name({ ...names, recording: about });
    await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    await this.connection.run('CHECKPOINT');
  }

  async #rewrite<T extends NameTable>(table: T, rows: readonly RowOf<T>[]): Promise<void> {
    await this.connection.run(`DELETE FROM ${table}`);
    const writer = await TableWriter.open(this.duckdb, this.connection, table, this.#words);
    for (const row of rows) writer.add(row);
    writer.close();
  }

  /** Everything is in the one file then. */
  override async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      for (const writer of Object.values(this.#writers)) writer.close();
      await this.#checkpoint();
    } finally {
      await super.close();
    }
  }
}
