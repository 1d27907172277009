import type { IndexOptions } from '../index-recording.ts';
import { makeIndex } from '../make-index.ts';

/** As indexRecording, without a thread: for tests of what has need of an index. */
export const indexHere = (recording: string, index: string, { signal }: IndexOptions = {}): Promise<string> =>
  makeIndex({ recording, index }, () => signal?.throwIfAborted());
