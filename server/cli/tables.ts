/** A recording as tables: `skbtracer query FILE SQL`, and `export --format parquet`. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatCount } from '../../core/model/format.ts';
import { RecordingError } from '../recording/format.ts';
import type { Recorded } from '../recording/recorded.ts';
import { type Sink, streamSink } from '../recording/sink.ts';
import { openStandardOutput } from '../stdio.ts';
import { StoreDatabase } from '../store/database.ts';
import { fillTables } from '../store/fill.ts';
import { OWN_TABLES, TABLES } from '../store/schema.ts';
import { INDEX_SUFFIX, RECORDING_SUFFIX } from '../store/shelf.ts';
import { Tables } from '../store/tables.ts';
import { answerText } from './answers.ts';
import type { QueryOptions } from './options.ts';
import { Progress } from './progress.ts';
import { openRecording } from './replay.ts';
import { failure, usageError } from './usage.ts';

const TOLD_TABLES = Object.keys(TABLES).filter((table) => !OWN_TABLES.includes(table));

/** Has a question answered of a recording. Resolves to the exit status. */
export const query = ({ file, sql, format }: QueryOptions): Promise<number> =>
  withTables(file, async (database) => {
    const answer = await database.ask(sql).catch((error: unknown) => {
      throw usageError(error instanceof Error ? error.message : String(error));
    });
    process.stdout.write(answerText[format](answer));
  });

/** Writes a new folder with a file for each table; to the standard output (`-`) as a tar archive. */
export async function exportParquet(file: string, folder: string): Promise<number> {
  if (folder !== '-' && existsSync(folder))
    throw failure(`cannot write ${folder}: it is there already; give another name, or remove it`);
  return withTables(file, async (database, own) => {
    const target = folder === '-' ? join(own, 'parquet') : folder;
    try {
      mkdirSync(target);
      for (const table of TOLD_TABLES) await database.writeParquet(table, join(target, `${table}.parquet`));
      if (folder === '-') await writeArchive(target, streamSink(openStandardOutput()));
    } catch (error) {
      rmSync(target, { recursive: true, force: true });
      if (error instanceof RecordingError) throw failure(error.message);
      throw failure(`cannot write ${target}: ${error instanceof Error ? error.message : error}`);
    }
    const { rows } = await database.ask('SELECT count(*) FROM hops');
    const name = folder === '-' ? 'exported' : folder;
    console.error(`${name}: ${TOLD_TABLES.length} tables, ${formatCount(Number(rows[0]?.[0]))} hops`);
  });
}

/** The files of a folder, one after the other. Throws a {@link RecordingError} when nobody takes them. */
async function writeArchive(folder: string, sink: Sink): Promise<void> {
  const { create } = await import('tar');
  const files = TOLD_TABLES.map((table) => `${table}.parquet`);
  for await (const part of create({ cwd: folder, portable: true }, files)) await sink.write(part);
  await sink.close();
}

/**
 * Gives all tables of a recording, and a folder of its own that is gone afterwards, also when it is told to stop: those that were made as it
 * was kept, or else made now of its frames.
 */
async function withTables(
  file: string,
  work: (tables: Tables, folder: string) => Promise<void>,
): Promise<number> {
  const recording = await openRecording(file);
  const folder = mkdtempSync(join(tmpdir(), 'skbtracer-'));
  const progress = new Progress(recording);
  let isStopped = false;
  const stop = () => {
    isStopped = true;
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  let tables: Tables | undefined;
  try {
    tables = await keptTables(file, recording, folder);
    if (tables === undefined) {
      const database = await StoreDatabase.create(join(folder, 'tables.duckdb'));
      tables = database;
      await fillTables(recording, database, () => {
        if (isStopped) throw failure(`${file} was not read to its end`);
        progress.look();
      });
    }
    progress.end();
    await work(tables, folder);
    return 0;
  } catch (error) {
    if (error instanceof RecordingError) throw failure(`${file} cannot be read: ${error.message}`);
    throw error;
  } finally {
    progress.end();
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await recording.close();
    await tables?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of one that `serve` kept, or took in; undefined where they are not whole, or are being written. */
async function keptTables(
  file: string,
  { header, isFile }: Recorded,
  temporary: string,
): Promise<Tables | undefined> {
  if (!isFile || !file.endsWith(RECORDING_SUFFIX)) return undefined;
  const index = `${file.slice(0, -RECORDING_SUFFIX.length)}${INDEX_SUFFIX}`;
  const mark = { createdUnixMs: header.createdUnixMs, bytes: statSync(file).size };
  return Tables.open(index, mark, temporary).catch(() => undefined);
}
