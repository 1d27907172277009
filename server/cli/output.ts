/** A new file that is made of a recording, or of another tool's capture: whatever ends that early, no file is left. */
import { unlinkSync } from 'node:fs';
import { RecordingError } from '../recording/format.ts';
import type { Recorded } from '../recording/recorded.ts';
import { openFileSink, type Sink, streamSink } from '../recording/sink.ts';
import { openStandardOutput } from '../stdio.ts';
import { Progress } from './progress.ts';
import { failure } from './usage.ts';

export interface OutputOptions {
  /** What is read, for people; it is closed with this. */
  readonly what: string;
  readonly recorded: Recorded;
  /** What is done with it. */
  readonly done: 'exported' | 'imported';
  /** A new file, or `-`. */
  readonly output: string;
}

/**
 * Has it written: `write` calls `took` whenever more was read, which throws when it is to end, and resolves to what was written, for
 * people. Resolves to the exit status; throws a CliError.
 */
export async function writeOutput(
  { what, recorded, done, output }: OutputOptions,
  write: (sink: Sink, took: () => void) => Promise<string>,
): Promise<number> {
  const sink = await openSink(output).catch(async (error: unknown) => {
    await recorded.close();
    throw error;
  });
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    // a pipe may have no more to say, or not yet
    if (!recorded.isFile) void recorded.close();
  };
  const stopped = () => failure(`${what} was not ${done} to its end: no file is left`);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const progress = new Progress(recorded);
  try {
    const text = await write(sink, () => {
      if (isStopped) throw stopped();
      progress.look();
    });
    progress.end();
    const missing = recorded.missing === undefined ? '' : `; ${recorded.missing}`;
    console.error(`${output === '-' ? done : output}: ${text}${missing}`);
    return 0;
  } catch (error) {
    if (output !== '-') unlinkSync(output);
    if (isStopped) throw stopped();
    if (error instanceof RecordingError)
      throw failure(`${what} cannot be ${done}: ${error.message}; no file is left`);
    throw error;
  } finally {
    progress.end();
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await recorded.close();
    await sink.close();
  }
}

/** A new file, or the standard output. Throws a CliError. */
async function openSink(output: string): Promise<Sink> {
  try {
    return output === '-' ? streamSink(openStandardOutput()) : await openFileSink(output);
  } catch (error) {
    if (error instanceof RecordingError) throw failure(error.message);
    throw error;
  }
}
