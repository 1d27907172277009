/** Gives a recording its index, in a thread of its own. */
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Turns } from '../../core/base/turns.ts';
import { ROOT } from '../place.ts';
import { RecordingError } from '../recording/format.ts';
import type { IndexPaths } from './make-index.ts';

/** What that thread says, once. */
export type FromIndexer =
  /** `why` as {@link indexRecording} resolves to. */
  | { readonly type: 'done'; readonly why: string }
  | { readonly type: 'damaged'; readonly message: string }
  | { readonly type: 'stopped' };

export interface IndexOptions {
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** The thread's; a test has its own. */
  readonly program?: string;
}

/** One at a time: a capture that runs has need of the other processors. */
const turns = new Turns();

/**
 * Reads a recording that nobody writes any more, whole, and writes its index, which is there once it is whole. Resolves to '', or to
 * why it has none (the disk is full, it has several sessions), with which nothing is wrong. Rejects with a RecordingError where the
 * recording is damaged, with the signal's reason when that ends it. Nothing is left then.
 */
export const indexRecording = (
  recording: string,
  index: string,
  { signal, program = join(ROOT, 'dist', 'index.worker.mjs') }: IndexOptions = {},
): Promise<string> =>
  turns.take(async () => {
    signal?.throwIfAborted();
    const worker = new Worker(program, { workerData: { recording, index } satisfies IndexPaths });
    // never ended from here before it has answered: in the middle of DuckDB's work that takes the process with it
    const stop = () => worker.postMessage('stop');
    signal?.addEventListener('abort', stop);
    try {
      // rejects with what it threw, a fault of ours
      const [message] = (await once(worker, 'message')) as [FromIndexer];
      if (message.type === 'damaged') throw new RecordingError(message.message);
      if (message.type === 'stopped') throw signal?.reason;
      return message.why;
    } finally {
      signal?.removeEventListener('abort', stop);
      await worker.terminate();
    }
  });
