'use client';

import { useCallback, useEffect, useMemo } from 'react';
import type { Path } from '../../../core/model/hop.ts';
import type { Verdict } from '../../../core/model/packet.ts';
import { type StoryStep, stepAt, storyOf } from '../../../core/model/story/index.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { prefer, usePreferences } from '../../state/preferences.ts';
import { selectDecision, selectHop, useSelection } from '../../state/selection.ts';

const NONE: readonly StoryStep[] = [];

/** The path as a story, told again when more is known of the packet or of names. */
export function useStory(path: Path | undefined, verdict: Verdict | undefined): readonly StoryStep[] {
  const { book, version } = useNames();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  return useMemo(
    () => (path === undefined ? NONE : storyOf(path, book, { verdict })),
    [path, book, version, verdict],
  );
}

/** The step that the hop under the cursor is in, -1 without one. */
export const useCurrentStep = (steps: readonly StoryStep[]): number =>
  useSelection(({ hop, decision }) => (hop < 0 && decision < 0 ? -1 : stepAt(steps, Math.max(0, hop))));

/** Puts the cursor on what a step is about: what was decided, else its first hop. */
export function selectStep(path: Pick<Path, 'decisions'>, step: StoryStep): void {
  const decision = path.decisions[step.decision];
  if (decision === undefined) selectHop(step.from);
  else selectDecision(step.decision, decision.index);
}

/** From step to step, and the story itself shown or not. */
export function useStoryKeys(
  path: Pick<Path, 'decisions'> | undefined,
  steps: readonly StoryStep[],
  toggle: () => void,
): void {
  const go = useCallback(
    (by: number) => {
      const { hop, decision } = useSelection.getState();
      const isNowhere = hop < 0 && decision < 0;
      const at = stepAt(steps, Math.max(0, hop));
      // between the steps that are told: to the next one either way
      const before = at >= 0 ? at : steps.findLastIndex(({ to }) => to < hop) + (by > 0 ? 0 : 1);
      const from = isNowhere ? (by > 0 ? -1 : 1) : before;
      const step = steps[Math.max(0, Math.min(steps.length - 1, from + by))];
      if (path !== undefined && step !== undefined) selectStep(path, step);
    },
    [path, steps],
  );
  useEffect(
    () =>
      commands.register([
        { id: 'path.story', title: 'Story of the packet', group: 'Path', keys: [{ key: 't' }], run: toggle },
        { id: 'path.nextStep', title: 'Next step of the story', group: 'Path', keys: [{ key: '.' }], run: () => go(1) },
        { id: 'path.previousStep', title: 'Previous step of the story', group: 'Path', keys: [{ key: ',' }], run: () => go(-1) },
      ]), // biome-ignore format: a table
    [go, toggle],
  );
}

/** Whether story and details are on screen: where both have no room, the details take the story's place. */
export function usePanels(hasRoom: boolean): {
  readonly isStoryShown: boolean;
  readonly isDetailsShown: boolean;
  readonly toggleStory: () => void;
} {
  const { storyOpen, detailsOpen } = usePreferences();
  const isStoryShown = storyOpen && (hasRoom || !detailsOpen);
  const toggleStory = useCallback(() => {
    prefer({ storyOpen: !isStoryShown });
    if (!isStoryShown && !hasRoom) prefer({ detailsOpen: false });
  }, [isStoryShown, hasRoom]);
  return { isStoryShown, isDetailsShown: detailsOpen, toggleStory };
}
