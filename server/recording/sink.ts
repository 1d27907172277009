/** Where a recording goes: a file of its own, or whoever reads our standard output. */
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { RecordingError } from './format.ts';

export interface Sink {
  /** Resolves when all of it was taken. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when what was taken survives a loss of power, where that can be had. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const CANNOT: Readonly<Record<string, string>> = {
  EEXIST: 'there is such a file: give another name, or remove it',
  ENOENT: 'there is no such folder',
  EACCES: 'writing there is not allowed',
  EPERM: 'writing there is not allowed',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a folder: give the name of a file in it',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file has become too large for its file system',
};

/** A system's error as words with what to do. */
function asRecordingError(path: string, error: unknown): RecordingError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new RecordingError(`cannot write ${path}: ${CANNOT[code] ?? message}`);
}

/**
 * A new file that nobody else can read; owned by `owner`, where that is given. One that is there already is never
 * written over. Throws a {@link RecordingError}.
 */
export async function openFileSink(
  path: string,
  owner?: { readonly uid: number; readonly gid: number },
): Promise<Sink> {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asRecordingError(path, error);
    }
  };
  const file = await guard(() => open(path, 'wx', 0o600));
  if (owner !== undefined) await guard(() => file.chown(owner.uid, owner.gid));
  return {
    write: (bytes) =>
      guard(async () => {
        // a disk that is nearly full takes a part
        for (let at = 0; at < bytes.length; ) {
          const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
          at += bytesWritten;
        }
      }),
    sync: () =>
      guard(async () => {
        try {
          await file.datasync();
        } catch (error) {
          // a pipe or a device with a name has nothing to bring to a disk
          if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
        }
      }),
    close: () => guard(() => file.close()),
  };
}

/** What is written goes to a stream; one whose reader is gone is an error. */
export function streamSink(output: Writable): Sink {
  output.on('error', () => undefined); // each write says it
  const done =
    (resolve: () => void, reject: (error: Error) => void) =>
    (error: Error | null | undefined): void => {
      if (error) reject(asRecordingError('the standard output', error));
      else resolve();
    };
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        output.write(bytes, done(resolve, reject));
      }),
    sync: () => Promise.resolve(),
    close: () =>
      new Promise((resolve) => {
        output.end(() => resolve());
      }),
  };
}

/** Nobody is there any more to take what is written. */
export class ReaderGone extends RecordingError {
  constructor() {
    super('whoever wanted it has gone');
    this.name = 'ReaderGone';
  }
}

/**
 * What is written goes to somebody elsewhere, who may take it slowly: each block within the patience (ms). Whoever has gone,
 * ({@link ReaderGone}), or takes nothing for longer, is an error, at once.
 */
export function takenSink(output: Writable, patienceMs: number): Sink {
  output.on('error', () => undefined); // each write says it
  const given = (give: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => {
      const gone = () => end(new ReaderGone());
      const still = () => end(new RecordingError(`nothing of it was taken for ${patienceMs / 1000} s`));
      const patience = setTimeout(still, patienceMs).unref();
      const end = (error?: Error | null) => {
        clearTimeout(patience);
        output.off('close', gone);
        if (error) reject(error);
        else resolve();
      };
      // one that is gone already calls nobody
      if (output.destroyed) return gone();
      output.once('close', gone);
      // whatever the system calls it
      give((error) => end(error ? new ReaderGone() : undefined));
    });
  return {
    write: (bytes) => given((done) => output.write(bytes, done)),
    sync: () => Promise.resolve(),
    close: () => given((done) => output.end(done)),
  };
}
