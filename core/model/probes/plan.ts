/** Which functions are probed, as a person chooses it: a base, parts that come to it, parts that go. */
import { parse } from '../../base/schema.ts';
import {
  type FunctionInfo,
  type ProbeBase,
  type ProbeParts,
  type ProbePlan,
  probePlanSchema,
  type Stage,
} from '../../messages/source.ts';
import { askedNames } from '../programs.ts';
import { stageOf } from '../stages.ts';

/** The waypoints. */
export const DEFAULT_PLAN: ProbePlan = parse(probePlanSchema, {});

export const planOf = (base: ProbeBase): ProbePlan => ({ ...DEFAULT_PLAN, base });

/** What can be switched as one. */
export type ProbePart =
  | { readonly by: 'stage'; readonly name: Stage }
  | { readonly by: 'module'; readonly name: string };

const isEmpty = ({ stages, modules, pattern, functions }: ProbeParts): boolean =>
  stages.length + modules.length + functions.length === 0 && pattern === '';

/** It is its base, nothing more and nothing less; what drops add to it is not looked at. */
export const isPlain = ({ add, remove, others }: ProbePlan): boolean =>
  isEmpty(add) && isEmpty(remove) && others.length === 0;

/** It takes no skb: it is told for packets that are in another function, and only by its name is it probed. */
export const isOther = ({ argument }: Pick<FunctionInfo, 'argument'>): boolean => argument === 0;

const without = <T>(list: readonly T[], one: T): T[] => list.filter((other) => other !== one);
const withOne = <T>(list: readonly T[], one: T): T[] => [...without(list, one), one];

function change(parts: ProbeParts, part: ProbePart, how: <T>(list: readonly T[], one: T) => T[]): ProbeParts {
  return part.by === 'stage'
    ? { ...parts, stages: how(parts.stages, part.name) }
    : { ...parts, modules: how(parts.modules, part.name) };
}

const isOf = (part: ProbePart, { name, module, argument }: FunctionInfo): boolean =>
  !isOther({ argument }) &&
  (part.by === 'stage' ? stageOf(name, module) === part.name : module === part.name);

/** Whether the base or what is added has it; what only the regular expression has is not looked at. */
const isChosen = ({ base, add }: ProbePlan, { name, module, isDefault }: FunctionInfo): boolean =>
  base === 'all' ||
  (base === 'default' && isDefault) ||
  add.stages.includes(stageOf(name, module)) ||
  add.modules.includes(module) ||
  askedNames({ name, module }).some((asked) => add.functions.includes(asked));

/**
 * The plan with all of a part off; or on again: as much of it as the plan has otherwise, or all of it where that is
 * nothing.
 */
export function switchPart(
  plan: ProbePlan,
  part: ProbePart,
  on: boolean,
  functions: Iterable<FunctionInfo>,
): ProbePlan {
  if (!on)
    return { ...plan, add: change(plan.add, part, without), remove: change(plan.remove, part, withOne) };
  const back = { ...plan, remove: change(plan.remove, part, without) };
  for (const one of functions) if (isOf(part, one) && isChosen(back, one)) return back;
  return { ...back, add: change(back.add, part, withOne) };
}

/** Functions out of these that the part has in the plan, or would have if it were switched on. */
export function partSize(plan: ProbePlan, part: ProbePart, functions: readonly FunctionInfo[]): number {
  const on = switchPart(plan, part, true, functions);
  return functions.filter((one) => isOf(part, one) && isChosen(on, one)).length;
}

/** `waypoints`, `all functions`, `waypoints without bridge, and tun`: for people. */
export function planText(plan: ProbePlan): string {
  const base = { default: 'waypoints', all: 'all functions', none: '' }[plan.base];
  const added = partsText(plan.add);
  const removed = partsText(plan.remove);
  const others = plan.others.length === 0 ? '' : `, and ${plan.others.join(', ')} without an skb`;
  const joining = plan.probeStack ? ', and what is found on the stacks of drops' : '';
  const first = [base, added].filter((text) => text !== '').join(' and ');
  return `${first === '' ? 'nothing' : first}${removed === '' ? '' : ` without ${removed}`}${others}${joining}`;
}

const partsText = ({ stages, modules, pattern, functions }: ProbeParts): string =>
  [
    ...stages,
    ...modules.map((name) => (name === '' ? 'the kernel itself' : `module ${name}`)),
    ...(pattern === '' ? [] : [`/${pattern}/`]),
    ...functions,
  ].join(', ');
