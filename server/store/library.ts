/** The recordings on the shelf as people see them: listed, noted, removed (and brought back), opened. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { fail, ok, type Result } from '../../core/base/result.ts';
import { type ListedRecording, NOTE_MAX, type RecordingList } from '../../core/messages/recordings.ts';
import { lostEvents } from '../../core/messages/source.ts';
import { formatBytes } from '../../core/model/format.ts';
import { makeFolder } from '../folders.ts';
import { beginCapture, kindOf } from '../import/open.ts';
import { writeCapture } from '../import/write.ts';
import { type Bytes, streamBytes } from '../recording/bytes.ts';
import { RecordingError } from '../recording/format.ts';
import { Recording } from '../recording/reader.ts';
import { openFileSink } from '../recording/sink.ts';
import { type IndexOptions, indexRecording } from './index-recording.ts';
import type { KeepLimits } from './limits.ts';
import {
  ENDINGS, INCOMING_PREFIX, INDEX_SUFFIX, NOTE_SUFFIX, RECORDING_SUFFIX, Shelf, type Shelved,
} from './shelf.ts'; // biome-ignore format: a list

/** What was removed can be brought back for so long. */
export const UNDO_MS = 10 * 60_000;
const REMOVED = '.removed';
/** Of folders for what an export needs while it is made (server/http/exports.ts). */
export const EXPORT_PREFIX = '.skbtracer-export-';
/** Recordings of which the header was read. */
const KNOWN_MAX = 4096;

/** Of a recording that the server made of what runs: bytes. */
const INDEXED_LATER_MAX = 64 << 20;

/** What stands in a recording's header and summary. */
type Read = Pick<ListedRecording, 'createdUnixMs' | 'lastedNs' | 'events' | 'packets' | 'lost' | 'fault'>;

type MakeIndex = (recording: string, index: string, options: IndexOptions) => Promise<string>;

export class Library {
  readonly #shelf: Shelf;
  /** Name of the recording that is written now, '' for none. */
  readonly #written: () => string;
  readonly #known = new Map<string, { readonly writtenUnixMs: number; readonly read: Read }>();
  readonly #purges = new Set<NodeJS.Timeout>();
  readonly #index: MakeIndex;
  /** Ends what is being taken in. */
  readonly #closing = new AbortController();
  readonly #receiving = new Set<Promise<unknown>>();

  /** Nothing that an earlier server removed can be brought back, and nothing of what it took in or exported halfway is left. */
  constructor(shelf: Shelf, written: () => string, index: MakeIndex = indexRecording) {
    this.#shelf = shelf;
    this.#written = written;
    this.#index = index;
    rmSync(join(shelf.folder, REMOVED), { recursive: true, force: true });
    for (const file of readdirSync(shelf.folder))
      if (file.startsWith(INCOMING_PREFIX) || file.startsWith(EXPORT_PREFIX))
        rmSync(join(shelf.folder, file), { recursive: true, force: true });
  }

  /** Where temporary files may be made. */
  get folder(): string {
    return this.#shelf.folder;
  }

