/** Other tools' captures, as what a source of ours would have said: see docs/recordings.md for what each of them tells. */
import type { RecordedItem } from '../../messages/recording.ts';

/** What is wrong with a line or a block; who reads the file says where. Its message is for people. */
export class ImportError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ImportError';
  }
}

/** Takes pieces of a file in their order (`Piece`: a line, or a block) and makes items of them. */
export interface CaptureImporter<Piece> {
  /** The tool's name. */
  readonly tool: string;
  /** Throws an {@link ImportError} at what is none of the tool's; what came before stays good. */
  take(piece: Piece): void;
  /** There are no more pieces. Throws an {@link ImportError} when there was nothing to be shown. */
  end(): void;
  /** What has come together since the last time: names first, then records. */
  drain(): readonly RecordedItem[];
  /** What the file has and that has no place here, in words, '' for nothing. */
  readonly leftOut: string;
}
