import { IndexFile } from '../index-file.ts';
import type { IndexOptions } from '../index-recording.ts';
import { makeIndex } from '../make-index.ts';
import type { OpenPartIndex } from '../part-index.ts';

/** As indexRecording, without a thread: for tests of what has need of an index. */
export const indexHere = (recording: string, index: string, { signal }: IndexOptions = {}): Promise<string> =>
  makeIndex({ recording, index }, () => signal?.throwIfAborted());

/** Of a part, without tables of what happened on the way: for tests of many rounds. */
export const plainIndex: OpenPartIndex = (path, failed) => {
  const index = new IndexFile(path, failed);
  void index.leaveEvents();
  return index;
};
