/** Lines into a file that is put aside when it is full: FILE, FILE.1 (the one before), FILE.2 … */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { failure } from './usage.ts';

export interface Rotation {
  readonly maxBytes: number;
  /** Files that are kept, the one that is written included. */
  readonly files: number;
}

/** A new file; one that is there already is never written over. Throws a CliError. */
export async function openLineFile(path: string, rotation: Rotation | undefined): Promise<Writable> {
  return new LineFile(path, await create(path), rotation);
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o644);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw failure(
      `cannot write --output: ${code === 'EEXIST' ? `there is ${path} already: give another name, or remove it` : message}`,
    );
  }
}

const NEWLINE = 10;

class LineFile extends Writable {
  readonly #path: string;
  readonly #rotation: Rotation | undefined;
  #file: FileHandle;
  #bytes = 0;

  constructor(path: string, file: FileHandle, rotation: Rotation | undefined) {
    super({ decodeStrings: true });
    this.#path = path;
    this.#file = file;
    this.#rotation = rotation;
  }

  /** A chunk is whole lines. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#put(chunk).then(
      () => done(),
      (error: Error) => done(error),
    );
  }

  override _final(done: (error?: Error) => void): void {
    this.#file.close().then(
      () => done(),
      (error: Error) => done(error),
    );
  }

  async #put(chunk: Buffer): Promise<void> {
    for (let from = 0; from < chunk.length; ) {
      const end = this.#endOfLines(chunk, from);
      if (end === from) {
        await this.#rotate();
        continue;
      }
      // a disk that is nearly full takes a part
      for (let at = from; at < end; ) at += (await this.#file.write(chunk, at, end - at)).bytesWritten;
      this.#bytes += end - from;
      from = end;
    }
  }

  /** Where the lines end that there is room for; an empty file has room for one, however long. */
  #endOfLines(chunk: Buffer, from: number): number {
    const { maxBytes = Number.POSITIVE_INFINITY } = this.#rotation ?? {};
    const room = maxBytes - this.#bytes;
    if (chunk.length - from <= room) return chunk.length;
    const last = room <= 0 ? -1 : chunk.lastIndexOf(NEWLINE, from + room - 1);
    if (last >= from) return last + 1;
    if (this.#bytes > 0) return from;
    const first = chunk.indexOf(NEWLINE, from);
    return first < 0 ? chunk.length : first + 1;
  }

  async #rotate(): Promise<void> {
    await this.#file.close();
    const files = this.#rotation?.files ?? 1;
    const name = (i: number) => (i === 0 ? this.#path : `${this.#path}.${i}`);
    await rm(name(files - 1), { force: true });
    for (let i = files - 2; i >= 0; i -= 1)
      await rename(name(i), name(i + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error; // there were not so many yet
      });
    this.#file = await create(this.#path);
    this.#bytes = 0;
  }
}