  async list(): Promise<RecordingList> {
    const shelved = this.#shelf.list();
    const recordings: ListedRecording[] = [];
    for (const one of shelved) {
      const { name, bytes } = one;
      const isWritten = name === this.#written();
      recordings.push({
        name,
        note: this.#noteOf(name),
        bytes,
        isWritten,
        ...(await this.#read(one, isWritten)),
      });
    }
    recordings.sort((a, b) => b.createdUnixMs - a.createdUnixMs || (a.name < b.name ? 1 : -1));
    return { folder: this.#shelf.folder, why: '', recordings };
  }

  note(name: string, note: string): Result<null> {
    if (!this.#shelf.has(name)) return noSuch(name);
    const path = this.#shelf.path(name, NOTE_SUFFIX);
    if (note === '') rmSync(path, { force: true });
    else writeFileSync(path, note, { mode: 0o600 });
    return ok(null);
  }

  /** It can be brought back for {@link UNDO_MS}. */
  remove(name: string): Result<null> {
    if (!this.#shelf.has(name)) return noSuch(name);
    if (name === this.#written())
      return fail(
        'BUSY',
        'this is the session that runs: stop the capture, or change it, to remove what was kept',
      );
    const removed = join(this.#shelf.folder, REMOVED);
    makeFolder(removed);
    this.#move(this.#shelf.folder, removed, name);
    const purge = setTimeout(() => {
      this.#purges.delete(purge);
      for (const ending of ENDINGS) rmSync(join(removed, `${name}${ending}`), { force: true });
    }, UNDO_MS);
    purge.unref();
    this.#purges.add(purge);
    return ok(null);
  }

  restore(name: string): Result<null> {
    const isBack = this.#move(join(this.#shelf.folder, REMOVED), this.#shelf.folder, name);
    return isBack
      ? ok(null)
      : fail('RECORDING_GONE', `${name} is gone: what is removed can be brought back for ten minutes`);
  }

  /**
   * Takes in a recording from elsewhere, or another tool's capture, which becomes one; under its own name or one like it. It is
   * read once, whole, before it is listed, which makes its index: what is damaged is refused with where. Who gives it may end that
   * by the signal. Nothing is left of what is not taken.
   */
  async receive(
    file: string,
    bytes: Readable,
    sender?: AbortSignal,
  ): Promise<Result<{ readonly name: string }>> {
    const signals = [this.#closing.signal, ...(sender === undefined ? [] : [sender])];
    const received = this.#receive(file, bytes, AbortSignal.any(signals));
    this.#receiving.add(received);
    try {
      return await received;
    } catch (error) {
      const isWanted = signals.every(({ aborted }) => !aborted);
      if (isWanted && !(error instanceof RecordingError)) throw error;
      const why = isWanted && error instanceof Error ? error.message : 'that was ended';
      return fail('NOT_TAKEN', `${file} is not taken: ${why}`);
    } finally {
      this.#receiving.delete(received);
    }
  }

  async #receive(file: string, bytes: Readable, signal: AbortSignal) {
    const incoming = this.#incoming();
    const index = `${incoming}${INDEX_SUFFIX}`;
    const input = streamBytes(addAbortSignal(signal, bytes));
    try {
      await this.#write(incoming, input);
      const why = await this.#index(incoming, index, { signal });
      signal.throwIfAborted();
      const name = this.#freeName(file);
      renameSync(incoming, this.#shelf.path(name, RECORDING_SUFFIX));
      if (why === '') renameSync(index, this.#shelf.path(name, INDEX_SUFFIX));
      else console.error(`skbtracer server: ${name} has no index: ${why}`);
      return ok({ name });
    } finally {
      for (const left of [incoming, index]) rmSync(left, { force: true });
      await input.close();
    }
  }

  /** Has one written to a new file, which is listed under this name, or one like it, once it is whole. Rejects with what `write` does. */
  async keep(name: string, note: string, write: (path: string) => Promise<void>): Promise<string> {
    const incoming = this.#incoming();
    try {
      await write(incoming);
      const free = this.#freeName(name);
      renameSync(incoming, this.#shelf.path(free, RECORDING_SUFFIX));
      this.note(free, note.slice(0, NOTE_MAX));
      this.#indexLater(free);
      return free;
    } finally {
      rmSync(incoming, { force: true });
    }
  }

  /** Throws a {@link RecordingError}. */
  open(name: string): Promise<Recording> {
    return Recording.open(this.#shelf.path(name, RECORDING_SUFFIX));
  }

  /** Where it and its index lie; undefined while it is written. */
  indexOf(name: string): { readonly recording: string; readonly index: string } | undefined {
    if (name === this.#written()) return undefined;
    return {
      recording: this.#shelf.path(name, RECORDING_SUFFIX),
      index: this.#shelf.path(name, INDEX_SUFFIX),
    };
  }

  /** Where it lies; undefined when there is none of that name. */
  fileOf(name: string): string | undefined {
    return this.#shelf.has(name) ? this.#shelf.path(name, RECORDING_SUFFIX) : undefined;
  }

  /** What was removed is gone, and what is being taken in, is not. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#receiving);
    for (const purge of this.#purges) clearTimeout(purge);
    rmSync(join(this.#shelf.folder, REMOVED), { recursive: true, force: true });
  }

  /** Until then, or where it has become too long for that beside a capture, it is opened by its frames. */
  #indexLater(name: string): void {
    const recording = this.#shelf.path(name, RECORDING_SUFFIX);
    if (statSync(recording).size > INDEXED_LATER_MAX) return;
    const index = this.#shelf.path(name, INDEX_SUFFIX);
    const made = this.#index(recording, index, { signal: this.#closing.signal })
      .catch((error: unknown) => (this.#closing.signal.aborted ? '' : String(error)))
      .then((why) => {
        if (why !== '') console.error(`skbtracer server: ${name} has no index: ${why}`);
        this.#receiving.delete(made);
      });
    this.#receiving.add(made);
  }

  #incoming(): string {
    return join(this.#shelf.folder, `${INCOMING_PREFIX}${randomUUID()}`);
  }

  /** As it is or, of another tool's capture, as the recording that it becomes. */
  async #write(path: string, bytes: Bytes): Promise<void> {
    const kind = await kindOf(bytes);
    if (kind !== 'recording') {
      const part = { bytes, name: '', writtenUnixMs: Date.now() };
      const capture = await beginCapture([part], kind);
      await writeCapture(capture, await openFileSink(path), (written) => this.#refuseMore(written));
      return;
    }
    const sink = await openFileSink(path);
    try {
      for (let chunk = await bytes.some(); chunk.length > 0; chunk = await bytes.some()) {
        this.#refuseMore(bytes.position);
        await sink.write(chunk);
      }
    } finally {
      await sink.close();
    }
  }

  /** Throws a {@link RecordingError} where so many bytes are more than all that may be kept. */
  #refuseMore(written: number): void {
    const { bytes } = this.#shelf.limits;
    if (written > bytes)
      throw new RecordingError(
        `it has more than ${formatBytes(bytes)}, which is all that may be kept here (--recordings-size)`,
      );
  }

  /** As the file is called, as far as a name may be; with a number where there is one already. */
  #freeName(file: string): string {
    const base = file
      .replace(/\.(skbt|pcapng|jsonl?)$/, '')
      .replaceAll(/[^\w.-]+/g, '-')
      .replace(/^[^A-Za-z0-9_]+/, '')
      .slice(0, 200);
    const name = base === '' ? 'recording' : base;
    for (let i = 1; ; i += 1) {
      const free = i === 1 ? name : `${name}-${i}`;
      if (!this.#shelf.has(free)) return free;
    }
  }

  #move(from: string, to: string, name: string): boolean {
    let isMoved = false;
    for (const ending of ENDINGS) {
      try {
        renameSync(join(from, `${name}${ending}`), join(to, `${name}${ending}`));
        isMoved = true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    return isMoved;
  }

  #noteOf(name: string): string {
    try {
      return readFileSync(this.#shelf.path(name, NOTE_SUFFIX), 'utf8').slice(0, NOTE_MAX);
    } catch {
      return '';
    }
  }

  async #read(one: Shelved, isWritten: boolean): Promise<Read> {
    const known = this.#known.get(one.name);
    if (known?.writtenUnixMs === one.writtenUnixMs) return known.read;
    const read = await this.#readHeader(one);
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    if (!isWritten) this.#known.set(one.name, { writtenUnixMs: one.writtenUnixMs, read });
    return read;
  }

  async #readHeader({ name, writtenUnixMs }: Shelved): Promise<Read> {
    try {
      const recording = await this.open(name);
      const { header, summary } = recording;
      await recording.close();
      // what is a part of a session has the counts of all of it
      const isWhole = (summary?.stats?.events ?? 0) <= (summary?.records ?? 0);
      const counts = isWhole ? summary?.stats : undefined;
      return {
        createdUnixMs: header.createdUnixMs,
        lastedNs: summary && summary.lastNs - summary.firstNs,
        events: counts?.events ?? summary?.records,
        packets: counts?.packets,
        lost: summary?.stats && lostEvents(summary.stats),
        fault: '',
      };
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error;
      const nothing = { lastedNs: undefined, events: undefined, packets: undefined, lost: undefined };
      return { createdUnixMs: writtenUnixMs, ...nothing, fault: error.message };
    }
  }
}

/** Of the folder that sessions are kept in; without one, why. */
export function openLibrary(
  { folder, limits }: { readonly folder: string; readonly limits: KeepLimits },
  writtenFile: () => string,
) {
  try {
    return new Library(new Shelf(folder, limits), () => writtenFile().slice(0, -RECORDING_SUFFIX.length));
  } catch (error) {
    return noLibrary(`cannot keep sessions in ${error instanceof Error ? error.message : folder}`);
  }
}

/** In the place of a library where nothing is kept. */
export function noLibrary(why: string) {
  const none = () => fail<null>('RECORDING_GONE', `no recordings are kept: ${why}`);
  return {
    list: async (): Promise<RecordingList> => ({ folder: '', why, recordings: [] }),
    note: none,
    remove: none,
    restore: none,
    receive: async () => fail<{ readonly name: string }>('NOT_TAKEN', `no recordings are kept: ${why}`),
    open: async (_name: string): Promise<Recording> => {
      throw new RecordingError(`no recordings are kept: ${why}`);
    },
    indexOf: () => undefined,
    fileOf: () => undefined,
    folder: undefined,
    why,
    close: async () => undefined,
  };
}

const noSuch = (name: string) => fail<null>('RECORDING_GONE', `there is no recording ${name} any more`);
