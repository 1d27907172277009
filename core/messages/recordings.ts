/** The recordings that the server keeps, as pages ask for them. */
import * as v from 'valibot';
import { text } from '../base/schema.ts';

/** A recording's name, without ending: no path, and nothing hidden. */
export const recordingNameSchema = v.pipe(
  text(255, 1),
  v.regex(/^\w[\w.-]*$/, 'expected the name of a recording'),
);

export const NOTE_MAX = 500;
export const noteRequestSchema = v.object({ name: recordingNameSchema, note: text(NOTE_MAX) });
export type NoteRequest = v.InferOutput<typeof noteRequestSchema>;

/** What a person knows a recording by. */
export interface ListedRecording {
  readonly name: string;
  readonly note: string;
  /** With its index. */
  readonly bytes: number;
  readonly createdUnixMs: number;
  /** Time from its first record to its last, ns; undefined where it was not closed. */
  readonly lastedNs: number | undefined;
  /** Undefined where it was not closed. */
  readonly events: number | undefined;
  readonly packets: number | undefined;
  readonly lost: number | undefined;
  /** It is the one that is written now. */
  readonly isWritten: boolean;
  /** Why it cannot be read; '' when it can. */
  readonly fault: string;
}

export interface RecordingList {
  /** '' where none are kept. */
  readonly folder: string;
  /** Why none are kept; '' when they are. */
  readonly why: string;
  /** Newest first. */
  readonly recordings: readonly ListedRecording[];
}
