/**
 * Traces that share an agent and, where only filter or probes differ, a capture: to start the two programs of a command
 * line, and to attach and detach its probes, takes an emulated kernel most of a minute. What is run is the command
 * line's own code, from its words to its lines; the command itself, how it starts and ends, is in trace.ts.
 */
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import type { CaptureSpec, ProbePlan } from '../../core/messages/source.ts';
import { HopReader } from '../../core/model/reader.ts';
import { HEADER, KIND } from '../../core/wire/layout.gen.ts';
import { Client } from '../../server/cli/client.ts';
import { type TraceOptions as CliOptions, parseTrace } from '../../server/cli/options.ts';
import { Printer } from '../../server/cli/printer.ts';
import { resolveProbes } from '../../server/cli/probes.ts';
import { connectionMatcher, resolveSpec } from '../../server/cli/resolve.ts';
import { Explainer } from '../../server/cli/why.ts';
import { check } from './check.ts';
import { collect, type Line, Output, type Trace } from './trace.ts';

export interface SharedOptions {
  /** Flags and the expression, as on the command line. */
  readonly args: readonly string[];
  /** Makes the traffic; the trace is over when it has ended. */
  readonly traffic: (output: Output) => Promise<void> | void;
  /** Without `--json`: lines as they are printed. */
  readonly classic?: boolean;
}

export type SharedTrace = Pick<Trace, 'lines' | 'packets' | 'text'>;

/** What a trace does with the records of its own time. */
type Take = (records: Uint8Array) => void;

class SharedAgent {
  readonly client: Client;
  isGone = false;
  #take: Take | undefined;
  #isEnding = false;
  /** Records of this generation, or older, are of packets that were in flight: nobody's. */
  #floor = 0;

