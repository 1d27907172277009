'use client';

import { useCallback, useEffect } from 'react';
import { pathsTerm } from '../../../core/model/display/place-terms.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { endComparison, useComparison } from '../../state/paths/compare.ts';
import { markNow, pausePaths, selectPath, showThrough, usePaths } from '../../state/paths/store.ts';
import { showInPackets } from '../../state/show.ts';
import { focusedGraph } from './graphKeys.ts';
import { SAMPLES_ID } from './Samples.tsx';
import { passageTerm } from './term.ts';
import type { Direction } from './walk.ts';

/** The keys of the view: its list, and what is selected in it. */
export function usePathsKeys(order: readonly number[], selected: number): void {
  const step = useCallback(
    (to: number) => {
      const id = order[Math.max(0, Math.min(order.length - 1, to))];
      if (id !== undefined) selectPath(id);
    },
    [order],
  );
  useEffect(() => {
    const at = order.indexOf(selected);
    return commands.register([
      { id: 'paths.next', title: 'Next path', group: 'Path', keys: [{ key: 'j' }], run: () => step(at + 1) },
      { id: 'paths.previous', title: 'Previous path', group: 'Path', keys: [{ key: 'k' }], run: () => step(at < 0 ? 0 : at - 1) },
      { id: 'paths.down', title: 'Next path; in the graph: along the step that most take', group: 'Path', keys: [{ key: 'ArrowDown' }], run: () => walkOr('down', () => step(at + 1)) },
      { id: 'paths.up', title: 'Previous path; in the graph: back along that step', group: 'Path', keys: [{ key: 'ArrowUp' }], run: () => walkOr('up', () => step(at < 0 ? 0 : at - 1)) },
      { id: 'paths.left', title: 'In the graph: to what is on the left', group: 'Path', keys: [{ key: 'ArrowLeft' }], enabled: isInGraph, run: () => focusedGraph()?.walk('left') },
      { id: 'paths.right', title: 'In the graph: to what is on the right', group: 'Path', keys: [{ key: 'ArrowRight' }], enabled: isInGraph, run: () => focusedGraph()?.walk('right') },
      { id: 'paths.first', title: 'First path', group: 'Path', keys: [{ key: 'Home' }], run: () => step(0) },
      { id: 'paths.last', title: 'Last path', group: 'Path', keys: [{ key: 'End' }], run: () => step(order.length - 1) },
      { id: 'paths.samples', title: 'To the packets of the path; in the graph: the paths through it', group: 'Path', keys: [{ key: 'Enter' }], enabled: () => at >= 0 || isInGraph(), run: () => (isInGraph() ? focusedGraph()?.choose() : toSamples()) },
      { id: 'paths.show', title: 'Show the packets of the path, or of what it goes through, in Packets', group: 'Path', keys: [{ key: 'v' }], enabled: () => termNow() !== undefined, run: showNow },
      { id: 'paths.mark', title: 'Mark now: later paths are new', group: 'Path', keys: [{ key: 'm' }], run: markNow },
      { id: 'paths.pause', title: 'Pause or resume the paths', group: 'Path', keys: [{ key: ' ' }, { key: 'p' }], run: () => pausePaths(!usePaths.getState().isPaused) },
      { id: 'paths.back', title: 'All paths again', group: 'Path', keys: [{ key: 'Escape' }], run: stepBack },
    ]); // biome-ignore format: a table
  }, [order, selected, step]);
}

const isInGraph = (): boolean => focusedGraph() !== undefined;

/** The arrows are the graph's when it has the focus. */
function walkOr(direction: Direction, otherwise: () => void): void {
  const graph = focusedGraph();
  if (graph === undefined) otherwise();
  else graph.walk(direction);
}

function toSamples(): void {
  document.getElementById(SAMPLES_ID)?.querySelector<HTMLButtonElement>('li button')?.focus();
}

/** The last narrowing first: what is being chosen, the selection, the passage. */
function stepBack(): void {
  const { selected, passage } = usePaths.getState();
  if (useComparison.getState().left !== undefined) endComparison();
  else if (selected !== 0) selectPath(0);
  else if (passage !== undefined) showThrough(undefined);
}

/** For the selected path, else for the part of the graph that paths are narrowed to. */
function termNow(): string | undefined {
  const { analysis, selected, passage } = usePaths.getState();
  const path = analysis?.paths.find(({ id }) => id === selected);
  if (path !== undefined) return pathsTerm([path.number]);
  return analysis && passage && passageTerm(analysis, passage, useNames.getState().book);
}

function showNow(): void {
  const term = termNow();
  if (term !== undefined) showInPackets(term);
}
