import { unlinkSync, writeFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Failure } from '../../core/base/result.ts';
import { parse } from '../../core/base/schema.ts';
import { asFuncId } from '../../core/base/units.ts';
import {
  allCpus,
  type CaptureSpec,
  plannedProgramsSchema,
  SESSION_PROGRAM,
  type SourceHello,
} from '../../core/messages/source.ts';
import { openStandardOutput } from '../stdio.ts';
import { mark } from '../timing.ts';
import { Client } from './client.ts';
import { Ending } from './ending.ts';
import type { FlightOptions, TraceOptions } from './options.ts';
import { paintFor } from './paint.ts';
import { Printer, viewsFor } from './printer.ts';
import { findOthers, resolveProbes } from './probes.ts';
import type { TraceRecorder } from './recorder.ts';
import { connectionMatcher, resolveSpec } from './resolve.ts';
import { openLineFile } from './rotating.ts';
import { summaryText } from './summary.ts';
import { terminalRoom } from './terminal.ts';
import { failure, usageError } from './usage.ts';
import type { Explainer } from './why.ts';

/** `skbtracer trace` and `record`: prints, or records, until it is told to stop. Resolves to the exit status. */
export async function trace(options: TraceOptions): Promise<number> {
  if (options.debug) {
    console.log(JSON.stringify(options, null, 2));
    return 0;
  }
  const ending = new Ending();
  let printer: Printer | undefined;
  let explainer: Explainer | undefined;
  let isReady = false;
  const recorder =
    options.record === undefined || options.ebpf
      ? undefined
      : await openRecorder(options.record, options.flight, ending);
  const joined = new Set<number>();
  const client = new Client(options, {
    said: (message) => recorder?.said(message),
    capture(state) {
      const isNew = (id: number) => !joined.has(id) && joined.add(id);
      const names = (state.phase === 'running' ? (state.joined ?? []) : [])
        .filter(isNew)
        .map((id) => client.names.functionName(asFuncId(id)));
      if (names.length > 0)
        console.error(`probed from here on, as on the stack of a drop: ${names.join(', ')}`);
    },
    batch(records) {
      const recorded = recorder?.batch(records);
      explainer?.take(records);
      const printed = printer?.print(records);
      if (printer?.isDone === true) ending.now('done');
      return recorded === undefined ? printed : recorded.then(() => printed);
    },
    gone: (note) => ending.gone(note),
  });
  try {
    mark('cli: agent spawned');
    const hello = await client.introduction();
    mark('cli: hello');
    const namespaces = await client.tables();
    mark('cli: tables');
    const spec = resolveSpec(options, namespaces);
    await findOthers(client, spec.probes);
    resolveProbes(spec.probes, [...client.names.functions.values()]);
    if (options.ebpf) return await printPlan(client, spec);
    if (isPrinting(options)) printer = await openPrinter(options, client, hello, ending);
    if (tellsEnds(options) || recorder !== undefined)
      explainer = await openExplainer(client, options, printer, recorder, () => ending.now('done'));
    const applied = await client.source.request({ method: 'apply', spec });
    if (!applied.ok) throw await asCliError(client, applied.error, spec);
    const begin = performance.now();
    mark('cli: applied');
    isReady = true;
    printer?.begin();
    if (options.readyFile !== undefined) touch(options.readyFile);
    ending.after(options.durationMs);
    await ending.reached;
    const stopped = await client.source.request({ method: 'stop' });
    await explainer?.finish();
    if (client.stats !== undefined)
      console.error(
        summaryText({
          stats: client.stats,
          printed: printer?.printed ?? 0,
          packets: client.stats.packets,
          ...(recorder?.counts ?? NO_COUNTS),
          ...printer?.counts,
          ...(explainer && { unexplained: explainer.unexplained }),
          durationMs: performance.now() - begin,
          isTail: options.tail !== undefined,
          refused: client.refused,
        }),
      );
    if (!stopped.ok) throw failure(stopped.error.message);
    return 0;
  } finally {
    ending.forget();
    await printer?.end();
    // a trace that did not begin has no lines
    if (!isReady && printer !== undefined && options.lines !== undefined) unlinkSync(options.lines);
    await client.source.close();
    await (isReady ? recorder?.finish() : recorder?.abandon());
  }
}

const NO_COUNTS = { arrived: 0, malformed: 0 };

const isPrinting = ({ shows }: TraceOptions): boolean => Object.values(shows).some((isShown) => isShown);

/** On the standard output, whose reader may go, or into a file that must be written. */
async function openPrinter(
  options: TraceOptions,
  client: Client,
  { baseUnixMs }: SourceHello,
  ending: Ending,
): Promise<Printer> {
  const { lines } = options;
  const output = lines === undefined ? openStandardOutput() : await openLineFile(lines, options.rotation);
  const settings = {
    ...options,
    ...(await viewsFor(options.shows, client.names)),
    baseUnixMs,
    names: client.names,
    matches: connectionMatcher(options.host, options.port),
    paint: paintFor(lines === undefined && isatty(1), process.env),
    terminal: lines === undefined ? terminalRoom() : undefined,
    lost: () => (client.stats === undefined ? 0 : allCpus(client.stats.lostRing)),
  };
  return new Printer(output, settings, (error) => {
    if (lines === undefined) ending.now('closed');
    else ending.gone(`cannot write ${lines}: ${error.message}`);
  });
}

