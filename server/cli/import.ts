/** `skbtracer import`: another tool's capture as a recording. */
import { unlinkSync } from 'node:fs';
import { formatBytes, formatCount } from '../../core/model/format.ts';
import { openParts } from '../import/open.ts';
import { writeCapture } from '../import/write.ts';
import { RecordingError } from '../recording/format.ts';
import { Recording } from '../recording/reader.ts';
import type { Recorded } from '../recording/recorded.ts';
import { openSink } from './export.ts';
import type { ImportOptions } from './options.ts';
import { Progress } from './progress.ts';
import { failure } from './usage.ts';

/** Resolves to the exit status. Told to stop, it leaves no file behind. */
export async function importCapture({ files, output }: ImportOptions): Promise<number> {
  const what = files.join(', ');
  const capture = await open(files, what);
  const sink = await openSink(output).catch(async (error: unknown) => {
    await capture.close();
    throw error;
  });
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const progress = new Progress(capture);
  let bytes = 0;
  try {
    const { records } = await writeCapture(capture, sink, (written) => {
      if (stopping.signal.aborted) throw failure(`${what} was not imported to its end: no file is left`);
      bytes = written;
      progress.look();
    });
    progress.end();
    const name = output === '-' ? 'imported' : output;
    const missing = capture.missing === undefined ? '' : `; ${capture.missing}`;
    console.error(
      `${name}: ${formatCount(records)} records of ${capture.header.product}, ${formatBytes(bytes)}${missing}`,
    );
    return 0;
  } catch (error) {
    if (output !== '-') unlinkSync(output);
    if (error instanceof RecordingError)
      throw failure(`${what} cannot be imported: ${error.message}; no file is left`);
    throw error;
  } finally {
    progress.end();
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await capture.close();
  }
}

/** Throws a CliError. */
async function open(files: readonly string[], what: string): Promise<Recorded> {
  try {
    const capture = await openParts(files);
    if (!(capture instanceof Recording)) return capture;
    await capture.close();
  } catch (error) {
    if (error instanceof RecordingError) throw failure(`cannot read ${what}: ${error.message}`);
    throw error;
  }
  throw failure(`${what} is a recording already: replay, export, query, expect and serve read it`);
}
