/** `skbtracer expect`: runs a command, or reads a recording, and says whether packets went as expected. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse, YAMLParseError } from 'yaml';
import { lostEvents } from '../../core/messages/source.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import {
  compileExpectation,
  type Evidence,
  ExpectationError,
  evaluate,
  type Outcome,
} from '../../core/model/expect/evaluate.ts';
import { junitReport, tapReport, textReport } from '../../core/model/expect/report.ts';
import { type Expectation, readExpectations } from '../../core/model/expect/schema.ts';
import { formatCount } from '../../core/model/format.ts';
import { NameBook } from '../../core/model/names.ts';
import { readPath } from '../../core/model/path.ts';
import { RecordingError } from '../recording/format.ts';
import { Client } from './client.ts';
import { Ending } from './ending.ts';
import type { ExpectOptions } from './options.ts';
import { findOthers, resolveProbes } from './probes.ts';
import { openRecording } from './replay.ts';
import { resolveSpec } from './resolve.ts';
import { Told } from './told.ts';
import { asCliError } from './trace.ts';
import { failure, usageError } from './usage.ts';

/** Nothing has come for so long: what the command sent has arrived. */
const QUIET_MS = 300;
const LOOK_MS = 50;
/** A file of expectations is no larger. */
const FILE_BYTES_MAX = 1 << 20;
/** Aliases that a file's values are expanded from, so that a small one does not become a huge one. */
const ALIASES_MAX = 100;

/** Resolves to the exit status: 0 when all are met, and the command ended well. */
export async function expectPackets(options: ExpectOptions): Promise<number> {
  const expectations = readFile(options.file);
  const begin = performance.now();
  const { seen, isWell } =
    options.recording === undefined
      ? await watch(options)
      : { seen: await readRecording(options.recording), isWell: true };
  const evidence = seen.evidence();
  const outcomes = expectations.map((one) => evaluate(one, evidence));
  report(outcomes, options, (performance.now() - begin) / 1000);
  seen.warn();
  return isWell && outcomes.every(({ isMet }) => isMet) ? 0 : 1;
}

/** Everything that can be wrong with it is told before anything is started. */
function readFile(file: string): readonly Expectation[] {
  const wrong = (problem: string) => usageError(`${file}: ${problem}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
  if (text.length > FILE_BYTES_MAX) throw wrong('is too long for a file of expectations');
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: ALIASES_MAX });
  } catch (error) {
    if (error instanceof YAMLParseError || error instanceof ReferenceError)
      throw wrong(error.message.split('\n')[0] ?? '');
    throw error;
  }
  const checked = readExpectations(value);
  if (!checked.ok) throw wrong(checked.problem);
  const names = new NameBook();
  try {
    for (const expectation of checked.value) compileExpectation(expectation, names);
  } catch (error) {
    if (error instanceof ExpectationError) throw wrong(error.message);
    throw error;
  }
  return checked.value;
}

/** Takes in what a source says, live or recorded. */
class Seen {
  readonly told: Told;
  readonly #assembler = new SessionAssembler();
  #lastAt = performance.now();

  constructor(told: Told) {
    this.told = told;
  }

  batch(records: Uint8Array): void {
    this.#assembler.takeNamesOf(this.told.names);
    this.#assembler.take(records.slice());
    this.#lastAt = performance.now();
  }

  /** Resolves when nothing has come for a while, or after `longestMs`. */
  async quiet(longestMs: number): Promise<void> {
    const until = performance.now() + longestMs;
    while (performance.now() < until && performance.now() - this.#lastAt < QUIET_MS)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  evidence(): Evidence {
    const { told } = this;
    const { names } = told;
    const { rows } = this.#assembler.rowsSince(0, Number.MAX_SAFE_INTEGER);
    const { session, paths, symbols } = this.#assembler;
    names.take({ symbols, paths: { session, first: 1, words: paths.wordsAfter(0) } });
    return {
      book: names,
      rows,
      pathOf: (packet) => {
        const records = this.#assembler.pathRecords(packet);
        return records && readPath(records, packet);
      },
    };
  }

  /** What may be why something is not met. */
  warn(): void {
    const { stats } = this.told;
    const lost = stats === undefined ? 0 : lostEvents(stats);
    const { evicted } = this.#assembler.counters;
    if (lost > 0)
      console.error(`skbtracer: ${formatCount(lost)} events were lost: what is missing may be among them`);
    if (evicted > 0)
      console.error(
        `skbtracer: ${formatCount(evicted)} packets were let go, the oldest: narrow what is captured`,
      );
  }
}

async function readRecording(file: string): Promise<Seen> {
  const recording = await openRecording(file);
  const seen = new Seen(new Told());
  try {
    for await (const item of recording.items()) {
      if (item.kind === 'batch') seen.batch(item.records);
      else if (item.message.type !== 'fact' && item.message.type !== 'explained')
        seen.told.take(item.message);
    }
  } catch (error) {
    if (error instanceof RecordingError) throw failure(`${file}: ${error.message}`);
    throw error;
  } finally {
    await recording.close();
  }
  return seen;
}

/** Captures while the command runs. */
async function watch(options: ExpectOptions): Promise<{ readonly seen: Seen; readonly isWell: boolean }> {
  const ending = new Ending();
  let seen: Seen | undefined;
  const client = new Client(options.capture, {
    batch(records) {
      seen?.batch(records);
      return undefined;
    },
    gone: (note) => ending.gone(note),
  });
  seen = new Seen(client);
  let child: ChildProcess | undefined;
  try {
    await client.introduction();
    const namespaces = await client.tables();
    const spec = resolveSpec(options.capture, namespaces);
    await findOthers(client, spec.probes);
    resolveProbes(spec.probes, [...client.names.functions.values()]);
    const applied = await client.source.request({ method: 'apply', spec });
    if (!applied.ok) throw await asCliError(client, applied.error, spec);
    child = start(options.command);
    const how = await Promise.race([ended(child), ending.reached]);
    if (how === undefined)
      throw failure('stopped before the command had ended: nothing is said of its packets');
    if (how !== '') console.error(`skbtracer: ${how}`);
    await Promise.race([seen.quiet(options.settleMs), ending.reached]);
    await client.source.request({ method: 'names' });
    const stopped = await client.source.request({ method: 'stop' });
    if (!stopped.ok) throw failure(stopped.error.message);
    return { seen, isWell: how === '' };
  } finally {
    ending.forget();
    if (child?.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await client.source.close();
  }
}

/** What it prints goes to our standard error: the standard output is the report's. */
const start = ([program = '', ...args]: readonly string[]): ChildProcess =>
  spawn(program, args, { stdio: ['inherit', 2, 2] });

/** '' when it ended well, else how. */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(usageError(`the command cannot be started: ${error.message}`)));
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve(`the command was ended by ${signal}`);
      else resolve(code === 0 ? '' : `the command ended with status ${code}`);
    });
  });
}

function report(outcomes: readonly Outcome[], { file, format, junit }: ExpectOptions, seconds: number): void {
  process.stdout.write(format === 'tap' ? tapReport(outcomes) : textReport(outcomes));
  if (junit === undefined) return;
  try {
    writeFileSync(junit, junitReport(outcomes, basename(file), seconds));
  } catch (error) {
    throw failure(`cannot write --junit: ${error instanceof Error ? error.message : String(error)}`);
  }
}
