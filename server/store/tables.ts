/** Tables of a recording, to be asked. */
import type { DuckDBConnection, DuckDBInstance, Json } from '@duckdb/node-api';
import type { DuckDB } from './chunk.ts';
import { closeIndex, openIndex, saysOfRecording } from './read-only.ts';
import { type RecordingMark, TABLES_WHOLE, wholeIndexOf } from './schema.ts';

/** Of a question: whole numbers are numbers as far as a double has them, beyond that text. */
export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
}

export class Tables {
  readonly connection: DuckDBConnection;
  protected readonly duckdb: DuckDB;
  readonly instance: DuckDBInstance;

  protected constructor(duckdb: DuckDB, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.duckdb = duckdb;
    this.instance = instance;
    this.connection = connection;
  }

  /**
   * Those that were made while the recording was kept, or taken in; undefined where there are none, or not all. Throws what DuckDB
   * says of a file that is damaged, or being written. `temporary`: a folder for what a question needs beyond memory.
   */
  static async open(index: string, recording: RecordingMark, temporary = ''): Promise<Tables | undefined> {
    const open = await openIndex(index, temporary);
    if (open === undefined) return undefined;
    try {
      if (await saysOfRecording(open.connection, [...wholeIndexOf(recording), TABLES_WHOLE]))
        return new Tables(open.duckdb, open.instance, open.connection);
    } catch (error) {
      closeIndex(open);
      throw error;
    }
    closeIndex(open);
    return undefined;
  }

  /** Throws what DuckDB says of the question. */
  async ask(sql: string): Promise<Answer> {
    const reader = await this.connection.runAndReadAll(sql);
    const { BIGINT, UBIGINT, HUGEINT } = this.duckdb.DuckDBTypeId;
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

  async close(): Promise<void> {
    closeIndex(this);
  }
}
