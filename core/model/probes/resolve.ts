import { nearest } from '../../base/nearest.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import {
  type FunctionInfo,
  type ProbeParts,
  type ProbePlan,
  STAGES,
  type Stage,
} from '../../messages/source.ts';
import { askedNames, programKind } from '../programs.ts';
import { stageOf } from '../stages.ts';
import { compilePattern, type NameMatcher } from './pattern.ts';
import { isOther, planText } from './plan.ts';

/** Functions that are attached, and can be detached, together. */
export interface ProbedStage {
  readonly stage: Stage;
  /** In the order of the function table. */
  readonly ids: readonly number[];
}

export interface ResolvedPlan {
  /** Only stages of which something is probed, in their order. */
  readonly stages: readonly ProbedStage[];
  /** Of those ids, the ones that come from the stacks of drops only. */
  readonly joined: readonly number[];
  /** What was named, or described, and is not there; a sentence each, with what may have been meant. */
  readonly missing: readonly string[];
}

const NAMES_SHOWN = 8;

/**
 * What a plan comes to on a kernel with these functions. Errors: PATTERN_SYNTAX and PATTERN_TOO_LARGE, PLAN_EMPTY
 * with what there is. A module that is not loaded is no error as long as something is probed: it may come. `onDrops`
 * are ids of functions that were on the stacks of drops, for a plan that wants these (`probeStack`). Of functions that
 * take no skb, those that the plan has and that are in the table; which are not, and why, the agent says.
 */
export function resolvePlan(
  plan: ProbePlan,
  functions: readonly FunctionInfo[],
  onDrops: readonly number[] = [],
): Result<ResolvedPlan> {
  const add = matcherOf(plan.add);
  if (!add.ok) return add;
  const remove = matcherOf(plan.remove);
  if (!remove.ok) return remove;
  const isInBase = (one: FunctionInfo) => plan.base === 'all' || (plan.base === 'default' && one.isDefault);
  const found = new Set(plan.probeStack ? onDrops : []);
  const others = new Set(plan.others);
  const joined: number[] = [];
  let takesSkb = false;
  const byStage = new Map<Stage, number[]>();
  for (const one of functions) {
    const stage = stageOf(one.name, one.module);
    if (one.isGone === true) continue;
    if (isOther(one) ? !others.has(one.name) : remove.value(one, stage)) continue;
    takesSkb ||= !isOther(one) && (isInBase(one) || add.value(one, stage));
    if (!isOther(one) && !isInBase(one) && !add.value(one, stage)) {
      if (!found.has(one.id)) continue;
      joined.push(one.id);
    }
    const ids = byStage.get(stage);
    if (ids === undefined) byStage.set(stage, [one.id]);
    else ids.push(one.id);
  }
  const table = functions.filter((one) => !isOther(one));
  const missing = missingOf(plan.add, table);
  if (!takesSkb && joined.length === 0) return fail('PLAN_EMPTY', emptyText(plan, table, missing));
  const stages = STAGES.flatMap((stage) => {
    const ids = byStage.get(stage);
    return ids === undefined ? [] : [{ stage, ids }];
  });
  return ok({ stages, joined, missing });
}

/** All that is probed. */
export const idsOf = ({ stages }: ResolvedPlan): number[] => stages.flatMap(({ ids }) => ids);

type Matcher = (one: FunctionInfo, stage: Stage) => boolean;

function matcherOf({ stages, modules, pattern, functions }: ProbeParts): Result<Matcher> {
  const compiled = pattern === '' ? ok<NameMatcher>(() => false) : compilePattern(pattern);
  if (!compiled.ok) return compiled;
  const [ofStages, ofModules, named] = [new Set(stages), new Set(modules), new Set(functions)];
  return ok(
    (one, stage) =>
      ofStages.has(stage) ||
      ofModules.has(one.module) ||
      askedNames(one).some((name) => named.has(name) || compiled.value(name)),
  );
}

function missingOf({ pattern, functions }: ProbeParts, table: readonly FunctionInfo[]): readonly string[] {
  const names = new Set(table.map(({ name }) => name));
  const missing = functions
    .filter((name) => !names.has(name))
    .map((name) => {
      const near = nearest(name, names);
      return `no function ${name} with an skb among its arguments can be probed here${near === '' ? '' : `; did you mean ${near}?`}`;
    });
  const compiled = pattern === '' ? undefined : compilePattern(pattern);
  if (compiled?.ok === true && !table.some(({ name }) => compiled.value(name)))
    missing.push(patternText(pattern, table));
  return missing;
}

/** A whole name must match, which is easily forgotten. */
function patternText(pattern: string, table: readonly FunctionInfo[]): string {
  const loose = compilePattern(`.*(?:${pattern}).*`);
  const like = loose.ok ? table.filter(({ name }) => loose.value(name)).map(({ name }) => name) : [];
  const hint =
    like.length > 0
      ? `; it must match the whole name, as '.*${pattern}.*' does ${listed(like)}`
      : nearText(pattern, table);
  return `no function's name matches '${pattern}'${hint}`;
}

function nearText(pattern: string, table: readonly FunctionInfo[]): string {
  const near = nearest(
    pattern,
    table.map(({ name }) => name),
  );
  return near === '' ? '' : `; there is ${near}`;
}

const listed = (names: readonly string[]): string =>
  names.length <= NAMES_SHOWN
    ? names.join(', ')
    : `${names.slice(0, NAMES_SHOWN).join(', ')} and ${names.length - NAMES_SHOWN} more`;

function emptyText(plan: ProbePlan, table: readonly FunctionInfo[], missing: readonly string[]): string {
  const [first] = missing;
  if (first !== undefined) return first;
  if (table.length === 0) return 'there is no function that can be probed on this kernel';
  const modules = [...new Set(table.map(({ module }) => module))].filter((name) => name !== '').sort();
  const unknown = plan.add.modules.find((name) => name !== '' && !modules.includes(name));
  const kind = unknown === undefined ? undefined : programKind(unknown);
  if (kind !== undefined)
    return `no program of ${kind} is loaded that has types (BTF), which it takes to be probed`;
  if (unknown !== undefined) {
    const near = nearest(unknown, modules);
    return `module ${unknown} is not loaded, or has no function with an skb among its arguments${near === '' ? '' : `; did you mean ${near}?`}; there are ${listed(modules)}`;
  }
  if (plan.others.length > 0)
    return 'functions that take no skb are told for packets that are in one that does: add some of those, too';
  const stages = STAGES.filter((stage) => table.some(({ name, module }) => stageOf(name, module) === stage));
  return `nothing would be probed by ${planText(plan)}; there are functions of ${stages.join(', ')}`;
}