  constructor() {
    this.client = new Client(
      { source: 'host', kernel: '' },
      {
        batch: (records) => {
          this.#sort(records);
          return undefined;
        },
        gone: (note) => {
          this.isGone = true;
          if (!this.#isEnding) console.log(`  # the shared agent: ${note}`);
        },
      },
    );
  }

  get source() {
    return this.client.source;
  }

  /** Ends the agent. */
  close(): Promise<void> {
    this.#isEnding = true;
    return this.source.close();
  }

  /** What is recorded under newer settings than those in force now is this session's; with newer ones in force. */
  async begin(spec: CaptureSpec, take: Take): Promise<void> {
    const { capture } = this.client;
    this.#floor = capture.phase === 'running' ? capture.generation : 0;
    this.#take = take;
    const generation = await this.#apply(spec);
    if (generation < this.#floor)
      this.#floor = 0; // another capture: it counts anew
    // the same filter as before is put in force anew when nothing else is asked for
    else if (generation === this.#floor) await this.#apply(spec);
  }

  async #apply(spec: CaptureSpec): Promise<number> {
    const applied = await this.source.request({ method: 'apply', spec });
    check(applied.ok, 'the capture is put in force', applied);
    return (applied.value as { readonly generation: number }).generation;
  }

  /**
   * Everything recorded until now arrives: a function that is probed no more is waited for by whoever takes it away.
   * That one is back with the next trace.
   */
  async settle(spec: CaptureSpec): Promise<void> {
    const { stages } = resolveProbes(spec.probes, [...this.client.names.functions.values()]);
    const last = stages.at(-1)?.ids.at(-1);
    const name = last === undefined ? undefined : this.client.names.functions.get(last)?.name;
    check(name !== undefined, 'a function is probed', spec.probes);
    await this.#apply({ ...spec, probes: without(spec.probes, name) });
    this.#take = undefined;
  }

  #sort(records: Uint8Array): void {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const own: Uint8Array[] = [];
    let size = 0;
    for (let at = 0; at < records.length; at += size) {
      size = view.getUint16(at + HEADER.recordSize, true);
      const kind = records[at + HEADER.kind];
      const isName = kind === KIND.symbol || kind === KIND.stack; // told once, for all who come later
      if (isName || (this.#take && view.getUint32(at + HEADER.generation, true) > this.#floor))
        own.push(records.subarray(at, at + size));
    }
    const { names } = this.client;
    const taken = Buffer.concat(own);
    if (this.#take !== undefined) this.#take(taken);
    else
      new HopReader().read(taken, {
        symbol: (symbol) => names.take({ symbols: [symbol] }),
        stack: (stack) => names.take({ stacks: [stack] }),
      });
  }
}

const without = (plan: ProbePlan, name: string): ProbePlan => ({
  ...plan,
  remove: { ...plan.remove, functions: [...plan.remove.functions, name] },
});

let shared: SharedAgent | undefined;
let modulesThen = '';

const modulesNow = (): string =>
  readFileSync('/proc/modules', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[0])
    .sort()
    .join(' ');

/** One that knows the modules which are loaded now: a capture that has begun does not see others. */
async function sharedAgent(): Promise<SharedAgent> {
  const modules = modulesNow();
  if (modules !== modulesThen) await endShared();
  modulesThen = modules;
  if (shared === undefined || shared.isGone) shared = new SharedAgent();
  await shared.client.introduction();
  await shared.client.tables();
  return shared;
}

/** The agent, and its capture, end; with `untilDetached`, for whoever wants the kernel as it was, its probes are gone. */
export async function endShared(untilDetached = false): Promise<void> {
  const ending = shared;
  shared = undefined;
  if (ending === undefined) return;
  if (untilDetached && !ending.isGone) await detached(ending);
  await ending.close();
}

const DETACHED_MS = 300_000;
const LOOK_EVERY_MS = 500;

/** As the agent tells, which counts them until none is left. */
async function detached({ source, client }: SharedAgent): Promise<void> {
  await source.request({ method: 'stop' });
  const deadline = performance.now() + DETACHED_MS;
  while (client.stats !== undefined && client.stats.detaching > 0) {
    check(performance.now() < deadline, 'the shared probes are detached', client.stats.detaching);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Waits until every probe is attached, makes the traffic, and returns what the command would have printed. */
export async function trace(options: SharedOptions): Promise<SharedTrace> {
  const agent = await sharedAgent();
  const named = await agent.source.request({ method: 'names' });
  check(named.ok, 'the agent looks for namespaces', named);
  const cli = parseTrace([...(options.classic ? [] : ['--json']), ...options.args]);
  const spec = resolveSpec(cli, agent.client.namespaces ?? []);
  const lines = new Lines(options.classic === true);
  const { printer, explainer } = printing(agent, cli, lines);
  await agent.begin(spec, (records) => {
    explainer?.take(records);
    printer.print(records);
  });
  printer.begin();
  await options.traffic(lines.output);
  await agent.settle(spec);
  await explainer?.finish();
  await printer.end();
  return { lines: lines.all, packets: lines.output.packets, text: lines.text };
}

function printing(agent: SharedAgent, cli: CliOptions, lines: Lines) {
  const { client } = agent;
  const printer = new Printer(
    lines,
    {
      ...cli,
      baseUnixMs: client.hello?.baseUnixMs ?? 0,
      names: client.names,
      matches: connectionMatcher(cli.host, cli.port),
    },
    () => undefined,
  );
  const explainer = cli.shows.why
    ? new Explainer({
        names: client.names,
        facts: (queries) => client.facts(queries),
        tell: (explanation) => printer.explain(explanation),
      })
    : undefined;
  return { printer, explainer };
}

/** Reads what is printed. */
class Lines extends Writable {
  readonly all: Line[] = [];
  readonly text: string[] = [];
  readonly output = new Output();
  readonly #isClassic: boolean;
  #rest = '';

  constructor(isClassic: boolean) {
    super();
    this.#isClassic = isClassic;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const texts = (this.#rest + chunk.toString('utf8')).split('\n');
    this.#rest = texts.pop() ?? '';
    if (this.#isClassic) this.text.push(...texts);
    else this.#parse(texts);
    done();
  }

  #parse(texts: readonly string[]): void {
    for (const text of texts) {
      const line: Line = JSON.parse(text);
      this.all.push(line);
      collect(this.output.packets, line);
      this.output.take(line);
    }
  }
}
