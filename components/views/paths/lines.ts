/** The lines of the table of distinct paths: what each says, their order, and which go through a part of the graph. */
import { asNetnsInode } from '../../../core/base/units.ts';
import type { DistinctPath, PathsAnalysis, Step } from '../../../core/model/analysis/result.ts';
import { verdictName } from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { VERDICT, type Verdict, type VerdictName } from '../../../core/model/packet.ts';
import { PATHS_NUMBERED_MAX } from '../../../core/model/path-table.ts';
import { isNew, type Mark, type Passage } from '../../state/paths/store.ts';

export interface PathLine {
  readonly path: DistinctPath;
  /** Its number in the session, 0 for none. */
  readonly number: number;
  /** How most of its packets ended, and whether others ended otherwise. */
  readonly verdict: VerdictName;
  readonly isMixed: boolean;
  /** Why they were dropped, '' when they were not. */
  readonly reason: string;
  /** In the order of first visit. */
  readonly namespaces: readonly string[];
  readonly isNew: boolean;
}

export const SORT_KEYS = ['number', 'count', 'verdict', 'steps', 'p50', 'p99', 'last'] as const;
export type SortKey = (typeof SORT_KEYS)[number];
export interface Sorting {
  readonly key: SortKey;
  readonly descending: boolean;
}
export const BY_COUNT: Sorting = { key: 'count', descending: true };

export const stepsOf = (analysis: PathsAnalysis, path: DistinctPath): Step[] =>
  path.steps.flatMap((index) => analysis.steps[index] ?? []);

export function pathLines(analysis: PathsAnalysis, mark: Mark | undefined, names: NameBook): PathLine[] {
  return analysis.paths.map((path) => {
    const steps = stepsOf(analysis, path);
    const verdict = path.verdicts.indexOf(Math.max(...path.verdicts)) as Verdict;
    const reason = steps.findLast((step) => step.reason >= 0)?.reason;
    return {
      path,
      number: path.number,
      verdict: verdictName(verdict),
      isMixed: path.verdicts.filter((count) => count > 0).length > 1,
      reason: verdict === VERDICT.dropped && reason !== undefined ? names.reasonName(reason) : '',
      namespaces: [...new Set(steps.map(({ netns }) => names.netnsName(asNetnsInode(netns))))],
      isNew: isNew(mark, path),
    };
  });
}

const VALUES: Readonly<Record<SortKey, (line: PathLine) => number>> = {
  number: ({ number }) => number || PATHS_NUMBERED_MAX + 1,
  count: ({ path }) => path.count,
  verdict: ({ verdict }) => (verdict === 'dropped' ? 9 : VERDICT[verdict]),
  steps: ({ path }) => path.steps.length,
  p50: ({ path }) => path.p50Ns,
  p99: ({ path }) => path.p99Ns,
  last: ({ path }) => path.lastNs,
};

/** Ids in the order to show: new paths first, lines that are alike by number. */
export function orderLines(lines: readonly PathLine[], { key, descending }: Sorting): number[] {
  const value = VALUES[key];
  const sign = descending ? -1 : 1;
  return [...lines]
    .sort(
      (a, b) =>
        Number(b.isNew) - Number(a.isNew) ||
        sign * (value(a) - value(b)) ||
        a.reason.localeCompare(b.reason) ||
        a.number - b.number,
    )
    .map(({ path }) => path.id);
}

/** An order that is being read: nothing in it moves, what has come since stands at its end. */
export function heldOrder(held: readonly number[], now: readonly number[]): number[] {
  const there = new Set(now);
  const before = new Set(held);
  return [...held.filter((id) => there.has(id)), ...now.filter((id) => !before.has(id))];
}

/** The path goes along this edge, by this function, or out by this drop. */
export function goesThrough(analysis: PathsAnalysis, path: DistinctPath, passage: Passage): boolean {
  let before = -1;
  for (const index of path.steps) {
    const step = analysis.steps[index];
    if (step === undefined) continue;
    if (passage.kind === 'node' && step.node === passage.node) return true;
    if (passage.kind === 'exit' && step.reason === passage.reason && step.node === passage.from) return true;
    const isEdge = passage.kind === 'edge' && step.reason < 0;
    if (isEdge && before === passage.from && step.node === passage.to) return true;
    before = step.node;
  }
  return false;
}

/** Nodes and edges (`from/to`) and drop exits (`from!reason`) of a path. */
export function partsOf(analysis: PathsAnalysis, path: DistinctPath): ReadonlySet<string> {
  const parts = new Set<string>();
  let before = -1;
  for (const step of stepsOf(analysis, path)) {
    parts.add(`${step.node}`);
    if (step.reason >= 0) parts.add(exitKey(step.node, step.reason));
    else if (before >= 0) parts.add(edgeKey(before, step.node));
    before = step.node;
  }
  return parts;
}

export const edgeKey = (from: number, to: number): string => `${from}/${to}`;
export const exitKey = (from: number, reason: number): string => `${from}!${reason}`;

export function passageText(analysis: PathsAnalysis, passage: Passage, names: NameBook): string {
  if (passage.kind === 'node') return nodeText(analysis, passage.node, names);
  const from = nodeText(analysis, passage.from, names);
  return passage.kind === 'exit'
    ? `${from} → dropped: ${names.reasonName(passage.reason)}`
    : `${from} → ${nodeText(analysis, passage.to, names)}`;
}

/** `ip_rcv in web`. */
export function nodeText({ nodes }: PathsAnalysis, index: number, names: NameBook): string {
  const node = nodes[index];
  if (node === undefined) return '';
  return `${nodeName(node.func, names)} in ${names.netnsName(asNetnsInode(node.netns))}`;
}

export const nodeName = (func: number, names: NameBook): string =>
  func === 0
    ? 'before the first hop seen'
    : names.functionName(func as Parameters<NameBook['functionName']>[0]);