/** Packets are told, one by one, when they have ended. */
const tellsEnds = ({ shows }: Pick<TraceOptions, 'shows'>): boolean => shows.why || shows.story;

/** Read only by whom it is for. */
async function openRecorder(
  path: string,
  flight: FlightOptions | undefined,
  ending: Ending,
): Promise<TraceRecorder> {
  if (flight !== undefined) {
    const { FlightRecording } = await import('./flight.ts');
    return FlightRecording.open(path, flight, () => ending.now('done'));
  }
  const { Recorder } = await import('./recorder.ts');
  return Recorder.open(path, (error) => ending.gone(error.message));
}

/** The rules of diagnosis are a third of the program: read only by whom they are for. */
async function openExplainer(
  client: Client,
  { shows }: TraceOptions,
  printer: Printer | undefined,
  recorder: TraceRecorder | undefined,
  done: () => void,
): Promise<Explainer> {
  const { Explainer } = await import('./why.ts');
  return new Explainer({
    names: client.names,
    isFew: !tellsEnds({ shows }),
    facts: (queries) => client.facts(queries),
    tell(explanation, facts) {
      recorder?.explained(explanation, facts);
      if (!tellsEnds({ shows }) || printer === undefined) return;
      printer.explain(explanation);
      if (printer.isDone) done();
    },
  });
}

async function printPlan(client: Client, spec: CaptureSpec): Promise<number> {
  const { expression, inner } = spec.filter;
  const compiled = await client.source.request({ method: 'compile', expression });
  if (!compiled.ok) throw filterError(compiled.error, 'the filter', expression);
  const inside = await client.source.request({ method: 'compile', expression: inner });
  if (!inside.ok) throw filterError(inside.error, '--inner', inner);
  const { stages } = resolveProbes(spec.probes, [...client.names.functions.values()]);
  const planned = stages.flatMap(({ stage, ids }) =>
    ids.flatMap((id) => {
      const one = client.names.functions.get(id);
      return one === undefined ? [] : [{ ...one, stage }];
    }),
  );
  console.log(`filter: ${expression || '(everything)'}`);
  console.log(`compiled: ${JSON.stringify(compiled.value)}`);
  if (inner !== '') console.log(`inside tunnels: ${inner}\ncompiled: ${JSON.stringify(inside.value)}`);
  console.log(`programs: skbt_entry on ${planned.length} functions by ${backendText(client, spec)}`);
  const programs = await client.source.request({ method: 'programs' });
  if (!programs.ok) throw await asCliError(client, programs.error, spec);
  const lines = parse(plannedProgramsSchema, programs.value).map(({ name, target, kind }) => {
    const program = kind === 'kprobe.session' ? SESSION_PROGRAM : name;
    return `  ${kind.padEnd(14)} ${target}: ${program}`;
  });
  for (const line of new Set(lines)) console.log(line);
  console.log('functions:');
  for (const { stage, name, module, argument } of planned)
    console.log(
      `  ${stage.padEnd(10)} ${name}${module ? ` [${module}]` : ''}, ${argument === 0 ? 'takes no skb' : `skb is argument ${argument}`}`,
    );
  return 0;
}

/** As {@link CaptureState} calls it. */
function backendText({ hello }: Client, { backend }: CaptureSpec): string {
  if (backend !== 'auto') return backend === 'kprobe-multi' ? 'kprobe.multi' : backend;
  return hello?.capabilities.kprobeMulti.ok ? 'kprobe.multi' : 'kprobe';
}

/** Which of the two expressions is wrong is found by compiling the outer one alone. */
export async function asCliError(client: Client, error: Failure, { filter }: CaptureSpec): Promise<Error> {
  if (filter.inner === '') return filterError(error, 'the filter', filter.expression);
  const outer = await client.source.request({ method: 'compile', expression: filter.expression });
  return outer.ok
    ? filterError(error, '--inner', filter.inner)
    : filterError(outer.error, 'the filter', filter.expression);
}

function filterError({ code, message, position }: Failure, what: string, expression: string): Error {
  if (!code.startsWith('FILTER_')) return failure(message);
  const mark = position === undefined ? '' : `\n  ${expression}\n  ${' '.repeat(position)}^`;
  return usageError(`${what} is wrong: ${message}${mark}`);
}

function touch(file: string): void {
  try {
    writeFileSync(file, '');
  } catch (error) {
    throw failure(`cannot write --ready-file: ${error instanceof Error ? error.message : String(error)}`);
  }
}
