/** `skbtracer import`: another tool's capture as a recording. */
import { formatBytes, formatCount } from '../../core/model/format.ts';
import { openParts } from '../import/open.ts';
import { writeCapture } from '../import/write.ts';
import { RecordingError } from '../recording/format.ts';
import { Recording } from '../recording/reader.ts';
import type { Recorded } from '../recording/recorded.ts';
import type { ImportOptions } from './options.ts';
import { writeOutput } from './output.ts';
import { failure } from './usage.ts';

/** Resolves to the exit status. Told to stop, it leaves no file behind. */
export async function importCapture({ files, output }: ImportOptions): Promise<number> {
  const what = files.join(', ');
  const recorded = await open(files, what);
  return writeOutput({ what, recorded, done: 'imported', output }, async (sink, took) => {
    let bytes = 0;
    const { records } = await writeCapture(recorded, sink, (written) => {
      took();
      bytes = written;
    });
    return `${formatCount(records)} records of ${recorded.header.product}, ${formatBytes(bytes)}`;
  });
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
