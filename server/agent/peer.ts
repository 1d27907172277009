import type { Readable, Writable } from 'node:stream';
import { fail, type Result } from '../../core/base/result.ts';
import { parse } from '../../core/base/schema.ts';
import { FRAME_TYPE } from '../../core/messages/frames.ts';
import { type SourceMessage, type SourceRequest, sourceRequestSchema } from '../../core/messages/source.ts';
import { FrameDecoder, frameHeader, messageFrame } from '../sources/framing.ts';

/** Answers one request; what it throws is a fault of ours. */
export type Answer = (request: SourceRequest) => Promise<Result<unknown>>;

/** The server, as the agent sees it: messages and batches go out, requests come in and are answered. */
export class Peer {
  readonly #output: Writable;
  #isOpen = true;

  constructor(output: Writable) {
    this.#output = output;
    output.on('error', () => {
      this.#isOpen = false; // the input's end, which follows, ends the agent
    });
  }

  send(message: SourceMessage): void {
    if (this.#isOpen) this.#output.write(messageFrame(message));
  }

  /** `taken` is called once the stream has taken the records (or there is no one to take them any more). */
  sendBatch(records: Buffer, taken: () => void): void {
    if (!this.#isOpen) {
      taken();
      return;
    }
    this.#output.write(frameHeader(FRAME_TYPE.batch, records.length));
    this.#output.write(records, () => taken());
  }

  /** Reads requests until the stream ends; rejects when the other side does not keep to the protocol. */
  async listen(input: Readable, answer: Answer): Promise<void> {
    const decoder = new FrameDecoder();
    for await (const chunk of input) {
      for (const { type, payload } of decoder.push(chunk)) {
        if (type !== FRAME_TYPE.message) throw new Error('the server sent a batch; only sources do');
        const request = parse(sourceRequestSchema, JSON.parse(Buffer.from(payload).toString('utf8')));
        this.#reply(request, answer);
      }
    }
  }

  /** Sends what is still to be sent, then ends. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#isOpen || this.#output.destroyed) resolve();
      else this.#output.end(() => resolve());
    });
  }

  async #reply(request: SourceRequest, answer: Answer): Promise<void> {
    const result = await answer(request).catch((error: unknown) =>
      fail<unknown>('AGENT_FAULT', error instanceof Error ? error.message : String(error)),
    );
    this.send(
      result.ok
        ? { type: 'reply', id: request.id, ok: true, value: result.value }
        : { type: 'reply', id: request.id, ok: false, error: { ...result.error } },
    );
  }
}
