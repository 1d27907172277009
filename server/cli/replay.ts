/** `skbtracer replay`: a recording, printed as its packets would have been. */
import { isatty } from 'node:tty';
import type { CaptureSpec, CaptureState } from '../../core/messages/source.ts';
import { openRecorded } from '../import/open.ts';
import { RecordingError } from '../recording/format.ts';
import type { Recorded } from '../recording/recorded.ts';
import { replaySource } from '../recording/source.ts';
import { openStandardOutput } from '../stdio.ts';
import { factsOf } from './client.ts';
import { Ending } from './ending.ts';
import type { ReplayOptions } from './options.ts';
import { paintFor } from './paint.ts';
import { Printer, viewsFor } from './printer.ts';
import { connectionMatcher } from './resolve.ts';
import { summaryText } from './summary.ts';
import { Told } from './told.ts';
import { failure } from './usage.ts';
import type { Explainer } from './why.ts';

/** Prints until the recording ends. Resolves to the exit status. */
export async function replay(options: ReplayOptions): Promise<number> {
  const { file } = options;
  const recording = await openRecording(file);
  const ending = new Ending();
  const told = new Told();
  const begin = performance.now();
  let printer: Printer | undefined;
  let explainer: Explainer | undefined;
  let isWhole = false;
  const output = openStandardOutput();
  const views = await viewsFor(options.shows, told.names);
  /** Once the source has said who it was: names and times are told by that. */
  const makePrinter = (): Printer => {
    const made = new Printer(
      output,
      {
        ...options,
        ...views,
        isRecorded: true,
        baseUnixMs: told.hello?.baseUnixMs ?? 0,
        names: told.names,
        matches: connectionMatcher('', undefined),
        paint: paintFor(isatty(1), process.env),
      },
      () => ending.now('closed'),
    );
    made.begin();
    return made;
  };
  const { Explainer } =
    options.shows.why || options.shows.story ? await import('./why.ts') : { Explainer: undefined };
  const source = replaySource(recording, file, {
    message(message) {
      told.take(message);
      if (message.type === 'capture') refuseWhatIsMissing(message.capture, options, ending);
      if (message.type === 'hello' && message.hello.imported !== undefined)
        refuseWhatNobodyTells(message.hello.imported.tool, options, ending);
    },
    async batch(records) {
      printer ??= makePrinter();
      explainer ??=
        Explainer &&
        new Explainer({
          names: told.names,
          isRecorded: true,
          endsAreTold: told.hello?.imported === undefined,
          facts: (queries, packet) => factsOf(source, queries, packet),
          tell: (explanation) => printer?.explain(explanation),
        });
      await printer.print(records);
      await explainer?.take(records);
      if (!printer.isDone) return;
      ending.now('done');
      await source.close();
    },
    ended(note) {
      isWhole = true;
      if (note !== undefined) console.error(`skbtracer: ${file}: ${note}`);
      ending.now('done');
    },
    gone: (note) => ending.gone(`${file}: ${note}`),
  });
  try {
    await ending.reached;
    await explainer?.finish();
    return 0;
  } finally {
    ending.forget();
    await printer?.end();
    if (isWhole && told.stats !== undefined && printer !== undefined)
      console.error(
        summaryText({
          stats: told.stats,
          printed: printer.printed,
          ...printer.counts,
          durationMs: performance.now() - begin,
          isRecorded: true,
          refused: told.refused,
          ...(explainer && { unexplained: explainer.unexplained }),
        }),
      );
    await source.close();
  }
}

/** A recording, or another tool's capture, by its path; `-` for the standard input. Throws a CliError. */
export async function openRecording(file: string): Promise<Recorded> {
  try {
    return await openRecorded(file, file === '-' ? process.stdin : undefined);
  } catch (error) {
    if (error instanceof RecordingError) throw failure(`cannot read ${file}: ${error.message}`);
    throw error;
  }
}

/** What was not recorded cannot be printed: said before the first line, instead of lines that lack it. */
function refuseWhatIsMissing(state: CaptureState, options: ReplayOptions, ending: Ending): void {
  if (state.phase !== 'running') return;
  const why = missing(state.spec, options);
  if (why !== undefined) ending.gone(why);
}

/** Of another tool's capture. */
function refuseWhatNobodyTells(tool: string, { controlBlock, shows }: ReplayOptions, ending: Ending): void {
  const what = controlBlock ? 'control blocks (--cb)' : shows.tcp ? 'TCP connections (--tcp)' : undefined;
  if (what !== undefined) ending.gone(`this is a capture of ${tool}, which has no ${what}`);
}

function missing(spec: CaptureSpec, { stacks, controlBlock, shows }: ReplayOptions): string | undefined {
  if (stacks === 'all' && spec.stacks !== 'all')
    return 'it was recorded without a stack at every event: record --callstack takes them (--dropstack shows those of drops)';
  if (stacks === 'drops' && spec.stacks === 'none') return 'it was recorded without kernel stacks';
  if (controlBlock && !spec.controlBlock)
    return 'it was recorded without control blocks: record --cb takes them';
  if (shows.tcp && !spec.tcpEvents) return 'it was recorded without TCP connections';
  return undefined;
}
