import { parse } from '../../../core/base/schema.ts';
import type { DoctorReport, SelfTest } from '../../../core/messages/doctor.ts';
import {
  type CaptureState,
  type PlannedProgram,
  plannedProgramsSchema,
  type SourceHello,
} from '../../../core/messages/source.ts';
import { refusal } from '../../../core/model/capabilities.ts';
import { type DoctorFacts, examine } from '../../../core/model/doctor/index.ts';
import { CLI, hasLab, NO_LAB } from '../../place.ts';
import { inLab } from '../../sources/local.ts';
import { onTerminal } from '../child.ts';
import { Client } from '../client.ts';
import { DOCTOR_FLAGS } from '../flags.ts';
import { oneOf } from '../numbers.ts';
import { parseFlags } from '../options.ts';
import { CliError, failure, usageError } from '../usage.ts';
import { Collector } from './collector.ts';
import { type LivePair, makePair } from './pair.ts';
import { reportText } from './report.ts';
import { refusedSelfTest, selfTest } from './self-test.ts';

/**
 * `skbtracer doctor`: what this kernel allows, what is missing and what that costs, and whether the records of known
 * packets say what is known of them. Resolves to the exit status: 1 when something is missing or wrong.
 */
export async function doctor(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(words, DOCTOR_FLAGS);
  const [extra] = positionals;
  if (extra !== undefined) throw usageError(`doctor takes no '${extra}'`);
  const isJson = values.json === true;
  const hasTest = values['no-self-test'] !== true;
  if (oneOf('--source', values.source, ['host', 'lab'] as const, 'host') === 'lab')
    return doctorInLab(values.kernel ?? '6.12', [
      ...(isJson ? ['--json'] : []),
      ...(hasTest ? [] : ['--no-self-test']),
    ]);
  const report = await examineHost(hasTest);
  const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
  console.log(isJson ? JSON.stringify(report) : reportText(report, isColoured));
  return report.isWell ? 0 : 1;
}

/** The same command, where that kernel runs. */
async function doctorInLab(kernel: string, flags: readonly string[]): Promise<number> {
  if (!hasLab()) throw failure(NO_LAB);
  return onTerminal(inLab(kernel, [process.execPath, CLI, 'doctor', ...flags]));
}

async function examineHost(hasTest: boolean): Promise<DoctorReport> {
  // before the agent looks for namespaces, so that it knows their names
  const pair = hasTest ? await makePair().catch(whyRefused) : undefined;
  const collector = new Collector();
  const client = new Client(
    { source: 'host', kernel: '' },
    {
      batch: (records) => {
        collector.take(records, client.names);
        return undefined;
      },
      gone: () => undefined,
    },
  );
  try {
    const hello = await client.greeting();
    await client.tables();
    const planned = await client.source.request({ method: 'programs' });
    const programs = planned.ok ? parse(plannedProgramsSchema, planned.value) : undefined;
    const why = refusal(hello.capabilities);
    const { test, capture } =
      pair === undefined || typeof pair === 'string' || why !== undefined
        ? { test: notRun(pair, why), capture: client.capture }
        : await selfTest(pair, client, collector, programs ?? []);
    const findings = examine(factsOf(client, hello, capture, programs));
    const isWhole = findings.every(({ state }) => state !== 'missing');
    const isRight = test === null || (test.refused === '' && test.checks.every(({ isOk }) => isOk));
    const { kernel, architecture, cpus } = hello;
    return {
      kernel,
      architecture,
      cpus,
      findings: [...findings],
      selfTest: test,
      isWell: isWhole && isRight,
    };
  } finally {
    if (pair !== undefined && typeof pair !== 'string') await pair.close();
    await client.source.close();
  }
}

/** Null when it was not asked for. */
function notRun(pair: LivePair | string | undefined, why: string | undefined): SelfTest | null {
  if (pair === undefined) return null;
  return refusedSelfTest(why === undefined ? String(pair) : `this kernel cannot be traced: ${why}`);
}

/** What cannot be done here, as its text; a bug is thrown again. */
function whyRefused(error: unknown): string {
  if (error instanceof CliError) return error.message;
  throw error;
}

function factsOf(
  { names }: Client,
  hello: SourceHello,
  capture: CaptureState,
  programs: readonly PlannedProgram[] | undefined,
): DoctorFacts {
  const { capabilities, privileges, kernel, architecture } = hello;
  const functions = names.counts.functions === undefined ? undefined : [...names.functions.values()];
  return {
    capabilities,
    privileges,
    kernel,
    architecture,
    functions,
    reasons: names.counts.reasons,
    capture,
    programs,
  };
}
