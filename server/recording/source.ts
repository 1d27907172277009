/** A recording as a source: it says what its source said, as fast as that is taken, and has no host to ask. */
import { fail, ok } from '../../core/base/result.ts';
import type { CaptureState } from '../../core/messages/source.ts';
import type { Source, SourceListener } from '../sources/source.ts';
import { RecordedFactBook } from './facts.ts';
import { RecordingError } from './format.ts';
import type { Recorded } from './recorded.ts';

export interface ReplayEvents extends SourceListener {
  /** All was said; `note` says what is missing at its end, undefined when nothing is. It can still be asked for facts. */
  ended(note: string | undefined): void;
}

/**
 * Begins to say what is in a recording, once the caller has gone on; closes it when it is closed. Of a file, what the host
 * said is known before its packets come; of a pipe, what has come of it by then.
 */
export function replaySource(recording: Recorded, name: string, listener: ReplayEvents): Source {
  const facts = new RecordedFactBook();
  let isClosed = false;

  async function say(): Promise<void> {
    for await (const message of recording.facts()) facts.take(message);
    for await (const item of recording.items()) {
      if (isClosed) return;
      if (item.kind === 'batch') {
        await listener.batch(item.records);
        continue;
      }
      const { message } = item;
      if (message.type === 'fact' || message.type === 'explained') {
        if (!recording.isFile) facts.take(message);
      } else if (message.type === 'hello')
        listener.message({
          type: 'hello',
          hello: { ...message.hello, recording: aboutIt(recording, name) },
        });
      else if (message.type !== 'capture' || IS_SHOWN.has(message.capture.phase)) listener.message(message);
    }
    listener.ended(recording.missing);
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    await recording.close();
  }

  setImmediate(() =>
    say().catch(async (error: unknown) => {
      if (isClosed) return;
      await close();
      if (!(error instanceof RecordingError)) throw error;
      listener.gone(`the recording cannot be read further: ${error.message}`);
    }),
  );

  return {
    async request(body) {
      if (body.method !== 'facts') return fail('NOT_LIVE', NOT_LIVE);
      return ok({ facts: facts.answer(body.queries, body.packet) });
    },
    close,
  };
}

function aboutIt({ header: { createdUnixMs, trigger } }: Recorded, name: string) {
  return { name, createdUnixMs, ...(trigger && { trigger }) };
}

/** That a capture ended is nothing to tell of a recording: what it was stays what it is about. */
const IS_SHOWN = new Set<CaptureState['phase']>(['starting', 'running', 'failed']);

const NOT_LIVE = 'this is a recording: there is no host to ask, and nothing to capture';
