'use client';

import { useMemo } from 'react';
import type { LongEnds } from '../../../../core/model/long-ends.ts';
import type { Verdict } from '../../../../core/model/packet.ts';
import { type Rest, type StoryStep, storyOfEnds } from '../../../../core/model/story/index.ts';
import { useNames } from '../../../state/names.ts';
import { betweenText } from './between.ts';
import type { LongPath } from './bins.ts';

interface LongStory {
  readonly steps: readonly StoryStep[];
  readonly rest: Rest | undefined;
}

const NONE: LongStory = { steps: [], rest: undefined };

/** The story of a long path's first and last hops, with a sentence about those between. */
export function useLongStory(
  path: LongPath | undefined,
  ends: LongEnds | undefined,
  verdict: Verdict | undefined,
): LongStory {
  const { book, version } = useNames();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  return useMemo(() => {
    if (path === undefined || ends === undefined) return NONE;
    const { steps, ofHead } = storyOfEnds(ends, book, verdict);
    if (ends.between === 0) return { steps, rest: undefined };
    const from = ends.head.hops.length;
    return { steps, rest: { before: ofHead, text: betweenText(path, from, from + ends.between, book) } };
  }, [path, ends, book, version, verdict]);
}
