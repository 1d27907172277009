/** A flight recorder: has the last seconds in memory, and makes a recording of them when it is asked to. */
import type { Fact } from '../../core/messages/facts.ts';
import type { RecordingSummary } from '../../core/messages/recording.ts';
import type { RecordingTrigger, SourceMessage } from '../../core/messages/source.ts';
import { CaptureNames } from '../../core/model/assembler/capture-names.ts';
import { RecordCursor } from '../../core/wire/cursor.ts';
import { Preface } from './preface.ts';
import { readBlock } from './reader.ts';
import { type RingLimits, RingSink } from './ring.ts';
import { FactLog } from './save.ts';
import type { Sink } from './sink.ts';
import { RecordingWriter } from './writer.ts';

type Said = Exclude<SourceMessage, { type: 'reply' }>;

export class FlightRecorder {
  readonly #product: string;
  readonly #ring: RingSink;
  readonly #writer: RecordingWriter;
  readonly #preface = new Preface();
  readonly #named = new CaptureNames();
  readonly #cursor = new RecordCursor();
  readonly #facts = new FactLog();

  constructor(product: string, limits: RingLimits) {
    this.#product = product;
    this.#ring = new RingSink(limits);
    this.#writer = new RecordingWriter(this.#ring, { product }, () => undefined);
  }

  /** Of what is in memory, compressed. */
  get bytes(): number {
    return this.#ring.bytes;
  }

  get counts(): RecordingWriter['counts'] {
    return this.#writer.counts;
  }

  said(message: Said): void {
    this.#preface.take(message);
    if (message.type === 'capture' && message.capture.phase === 'starting') {
      this.#named.restart();
      this.#facts.clear();
    }
    if (message.type === 'stats') this.#writer.message(message);
  }

  /** Copies whole records; the promise, when there is one, resolves once there is room for more. */
  batch(records: Uint8Array): Promise<void> | undefined {
    this.#cursor.reset(records);
    while (this.#cursor.next()) if (this.#cursor.isName) this.#named.take(this.#cursor);
    return this.#writer.batch(records);
  }

  explained(packet: number, facts: readonly Fact[]): void {
    this.#facts.add(packet, facts);
  }

  /** Writes what is in memory at this moment; more may come meanwhile. Rejects with what the sink does not take. */
  async freeze(sink: Sink, trigger: RecordingTrigger): Promise<RecordingSummary> {
    await this.#writer.flush();
    const { blocks } = this.#ring;
    let fault: Error | undefined;
    const writer = new RecordingWriter(sink, { product: this.#product, trigger }, (error) => {
      fault = error;
    });
    for (const message of this.#preface.messages()) writer.message(message);
    const { records } = this.#named;
    if (records.length > 0) await writer.batch(records);
    for (const block of blocks)
      for (const item of await readBlock(bytesOf(block), 0)) {
        if (fault !== undefined) break;
        if (item.kind === 'batch') await writer.batch(item.records);
        else writer.message(item.message);
      }
    this.#facts.tell((message) => writer.message(message));
    const summary = await writer.close();
    if (fault !== undefined) throw fault;
    return summary;
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    await this.#writer.close();
  }
}

const bytesOf = (block: Buffer) => ({
  at: async (position: number, count: number) => block.subarray(position, position + count),
});
