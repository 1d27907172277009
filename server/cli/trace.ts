import { writeFileSync } from 'node:fs';
import type { Failure } from '../../core/base/result.ts';
import { parse } from '../../core/base/schema.ts';
import { asFuncId } from '../../core/base/units.ts';
import { type CaptureSpec, plannedProgramsSchema, SESSION_PROGRAM } from '../../core/messages/source.ts';
import { openStandardOutput } from '../stdio.ts';
import { mark } from '../timing.ts';
import { Client } from './client.ts';
import type { TraceOptions } from './options.ts';
import { Printer } from './printer.ts';
import { findOthers, resolveProbes } from './probes.ts';
import { connectionMatcher, resolveSpec } from './resolve.ts';
import { summaryText } from './summary.ts';
import { failure, usageError } from './usage.ts';
import type { Explainer } from './why.ts';

/** `skbtracer trace`: prints until it is told to stop. Resolves to the exit status. */
export async function trace(options: TraceOptions): Promise<number> {
  if (options.debug) {
    console.log(JSON.stringify(options, null, 2));
    return 0;
  }
  const ending = new Ending();
  let printer: Printer | undefined;
  let explainer: Explainer | undefined;
  const joined = new Set<number>();
  const client = new Client(options, {
    capture(state) {
      const isNew = (id: number) => !joined.has(id) && joined.add(id);
      const names = (state.phase === 'running' ? (state.joined ?? []) : [])
        .filter(isNew)
        .map((id) => client.names.functionName(asFuncId(id)));
      if (names.length > 0)
        console.error(`probed from here on, as on the stack of a drop: ${names.join(', ')}`);
    },
    batch(records) {
      explainer?.take(records);
      const wait = printer?.print(records);
      if (printer?.isDone === true) ending.now('done');
      return wait;
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
    printer = new Printer(
      openStandardOutput(),
      {
        ...options,
        baseUnixMs: hello.baseUnixMs,
        names: client.names,
        matches: connectionMatcher(options.host, options.port),
      },
      () => ending.now('closed'),
    );
    if (options.shows.why) explainer = await openExplainer(client, printer, () => ending.now('done'));
    const applied = await client.source.request({ method: 'apply', spec });
    if (!applied.ok) throw await asCliError(client, applied.error, spec);
    const begin = performance.now();
    mark('cli: applied');
    printer.begin();
    if (options.readyFile !== undefined) touch(options.readyFile);
    await ending.reached;
    const stopped = await client.source.request({ method: 'stop' });
    await explainer?.finish();
    if (client.stats !== undefined)
      console.error(
        summaryText({
          stats: client.stats,
          printed: printer.printed,
          ...printer.counts,
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
    await client.source.close();
  }
}

/** The rules of diagnosis are a third of the program: read only by whom they are for. */
async function openExplainer(client: Client, printer: Printer, done: () => void): Promise<Explainer> {
  const { Explainer } = await import('./why.ts');
  return new Explainer({
    names: client.names,
    facts: (queries) => client.facts(queries),
    tell(explanation) {
      printer.explain(explanation);
      if (printer.isDone) done();
    },
  });
}

/** Why a trace ends: told to, enough printed, nobody reads, or the agent is gone. */
class Ending {
  readonly reached: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (reason: Error) => void = () => undefined;
  #signals = 0;
  readonly #onSignal = () => {
    this.#signals += 1;
    if (this.#signals > 1) process.exit(130);
    this.now('signal');
  };

  constructor() {
    this.reached = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.reached.catch(() => undefined); // who waits for it hears it too
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
  }

  now(_why: 'signal' | 'done' | 'closed'): void {
    this.#resolve();
  }

  gone(note: string): void {
    this.#reject(failure(note));
  }

  forget(): void {
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
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
async function asCliError(client: Client, error: Failure, { filter }: CaptureSpec): Promise<Error> {
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
