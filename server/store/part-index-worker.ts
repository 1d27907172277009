/** The thread that has the indexes of what is being kept; see index-thread.ts. */
import { parentPort } from 'node:worker_threads';
import { IndexFile } from './index-file.ts';
import type { FromIndexes, IndexAnswer, IndexQuestion, ToIndexes } from './index-messages.ts';

const port = parentPort;
if (port === null) throw new Error('indexes are written in a worker thread');
const say = (message: FromIndexes) => port.postMessage(message);

const open = new Map<number, IndexFile>();

/** One after the other, as they came. */
let work = Promise.resolve();

async function add(
  { index, rows, records }: Extract<ToIndexes, { type: 'add' }>,
  file: IndexFile,
): Promise<void> {
  // before it is open everything waits in memory
  await file.room();
  for (const [table, row] of rows) file.add(table, row);
  for (const batch of records) file.events(batch);
  say({
    type: 'added',
    index,
    rows: rows.length,
    bytes: records.reduce((sum, { length }) => sum + length, 0),
  });
}

async function answerOf(file: IndexFile, question: IndexQuestion): Promise<IndexAnswer> {
  switch (question.kind) {
    case 'leave events':
      await file.leaveEvents();
      return undefined;
    case 'flush':
      await file.flush();
      return undefined;
    case 'blocks':
      return file.blocksOf(question.packet);
    case 'places':
      return file.placesOf(question.packets, question.max);
    case 'make whole':
      await file.makeWhole(question.names, question.header);
      return undefined;
    case 'close':
      await file.close();
      return undefined;
  }
}

async function answer({ id, question }: Extract<ToIndexes, { type: 'ask' }>, file: IndexFile): Promise<void> {
  try {
    say({ type: 'answer', id, answer: await answerOf(file, question) });
  } catch (error) {
    say({ type: 'refused', id, why: error instanceof Error ? error.message : String(error) });
  }
}

async function take(message: ToIndexes): Promise<void> {
  const { index } = message;
  if (message.type === 'open') {
    const failed = ({ message: why }: Error) => say({ type: 'failed', index, why });
    open.set(index, new IndexFile(message.path, failed));
    return;
  }
  const file = open.get(index);
  if (message.type === 'add') return file && add(message, file);
  if (file === undefined) return say({ type: 'answer', id: message.id, answer: undefined });
  const answered = answer(message, file);
  // a question about many packets is answered beside what comes
  if (message.question.kind === 'places') return;
  await answered;
  if (message.question.kind === 'close') open.delete(index);
}

port.on('message', (message: ToIndexes) => {
  // at once: what waits is not made into tables first
  if (message.type === 'ask' && message.question.kind === 'leave events')
    open.get(message.index)?.skipEvents();
  work = work.then(() => take(message));
});
