'use client';

import { type ReactNode, useState } from 'react';
import { Group, Panel } from 'react-resizable-panels';
import type { Path } from '../../../core/model/hop.ts';
import type { StoryStep } from '../../../core/model/story/index.ts';
import { usePanes } from '../../state/panes.ts';
import { Divider } from '../../ui/Divider.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { useMedia } from '../../ui/useMedia.ts';
import { Details } from './DetailsPane.tsx';
import { HopTable } from './HopTable.tsx';
import type { PathRow } from './rows.ts';
import { StoryPanel } from './StoryPanel.tsx';
import { Timeline } from './Timeline.tsx';
import { useCurrentStep } from './useStory.ts';

const WIDE = '(min-width: 1000px)';
const PHONE = '(max-width: 639px)';

interface PathBodyProps {
  readonly path: Path;
  readonly rows: readonly PathRow[];
  readonly steps: readonly StoryStep[];
  readonly isStoryShown: boolean;
  readonly isDetailsShown: boolean;
}

/** Beside each other, or on a narrow page below: the story, the timeline, the hops, and the details. */
export function PathBody({ path, rows, steps, isStoryShown, isDetailsShown }: PathBodyProps) {
  const isWide = useMedia(WIDE);
  const step = steps[useCurrentStep(steps)];
  const marked = isStoryShown ? step : undefined;
  const isThird = isStoryShown || isDetailsShown;
  const panes = usePanes('path', isWide ? 'horizontal' : 'vertical', [
    ...(isStoryShown ? ['story'] : []),
    'timeline',
    'hops',
    ...(isDetailsShown ? ['details'] : []),
  ]);
  if (useMedia(PHONE)) return <OneByOne path={path} rows={rows} steps={steps} />;
  return (
    <Group {...panes} className="min-h-0 flex-1">
      {isStoryShown && (
        <>
          <Panel id="story" minSize="15%" defaultSize={isWide ? '28%' : '46%'}>
            <StoryPanel path={path} steps={steps} />
          </Panel>
          <Divider label="Size of the story" />
        </>
      )}
      <Panel id="timeline" minSize="15%" defaultSize={isThird ? '32%' : '54%'}>
        <Timeline path={path} marked={marked} />
      </Panel>
      <Divider label="Size of the timeline" />
      <Panel id="hops" minSize="15%" defaultSize={isThird ? '40%' : '46%'}>
        <HopTable rows={rows} marked={marked} explains={!isDetailsShown} />
      </Panel>
      {isDetailsShown && (
        <>
          <Divider label="Size of the hops" />
          <Panel id="details" minSize="15%" defaultSize="28%">
            <Details path={path} />
          </Panel>
        </>
      )}
    </Group>
  );
}

const PARTS = ['story', 'timeline', 'hops', 'details'] as const;
type Part = (typeof PARTS)[number];
const LABELS: Readonly<Record<Part, string>> = {
  story: 'Story',
  timeline: 'Timeline',
  hops: 'Hops',
  details: 'Details',
};

/** A phone has room for one of them: the story is what one reads first. */
function OneByOne({ path, rows, steps }: Pick<PathBodyProps, 'path' | 'rows' | 'steps'>) {
  const [part, setPart] = useState<Part>('story');
  const marked = steps[useCurrentStep(steps)];
  const parts: Readonly<Record<Part, ReactNode>> = {
    story: <StoryPanel path={path} steps={steps} />,
    timeline: <Timeline path={path} marked={marked} />,
    hops: <HopTable rows={rows} marked={marked} explains />,
    details: <Details path={path} />,
  };
  return (
    <>
      <Segmented
        label="Part of the path"
        value={part}
        onValue={setPart}
        options={PARTS.map((value) => ({ value, label: LABELS[value] }))}
        className="mx-2 my-1 self-start"
      />
      <div className="min-h-0 flex-1 border-t border-line">{parts[part]}</div>
    </>
  );
}
