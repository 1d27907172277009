/** Tables of a recording, to be asked. */
import { existsSync } from 'node:fs';
import type { DuckDBConnection, DuckDBInstance, Json } from '@duckdb/node-api';
import type { DuckDB } from './chunk.ts';
import { READ_ONLY } from './kept.ts';
import { type RecordingMark, TABLES_WHOLE, wholeIndexOf } from './schema.ts';

/** Of a question: whole numbers are numbers as far as a double has them, beyond that text. */
export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
}

export class Tables {
  readonly connection: DuckDBConnection;
  protected readonly duckdb: DuckDB;
  protected readonly instance: DuckDBInstance;

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
    if (!existsSync(index)) return undefined;
    const duckdb = await import('@duckdb/node-api');
    const instance = await duckdb.DuckDBInstance.create(index, {
      ...READ_ONLY,
      temp_directory: temporary,
    });
    const tables = new Tables(duckdb, instance, await instance.connect());
    try {
      const { rows } = await tables.ask('SELECT key, value FROM recording');
      const said = new Map(rows.map(([key, value]) => [key, value]));
      const wanted = [...wholeIndexOf(recording), TABLES_WHOLE];
      if (wanted.every(({ key, value }) => said.get(key) === value)) return tables;
    } catch (error) {
      await tables.close();
      throw error;
    }
    await tables.close();
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
    this.connection.closeSync();
    this.instance.closeSync();
  }
}
