/** The thread that makes one index: nobody who serves pages waits for a long recording. */
import { parentPort, workerData } from 'node:worker_threads';
import { RecordingError } from '../recording/format.ts';
import type { FromIndexer } from './index-recording.ts';
import { type IndexPaths, makeIndex } from './make-index.ts';

const port = parentPort;
if (port === null) throw new Error('an index is made in a worker thread');
const paths: IndexPaths = workerData;
const say = (message: FromIndexer) => port.postMessage(message);

/** Told to stop, by whatever comes. */
class Stopped extends Error {}
let isStopped = false;
port.once('message', () => {
  isStopped = true;
});

try {
  const why = await makeIndex(paths, () => {
    if (isStopped) throw new Stopped();
  });
  say({ type: 'done', why });
} catch (error) {
  if (error instanceof Stopped) say({ type: 'stopped' });
  else if (error instanceof RecordingError) say({ type: 'damaged', message: error.message });
  else throw error;
}
