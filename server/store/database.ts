/** A store's database: a file of DuckDB's with our tables, written by one thread. */
import type { DuckDBConnection, DuckDBInstance, Json } from '@duckdb/node-api';
import { type Places, placesOf } from './blocks.ts';
import { type DuckDB, TableWriter } from './chunk.ts';
import type { Rows } from './names.ts';
import {
  EVENT_TABLES,
  type EventTable,
  type NameTable,
  type RowOf,
  type RowSink,
  schemaSql,
  wholeIndexOf,
} from './schema.ts';

/** What DuckDB may take beside the rows that wait: it is not the only one on this host. */
const CONFIG = {
  threads: '1',
  memory_limit: '256MB',
  /** Most sessions are short, and each column has a part of a block at least; in smaller ones numbers are not packed. */
  default_block_size: '65536',
};

/** Of a question: whole numbers are numbers as far as a double has them, beyond that text. */
export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
}

export class StoreDatabase implements RowSink {
  readonly connection: DuckDBConnection;
  readonly #duckdb: DuckDB;
  readonly #instance: DuckDBInstance;
  readonly #writers: { readonly [T in EventTable]: TableWriter<T> };
  #isClosed = false;

  private constructor(
    duckdb: DuckDB,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    writers: { readonly [T in EventTable]: TableWriter<T> },
  ) {
    this.#duckdb = duckdb;
    this.#instance = instance;
    this.connection = connection;
    this.#writers = writers;
  }

  /** A new one in a file that is not there yet, or in memory (`:memory:`). Throws what DuckDB says. */
  static async create(path: string): Promise<StoreDatabase> {
    const duckdb = await import('@duckdb/node-api');
    const instance = await duckdb.DuckDBInstance.create(path, CONFIG);
    try {
      const connection = await instance.connect();
      await connection.run(schemaSql());
      const writers: Partial<Record<EventTable, unknown>> = {};
      for (const table of Object.keys(EVENT_TABLES) as EventTable[])
        writers[table] = await TableWriter.open(duckdb, connection, table);
      const database = new StoreDatabase(
        duckdb,
        instance,
        connection,
        writers as { readonly [T in EventTable]: TableWriter<T> },
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

  /** What was added until now survives this process, though not yet a loss of power. */
  flush(): void {
    for (const writer of Object.values(this.#writers)) writer.flush();
  }

  /** Forgets all rows of events. */
  async clearEvents(): Promise<void> {
    this.flush();
    for (const table of Object.keys(EVENT_TABLES)) await this.connection.run(`DELETE FROM ${table}`);
  }

  /** Writes small tables anew. */
  async name(rows: Rows): Promise<void> {
    await this.connection.run('BEGIN');
    try {
      for (const table of Object.keys(rows) as NameTable[]) await this.#rewrite(table, rows[table] ?? []);
      await this.connection.run('COMMIT');
    } catch (error) {
      await this.connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Throws what DuckDB says of the question. */
  async ask(sql: string): Promise<Answer> {
    const reader = await this.connection.runAndReadAll(sql);
    const { BIGINT, UBIGINT, HUGEINT } = this.#duckdb.DuckDBTypeId;
    const isWhole = reader.columnTypes().map(({ typeId }) => [BIGINT, UBIGINT, HUGEINT].includes(typeId));
    const rows = reader
      .getRowsJson()
      .map((row) =>
        row.map((value, i) =>
          isWhole[i] && Number.isSafeInteger(Number(value)) && value !== null ? Number(value) : value,
        ),
      );
    return { columns: reader.columnNames(), rows };
  }

  async writeParquet(table: string, path: string): Promise<void> {
    await this.connection.run(
      `COPY ${table} TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
    );
  }

  /** Numbers of the blocks that have records of a packet, in their order. */
  async blocksOf(packet: number): Promise<readonly number[]> {
    this.flush();
    const reader = await this.connection.runAndReadAll(
      'SELECT DISTINCT block FROM places WHERE packet = $packet ORDER BY block',
      { packet },
      { packet: this.#duckdb.UBIGINT },
    );
    return reader.getColumns()[0]?.map(Number) ?? [];
  }

  /** Where the newest blocks lie that have records of these packets; nothing else waits for the answer. */
  async placesOf(packets: Iterable<number>, max: number): Promise<Places> {
    this.flush();
    const connection = await this.#instance.connect();
    try {
      return await placesOf(connection, packets, max);
    } finally {
      connection.closeSync();
    }
  }

  /** Everything of the recording that was begun then is in it, with these names, in the one file: others may read it. */
  async makeWhole(names: Rows, createdUnixMs: number): Promise<void> {
    this.flush();
    await this.name({ ...names, recording: wholeIndexOf(createdUnixMs) });
    await this.#checkpoint();
  }

  async #checkpoint(): Promise<void> {
    await this.connection.run('CHECKPOINT');
  }

  async #rewrite<T extends NameTable>(table: T, rows: readonly RowOf<T>[]): Promise<void> {
    await this.connection.run(`DELETE FROM ${table}`);
    const writer = await TableWriter.open(this.#duckdb, this.connection, table);
    for (const row of rows) writer.add(row);
    writer.close();
  }

  /** Everything is in the one file then. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      for (const writer of Object.values(this.#writers)) writer.close();
      await this.#checkpoint();
    } finally {
      this.connection.closeSync();
      this.#instance.closeSync();
    }
  }
}
