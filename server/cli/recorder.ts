/** `skbtracer record`: the trace's source, as it speaks, into a file. */
import { unlinkSync } from 'node:fs';
import type { Fact } from '../../core/messages/facts.ts';
import type { RecordingSummary } from '../../core/messages/recording.ts';
import type { SourceMessage } from '../../core/messages/source.ts';
import type { Explanation } from '../../core/model/explanation.ts';
import { formatBytes } from '../../core/model/format.ts';
import { chooseUser } from '../privileges.ts';
import { FactRecorder } from '../recording/facts.ts';
import { RecordingError } from '../recording/format.ts';
import { openFileSink, type Sink, streamSink } from '../recording/sink.ts';
import { RecordingWriter } from '../recording/writer.ts';
import { openStandardOutput } from '../stdio.ts';
import { productVersion } from '../version.ts';
import { failure } from './usage.ts';

/** What a trace gives its source's words to. */
export interface TraceRecorder {
  said(message: SourceMessage): void;
  batch(records: Uint8Array): Promise<void> | undefined;
  /** What explained a packet, so that it is explained by the same when the recording is read. */
  explained(explanation: Explanation, facts: readonly Fact[]): void;
  /** Events and records that were not understood, as they came. */
  readonly counts: { readonly arrived: number; readonly malformed: number };
  /** Everything is on the disk, which is said. */
  finish(): Promise<void>;
  /** There was nothing to record: no file is left behind. */
  abandon(): Promise<void>;
}

export class Recorder implements TraceRecorder {
  readonly #path: string;
  readonly #writer: RecordingWriter;
  readonly #facts: FactRecorder;
  #isWhole = true;

  private constructor(path: string, sink: Sink, failed: (error: Error) => void) {
    this.#path = path;
    this.#writer = new RecordingWriter(sink, { product: productVersion() }, (error) => {
      this.#isWhole = false;
      failed(error);
    });
    this.#facts = new FactRecorder((message) => this.#writer.message(message));
  }

  /**
   * Makes the file, see {@link openOutput}; `failed` is called when it cannot be written further.
   */
  static async open(path: string, failed: (error: Error) => void): Promise<Recorder> {
    return new Recorder(path, await openOutput(path), failed);
  }

  said(message: SourceMessage): void {
    if (message.type !== 'reply') this.#writer.message(message);
  }

  batch(records: Uint8Array): Promise<void> | undefined {
    return this.#writer.batch(records);
  }

  explained(explanation: Explanation, facts: readonly Fact[]): void {
    if (wasAsked(explanation, facts)) this.#facts.explained(explanation.path.packet, facts);
  }

  get counts(): { readonly arrived: number; readonly malformed: number } {
    return this.#writer.counts;
  }

  async finish(): Promise<void> {
    const summary = await this.#writer.close();
    if (this.#isWhole) console.error(recordedText(this.#path, this.#writer.position, summary));
  }

  async abandon(): Promise<void> {
    await this.#writer.close();
    if (this.#path !== '-') unlinkSync(this.#path);
  }
}

/** A new file, or the standard output (`-`). Started by sudo, the file belongs to whoever called it. Throws a CliError. */
export async function openOutput(path: string): Promise<Sink> {
  try {
    const { SUDO_UID } = process.env;
    return path === '-'
      ? streamSink(openStandardOutput())
      : await openFileSink(path, SUDO_UID ? chooseUser() : undefined);
  } catch (error) {
    if (error instanceof RecordingError) throw failure(error.message);
    throw error;
  }
}

/** The host was asked, or would have been: what it said belongs to the packet. */
export const wasAsked = ({ diagnosis }: Explanation, facts: readonly Fact[]): boolean =>
  facts.length > 0 || (diagnosis?.wants.length ?? 0) > 0;

/** `a.skbt: 1.2 MiB, 14.1 bytes a record`. */
export function recordedText(path: string, bytes: number, { records }: RecordingSummary): string {
  const each = records === 0 ? '' : `, ${(bytes / records).toFixed(1)} bytes a record`;
  return `${path === '-' ? 'recorded' : path}: ${formatBytes(bytes)}${each}`;
}
