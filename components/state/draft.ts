'use client';

import { create } from 'zustand';
import type { Failure, Result } from '../../core/base/result.ts';
import type { Compiled } from '../../core/messages/browser.ts';
import type { CaptureSpec, ProbePlan } from '../../core/messages/source.ts';
import { EMPTY_FORM, expressionToForm, type FilterForm, formToExpression } from '../../core/model/filter.ts';
import { FOLLOW_FOR_LIFE, type Follow, followOf, withFollow } from '../../core/model/follow.ts';
import { DEFAULT_PLAN } from '../../core/model/probes/plan.ts';

/** The filter as it is being written: two views of one expression, and what stands beside it. */
interface Draft {
  readonly expression: string;
  /** Undefined when the expression says more than the form can show. */
  readonly form: FilterForm | undefined;
  /** What of the form cannot be an expression; the expression then stays as it was. */
  readonly formProblem: Failure | undefined;
  /** What the compiler says of the expression. */
  readonly problem: Failure | undefined;
  /** pcap expression for what a tunnel's packet carries, and what the compiler says of it. */
  readonly inner: string;
  readonly innerProblem: Failure | undefined;
  /** Namespace inode, '' for any. */
  readonly netns: string;
  readonly interface: string;
  /** `VALUE` or `VALUE/MASK`. */
  readonly mark: string;
  readonly pid: string;
  readonly follow: Follow;
  readonly probes: ProbePlan;
  /** Counts what the person wrote; and how far that is what runs, or what was asked for. */
  readonly edits: number;
  readonly settled: number;
}

const EMPTY: Draft = {
  expression: '',
  form: EMPTY_FORM,
  formProblem: undefined,
  problem: undefined,
  inner: '',
  innerProblem: undefined,
  netns: '',
  interface: '',
  mark: '',
  pid: '',
  follow: FOLLOW_FOR_LIFE,
  probes: DEFAULT_PLAN,
  edits: 0,
  settled: 0,
};

export const useDraft = create<Draft>(() => EMPTY);

const edit = (change: Partial<Draft>): void =>
  useDraft.setState(({ edits }) => ({ ...change, edits: edits + 1 }));

/** The person wrote the expression: the form follows where it can. */
export function writeExpression(expression: string): void {
  edit({ expression, form: expressionToForm(expression), formProblem: undefined, problem: undefined });
}

/** The person wrote in the form: the expression follows, unless the form cannot be one yet. */
export function writeForm(change: Partial<FilterForm>): void {
  const form = { ...(useDraft.getState().form ?? EMPTY_FORM), ...change };
  const expression = formToExpression(form);
  if (!expression.ok) edit({ form, formProblem: expression.error });
  else edit({ form, expression: expression.value, formProblem: undefined, problem: undefined });
}

export const writeInner = (inner: string): void => edit({ inner, innerProblem: undefined });

type Beside = Pick<Draft, 'netns' | 'interface' | 'mark' | 'pid' | 'follow' | 'probes'>;
/** The person chose what stands beside the expressions. */
export const writeDraft = (change: Partial<Beside>): void => edit(change);

/** The probes were chosen elsewhere on the page: what is being written stays as it is. */
export const adoptProbes = (probes: ProbePlan): void => useDraft.setState({ probes });

/** What the compiler, or the source, says of the expressions. */
export const sayProblem = (problems: Partial<Pick<Draft, 'problem' | 'innerProblem'>>): void =>
  useDraft.setState(problems);

/** A draft is asked for: what runs then may be shown in its place, unless the person has written on. */
export const draftAsked = ({ edits }: Draft): void => useDraft.setState({ settled: edits });
/** It was not put in force: it stays what the person wrote. What was wrong is said of the text that was asked for only. */
export const draftRefused = (asked: Draft, problem: Failure): void =>
  useDraft.setState(({ expression }) => ({
    settled: -1,
    ...(expression === asked.expression && { problem }),
  }));

/** Takes over what runs, as this page, another one or the start set it; not over what the person is writing. */
export function adoptSpec(spec: CaptureSpec): void {
  const { filter, probes } = spec;
  const { edits, settled } = useDraft.getState();
  if (edits !== settled) return;
  useDraft.setState({
    expression: filter.expression,
    form: expressionToForm(filter.expression),
    formProblem: undefined,
    problem: undefined,
    inner: filter.inner,
    innerProblem: undefined,
    netns: filter.netns === undefined ? '' : String(filter.netns),
    interface: filter.interface ?? '',
    mark: filter.mark === undefined ? '' : markText(filter.mark),
    pid: filter.pid === undefined ? '' : String(filter.pid),
    follow: followOf(spec),
    probes,
  });
}

const markText = ({ value, mask }: { readonly value: number; readonly mask: number }): string =>
  mask === 0xffffffff ? `0x${value.toString(16)}` : `0x${value.toString(16)}/0x${mask.toString(16)}`;

/** Which field of the draft is wrong, and how. */
export interface FieldProblem {
  readonly field: 'form' | 'inner' | 'mark' | 'pid' | 'interface';
  readonly message: string;
}

/** The draft as settings that can be put in force, or what is wrong with it. */
export function draftSpec(draft: Draft, running: CaptureSpec): CaptureSpec | FieldProblem {
  if (draft.formProblem !== undefined) return { field: 'form', message: draft.formProblem.message };
  if (draft.innerProblem !== undefined) return { field: 'inner', message: draft.innerProblem.message };
  const mark = parseMark(draft.mark);
  if (mark === null)
    return { field: 'mark', message: 'A mark is a number, with a mask behind a slash: 0x20/0xf0' };
  const pid = draft.pid.trim() === '' ? undefined : Number(draft.pid);
  if (pid !== undefined && !(Number.isInteger(pid) && pid > 0 && pid <= 4_194_304))
    return { field: 'pid', message: 'A process id is a whole number from 1' };
  const name = draft.interface.trim();
  if (name.length > 15 || /[\s/:]/.test(name))
    return { field: 'interface', message: 'At most 15 characters, no space, slash or colon' };
  return withFollow(
    {
      ...running,
      probes: draft.probes,
      filter: {
        expression: draft.expression.trim(),
        inner: draft.inner.trim(),
        keep: draft.follow.keep,
        ...(draft.netns !== '' && { netns: Number(draft.netns) }),
        ...(name !== '' && { interface: name }),
        ...(mark !== undefined && { mark }),
        ...(pid !== undefined && { pid }),
      },
    },
    draft.follow,
  );
}

/** What is wrong with an expression for what a tunnel carries, which has no link layer. */
export function innerProblem(compiled: Result<Compiled>): Failure | undefined {
  if (!compiled.ok) return compiled.error.code.startsWith('FILTER_') ? compiled.error : undefined;
  const { l2, l3 } = compiled.value.instructions;
  return l2 > 0 && l3 === 0
    ? { code: 'FILTER_UNSUPPORTED', message: 'what a tunnel carries has no `ether` or `vlan` here' }
    : undefined;
}

/** Undefined: none asked for. null: no mark. */
function parseMark(text: string): { value: number; mask: number } | undefined | null {
  if (text.trim() === '') return undefined;
  const parts = text
    .trim()
    .split('/')
    .map((part) => (/^(0x[0-9a-f]+|\d+)$/i.test(part.trim()) ? Number(part) : Number.NaN));
  const [value = Number.NaN, mask = 0xffffffff] = parts;
  const isSound = parts.length <= 2 && value <= 0xffffffff && mask <= 0xffffffff;
  return isSound ? { value, mask } : null;
}
