/** The thread that keeps sessions on the disk: nobody who serves pages waits for a disk. */
import { parentPort, workerData } from 'node:worker_threads';
import { type FreezeRequest, type FrozenBlocks, writeFrozen } from './frozen.ts';
import { IndexThread } from './index-thread.ts';
import { Keeper } from './keeper.ts';
import type { FromKeeper, FrozenAnswer, KeeperSettings, ToKeeper } from './messages.ts';
import type { PartIndex } from './part-index.ts';
import { NOTHING_KEPT } from './records.ts';
import { Shelf } from './shelf.ts';

const TIDY_MS = 1000;

const port = parentPort;
if (port === null) throw new Error('sessions are kept in a worker thread');
const { folder, limits, product }: KeeperSettings = workerData;
const say = (message: FromKeeper, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

/** Batches that wait for the ones before: half of what the server lets wait before its source does. */
const BATCHES_HURRY = 32;

const indexes = new IndexThread();
const keeper = openKeeper();
let batches = 0;

function openIndex(path: string, failed: (error: Error) => void): PartIndex {
  const index = indexes.open(path, failed);
  if (!limits.tables) void index.leaveEvents();
  return index;
}

/** Undefined when there is no such folder and none can be made, which is told. */
function openKeeper(): Keeper | undefined {
  try {
    return new Keeper(new Shelf(folder, limits), product, openIndex);
  } catch (error) {
    const why = `cannot keep sessions in ${error instanceof Error ? error.message : folder}`;
    say({ type: 'keeping', keeping: { phase: 'failed', why } });
    return undefined;
  }
}

/** One after the other, as they came. */
let work = Promise.resolve();
const then = (step: () => Promise<void> | void) => {
  work = work.then(step);
};

/** Nothing waits for what is read of many packets; one question after the other. */
let reading = Promise.resolve();

async function read({ id, packets }: Extract<ToKeeper, { type: 'records' }>): Promise<void> {
  const answer = (await keeper?.records(new Set(packets))) ?? NOTHING_KEPT;
  say(
    { type: 'answer', id, answer },
    answer.records.map(({ buffer }) => buffer),
  );
}

async function freeze(blocks: FrozenBlocks | undefined, request: FreezeRequest): Promise<FrozenAnswer> {
  if (blocks === undefined) return { phase: 'not kept' };
  try {
    await writeFrozen(blocks, request, () => isClosing);
    return { phase: 'written' };
  } catch (error) {
    return { phase: 'failed', why: error instanceof Error ? error.message : String(error) };
  } finally {
    blocks.release();
  }
}

async function take(message: Exclude<ToKeeper, { type: 'records' }>): Promise<void> {
  switch (message.type) {
    case 'message':
      await keeper?.message(message.message);
      break;
    case 'batch':
      await keeper?.batch(message.records);
      batches -= 1;
      say({ type: 'taken' });
      break;
    case 'explained':
      keeper?.explained(message.packet, message.facts);
      break;
    case 'path': {
      const path = (await keeper?.path(message.packet)) ?? { session: -1, records: undefined };
      say(
        { type: 'answer', id: message.id, answer: path },
        path.records === undefined ? [] : [path.records.buffer],
      );
      break;
    }
    case 'freeze': {
      const { id, request } = message;
      // what it is made of is known before anything else is taken in
      const blocks = await keeper?.frozen(request.session, request.sinceNs);
      reading = reading.then(async () => say({ type: 'answer', id, answer: await freeze(blocks, request) }));
      break;
    }
    case 'save': {
      const kept = await keeper?.saved();
      const { id } = message;
      if (kept === undefined) {
        say({ type: 'answer', id, answer: { phase: 'not kept' } });
        break;
      }
      const { id: saving, saved } = kept;
      say({ type: 'answer', id, answer: { phase: 'kept', saving, saved } }, [
        saved.names.buffer,
        ...saved.parts.map(({ blocks }) => blocks.buffer),
      ]);
      break;
    }
    case 'release':
      keeper?.release(message.saving, message.what);
      break;
    case 'close':
      clearInterval(timer);
      await reading;
      await keeper?.close();
      await indexes.close();
      say({ type: 'closed' });
      break;
  }
}

/** What is being copied is not waited for. */
let isClosing = false;

port.on('message', (message: ToKeeper) => {
  if (message.type === 'close') isClosing = true;
  if (message.type === 'batch') {
    batches += 1;
    if (batches > BATCHES_HURRY) keeper?.hurry();
  }
  if (message.type !== 'records') then(() => take(message));
  else reading = reading.then(() => read(message));
});

let told = '';
const timer = setInterval(
  () =>
    then(async () => {
      if (keeper === undefined) return;
      await keeper.tidy();
      const { keeping } = keeper;
      const text = JSON.stringify(keeping);
      if (text !== told) say({ type: 'keeping', keeping });
      told = text;
    }),
  TIDY_MS,
);
