/** What was recorded, wherever it comes from: a recording of ours, or another tool's capture (server/import). */
import type {
  RecordedItem,
  RecordedMessage,
  RecordingHeader,
  RecordingSummary,
} from '../../core/messages/recording.ts';

export interface Recorded {
  readonly header: Pick<RecordingHeader, 'product' | 'createdUnixMs' | 'trigger'>;
  /** Undefined: it was not closed, comes through a pipe, or is no recording of ours. */
  readonly summary: RecordingSummary | undefined;
  /** It can be read at any place, so that facts can be had before what they explain. */
  readonly isFile: boolean;
  /** How much of it was read, 0 to 1; undefined of a pipe. */
  readonly share: number | undefined;
  /** What is missing in it, in words; known once all was read, undefined when nothing is. */
  readonly missing: string | undefined;
  /** Facts alone, before the rest is read; of a file only. */
  facts(): AsyncGenerator<RecordedMessage>;
  /** Everything, in its order. Throws a RecordingError at what is damaged; what was before it has come by then. */
  items(): AsyncGenerator<RecordedItem>;
  close(): Promise<void>;
}
