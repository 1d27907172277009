import type { Readable, Writable } from 'node:stream';
import { fail, ok, type Result } from '../../core/base/result.ts';
import { check } from '../../core/base/schema.ts';
import { FRAME_TYPE } from '../../core/messages/frames.ts';
import { type SourceMessage, sourceMessageSchema } from '../../core/messages/source.ts';
import { type Frame, FrameDecoder, messageFrame, ProtocolError } from './framing.ts';
import type { RequestBody, Source, SourceListener } from './source.ts';

type Reply = Extract<SourceMessage, { type: 'reply' }>;

/** How a note begins that says only that there is no more, not why. */
export const STREAM_ENDED = 'its stream ended';

/** Requests that may wait for their reply at once. */
const REQUESTS_MAX = 256;

/**
 * A source at the other end of a byte stream (an agent's stdout and stdin, or a socket as both). What it says is
 * validated; what cannot be is the end of it: `gone()` says why, the stream is destroyed, every request under way
 * fails with SOURCE_GONE.
 */
export function connectStreams(input: Readable, output: Writable, listener: SourceListener): Source {
  const decoder = new FrameDecoder();
  const waiting = new Map<number, (result: Result<unknown>) => void>();
  let nextId = 1;
  let isGone = false;
  let whenGone: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    whenGone = resolve;
  });

  function end(note: string): void {
    if (isGone) return;
    isGone = true;
    input.destroy();
    output.destroy();
    for (const answer of waiting.values()) answer(fail('SOURCE_GONE', `the source is gone: ${note}`));
    waiting.clear();
    listener.gone(note);
    whenGone();
  }

  function reply(message: Reply): void {
    const answer = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.ok) answer?.(ok(message.value));
    else {
      const { code, message: text, position } = message.error;
      answer?.(fail(code, text, position));
    }
  }

  function take(frame: Frame): Promise<void> | undefined {
    if (frame.type === FRAME_TYPE.batch) return listener.batch(frame.payload);
    const message = parseMessage(frame.payload);
    if (message.type === 'reply') reply(message);
    else listener.message(message);
    return undefined;
  }

  async function run(): Promise<void> {
    for await (const chunk of input) {
      for (const frame of decoder.push(chunk)) {
        const taken = take(frame);
        if (taken !== undefined) await taken;
      }
    }
    end(decoder.isBetweenFrames ? STREAM_ENDED : `${STREAM_ENDED} in the middle of a message`);
  }

  output.on('error', (error) => end(error.message));
  run().catch((error: unknown) => {
    const text = error instanceof Error ? error.message : String(error);
    end(error instanceof ProtocolError ? `it does not keep to the protocol: ${text}` : text);
  });

  return {
    request(body: RequestBody) {
      if (isGone) return Promise.resolve(fail('SOURCE_GONE', 'the source is gone'));
      if (waiting.size >= REQUESTS_MAX)
        return Promise.resolve(fail('SOURCE_BUSY', 'the source has too many requests to answer; try again'));
      const id = nextId;
      nextId += 1;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        output.write(messageFrame({ id, ...body }));
      });
    },
    close() {
      if (!isGone) output.end();
      return closed;
    },
  };
}

function parseMessage(payload: Uint8Array): SourceMessage {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
  } catch {
    throw new ProtocolError('a message is not JSON');
  }
  const checked = check(sourceMessageSchema, json);
  if (!checked.ok) throw new ProtocolError(`a message is wrong: ${checked.problem}`);
  return checked.value;
}
