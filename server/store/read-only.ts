/** An index that nobody writes any more, as whoever asks it opens it. */
import { existsSync } from 'node:fs';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { DuckDB } from './chunk.ts';
import type { RowOf } from './schema.ts';

/** What DuckDB may take: it reads, and is not the only one on this host. Nothing is written beside a recording. */
const READ_ONLY = { access_mode: 'READ_ONLY', threads: '2', memory_limit: '512MB', temp_directory: '' };

export interface OpenIndex {
  readonly duckdb: DuckDB;
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
}

/**
 * Undefined where there is no such file. Throws what DuckDB says of one that is damaged, or being written. `temporary`: a folder for
 * what a question needs beyond memory.
 */
export async function openIndex(path: string, temporary = ''): Promise<OpenIndex | undefined> {
  if (!existsSync(path)) return undefined;
  const duckdb = await import('@duckdb/node-api');
  const instance = await duckdb.DuckDBInstance.create(path, { ...READ_ONLY, temp_directory: temporary });
  try {
    return { duckdb, instance, connection: await instance.connect() };
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

export function closeIndex({ instance, connection }: Pick<OpenIndex, 'instance' | 'connection'>): void {
  connection.closeSync();
  instance.closeSync();
}

/** Its table `recording` has all of these. Throws what DuckDB says. */
export async function saysOfRecording(
  connection: DuckDBConnection,
  wanted: readonly RowOf<'recording'>[],
): Promise<boolean> {
  const rows = (await connection.runAndReadAll('SELECT key, value FROM recording')).getRows();
  const said = new Map(rows.map(([key, value]) => [String(key), String(value)]));
  return wanted.every(({ key, value }) => said.get(key) === value);
}
