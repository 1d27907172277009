'use client';

import { create } from 'zustand';
import type { Failure } from '../../../core/base/result.ts';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { announce } from '../announce.ts';

/** A part of the graph that paths go through. */
export type Passage =
  | { readonly kind: 'node'; readonly node: number }
  | { readonly kind: 'edge'; readonly from: number; readonly to: number }
  | { readonly kind: 'exit'; readonly from: number; readonly reason: number };

/** From when on paths are new: none of those known then is, and none whose first packet is older. */
export interface Mark {
  readonly ns: number;
  readonly known: ReadonlySet<number>;
}

interface Paths {
  readonly session: number;
  /** The newest that is shown; undefined before the first answer. */
  readonly analysis: PathsAnalysis | undefined;
  readonly failure: Failure | undefined;
  readonly isPaused: boolean;
  readonly mark: Mark | undefined;
  /** Id of the selected path, 0 for none. */
  readonly selected: number;
  /** Only paths through this are listed. */
  readonly passage: Passage | undefined;
}

const NOTHING: Omit<Paths, 'isPaused'> = {
  session: -1,
  analysis: undefined,
  failure: undefined,
  mark: undefined,
  selected: 0,
  passage: undefined,
};

export const usePaths = create<Paths>(() => ({ ...NOTHING, isPaused: false }));

/** Takes in an answer; another session begins with nothing. */
export function takeAnalysis(session: number, analysis: PathsAnalysis): void {
  usePaths.setState((before) => {
    const isSame = before.session === session;
    // what the address selects is there before the first answer
    const selected = before.session === NOTHING.session ? before.selected : 0;
    const kept = isSame ? before : { ...NOTHING, isPaused: before.isPaused, selected };
    return {
      ...kept,
      session,
      analysis,
      failure: undefined,
      passage: isSame ? passageIn(before.passage, before.analysis, analysis) : undefined,
    };
  });
}

export const failAnalysis = (failure: Failure): void => usePaths.setState({ failure });
export const selectPath = (selected: number): void => usePaths.setState({ selected });
export const showThrough = (passage: Passage | undefined): void => usePaths.setState({ passage });
export function pausePaths(isPaused: boolean): void {
  announce(isPaused ? 'The paths are paused' : 'The paths go on');
  usePaths.setState({ isPaused });
}

/** From now on, paths that were not there yet are new. */
export function markNow(): void {
  const { analysis } = usePaths.getState();
  const paths = analysis?.paths ?? [];
  usePaths.setState({
    mark: {
      ns: paths.reduce((newest, { lastNs }) => Math.max(newest, lastNs), 0),
      known: new Set(paths.map(({ id }) => id)),
    },
  });
}
export const unmark = (): void => usePaths.setState({ mark: undefined });

export const isNew = (mark: Mark | undefined, path: { readonly id: number; readonly firstNs: number }) =>
  mark !== undefined && path.firstNs > mark.ns && !mark.known.has(path.id);

/** The same passage in another answer, whose nodes have other numbers; undefined when it is not there. */
export function passageIn(
  passage: Passage | undefined,
  before: PathsAnalysis | undefined,
  after: PathsAnalysis,
): Passage | undefined {
  if (passage === undefined || before === undefined || before === after) return passage;
  const at = (node: number) => {
    const was = before.nodes[node];
    return after.nodes.findIndex(({ func, netns }) => func === was?.func && netns === was.netns);
  };
  if (passage.kind === 'node') {
    const node = at(passage.node);
    return node < 0 ? undefined : { kind: 'node', node };
  }
  const from = at(passage.from);
  if (from < 0) return undefined;
  if (passage.kind === 'exit') return { ...passage, from };
  const to = at(passage.to);
  return to < 0 ? undefined : { kind: 'edge', from, to };
}
