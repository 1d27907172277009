/** The flags that say which functions are probed, as a plan. */
import { nearest } from '../../core/base/nearest.ts';
import type { Result } from '../../core/base/result.ts';
import {
  type FunctionInfo,
  OTHERS_MAX,
  PROBE_BASES,
  type ProbeParts,
  type ProbePlan,
  STAGES,
} from '../../core/messages/source.ts';
import { compilePattern } from '../../core/model/probes/pattern.ts';
import { DEFAULT_PLAN } from '../../core/model/probes/plan.ts';
import { type ResolvedPlan, resolvePlan } from '../../core/model/probes/resolve.ts';
import type { Client } from './client.ts';
import { oneOf } from './numbers.ts';
import { failure, usageError } from './usage.ts';

interface ProbeValues {
  readonly group?: string | undefined;
  readonly stage?: readonly string[] | undefined;
  readonly module?: readonly string[] | undefined;
  readonly 'filter-func'?: readonly string[] | undefined;
  readonly func?: readonly string[] | undefined;
  readonly 'filter-non-skb-funcs'?: readonly string[] | undefined;
  readonly 'probe-stack'?: boolean | undefined;
}

/** What is in no module, as it is called here. */
const KERNEL = 'kernel';

/** The plan that the flags ask for. Throws a CliError with status 2. */
export function parseProbes(values: ProbeValues): ProbePlan {
  const [add, remove] = [false, true].map((isRemoved) => partsOf(values, isRemoved));
  if (add === undefined || remove === undefined) return DEFAULT_PLAN;
  const { stages, modules, pattern, functions } = add;
  const adds = stages.length + modules.length + functions.length > 0 || pattern !== '';
  return {
    base: oneOf('--group', values.group, PROBE_BASES, adds ? 'none' : 'default'),
    add,
    remove,
    probeStack: values['probe-stack'] === true,
    others: parseOthers(values['filter-non-skb-funcs'] ?? []),
  };
}

const FUNCTION_NAME = /^[A-Za-z_][\w.]{0,127}$/;

/** Names, as pwru has them there. */
function parseOthers(words: readonly string[]): string[] {
  const names = [...new Set(words.flatMap((word) => word.split(',')).map((word) => word.trim()))].filter(
    (name) => name !== '',
  );
  if (words.length > 0 && names.length === 0)
    throw usageError('--filter-non-skb-funcs takes names of functions, as fib_table_lookup,neigh_lookup');
  const wrong = names.find((name) => !FUNCTION_NAME.test(name));
  if (wrong !== undefined)
    throw usageError(
      `--filter-non-skb-funcs takes names of functions, with commas between them, not '${wrong}'`,
    );
  if (names.length > OTHERS_MAX)
    throw usageError(`--filter-non-skb-funcs takes at most ${OTHERS_MAX} functions, not ${names.length}`);
  return names;
}

function partsOf(values: ProbeValues, isRemoved: boolean): ProbeParts {
  const own = (words: readonly string[]) =>
    words
      .filter((word) => word.startsWith('!') === isRemoved)
      .map((word) => (isRemoved ? word.slice(1) : word));
  const list = (words: readonly string[] = []) =>
    own(words.flatMap((word) => word.split(',')).map((word) => word.trim())).filter((word) => word !== '');
  return {
    stages: list(values.stage).map(stageNamed),
    modules: list(values.module).map((name) => (name === KERNEL ? '' : name.replaceAll('-', '_'))),
    pattern: joinPatterns(own(values['filter-func'] ?? [])),
    functions: list(values.func),
  };
}

function stageNamed(word: string) {
  const stage = STAGES.find((one) => one === word);
  if (stage !== undefined) return stage;
  const near = nearest(word, STAGES);
  throw usageError(
    `there is no stage '${word}'${near === '' ? '' : `; did you mean ${near}?`} There are ${STAGES.join(', ')}`,
  );
}

/** One expression for what several match. */
function joinPatterns(patterns: readonly string[]): string {
  const checked = (pattern: string) => {
    const compiled = compilePattern(pattern);
    if (!compiled.ok) throw usageError(`--filter-func: ${compiled.error.message}`);
    return pattern;
  };
  for (const pattern of patterns) {
    if (pattern.trim() === '') throw usageError('--filter-func takes a regular expression, as tcp_.*');
    checked(pattern);
  }
  const [only = ''] = patterns;
  return patterns.length <= 1 ? only : checked(patterns.map((one) => `(?:${one})`).join('|'));
}

/** Has the source look for the functions of the plan that take no skb. They must be there: throws a CliError with status 2. */
export async function findOthers({ source }: Client, { others }: ProbePlan): Promise<void> {
  if (others.length === 0) return;
  const found = await source.request({ method: 'others', names: [...others] });
  if (!found.ok)
    throw found.error.code === 'PLAN_UNKNOWN'
      ? usageError(found.error.message)
      : failure(found.error.message);
}

/** What a plan comes to on this kernel. What it names must be there. Throws a CliError with status 2. */
export function resolveProbes(plan: ProbePlan, functions: readonly FunctionInfo[]): ResolvedPlan {
  const resolved: Result<ResolvedPlan> = resolvePlan(plan, functions);
  if (!resolved.ok) throw usageError(resolved.error.message);
  const [first] = resolved.value.missing;
  if (first !== undefined) throw usageError(first);
  return resolved.value;
}
