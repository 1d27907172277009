'use client';

import { useEffect } from 'react';
import { Group, Panel } from 'react-resizable-panels';
import { formatCount } from '../../../../core/model/format.ts';
import { END_HOPS } from '../../../../core/model/long-path.ts';
import { commands } from '../../../state/commands.ts';
import { usePanes } from '../../../state/panes.ts';
import { prefer, usePreferences } from '../../../state/preferences.ts';
import { selectHop, useSelection } from '../../../state/selection.ts';
import { Divider } from '../../../ui/Divider.tsx';
import { useMedia } from '../../../ui/useMedia.ts';
import { PathHeader } from '../PathHeader.tsx';
import { PathPending } from '../PathPending.tsx';
import { StoryPanel } from '../StoryPanel.tsx';
import { usePacketRow } from '../usePath.ts';
import { useStoryKeys } from '../useStory.ts';
import { LongTable } from './LongTable.tsx';
import { LongTimeline } from './LongTimeline.tsx';
import { shortPathsOnly } from './text.ts';
import { useLongPath } from './useLongPath.ts';
import { useLongStory } from './useLongStory.ts';

const WIDE = '(min-width: 1000px)';

interface LongPathViewProps {
  readonly packet: number;
  readonly session: number;
  readonly onClose: () => void;
}

/** The way of a packet with thousands of hops: all of them, drawn together where they are too many to be told apart. */
export function LongPathView({ packet, session, onClose }: LongPathViewProps) {
  const { row, stamp } = usePacketRow(packet);
  const { path, ends, failure } = useLongPath(packet, session, stamp);
  const isWide = useMedia(WIDE);
  const count = path?.hops.count ?? 0;
  useEffect(() => {
    const step = (by: number) => {
      const { hop } = useSelection.getState();
      if (count > 0) selectHop(hop < 0 ? 0 : Math.max(0, Math.min(count - 1, hop + by)));
    };
    return commands.register([
      { id: 'path.next', title: 'Next hop or decision', group: 'Path', keys: [{ key: 'ArrowRight' }, { key: 'l' }], run: () => step(1) },
      { id: 'path.previous', title: 'Previous hop or decision', group: 'Path', keys: [{ key: 'ArrowLeft' }, { key: 'h' }], run: () => step(-1) },
      { id: 'path.close', title: 'Close the path', group: 'Path', keys: [{ key: 'Escape' }], run: onClose },
    ]); // biome-ignore format: a table
  }, [count, onClose]);
  const { steps, rest } = useLongStory(path, ends, row?.verdict);
  const isStoryShown = usePreferences((state) => state.storyOpen);
  useStoryKeys(NO_DECISIONS, steps, toggleStory);
  const panes = usePanes('long-path', isWide ? 'horizontal' : 'vertical', [
    ...(isStoryShown ? ['story'] : []),
    'timeline',
    'hops',
  ]);
  const missing = (row?.hops ?? 0) - count;
  return (
    <section aria-label="Path of the selected packet" className="flex h-full min-h-0 flex-col bg-surface">
      <PathHeader
        packet={packet}
        row={row}
        path={undefined}
        isFromDisk={false}
        isStoryShown={isStoryShown}
        onClose={onClose}
      />
      {path === undefined ? (
        <PathPending failure={failure} onClose={onClose} />
      ) : (
        <>
          <section aria-label="Why" className="shrink-0 border-b border-line px-3 py-1 text-xs text-soft">
            {shortPathsOnly('Why it ended as it did is told', row?.hops ?? count)}
          </section>
          <p className="shrink-0 border-b border-line bg-raised px-2 py-1 text-2xs text-soft">
            {formatCount(count)} hops{missing > 0 && `, ${formatCount(missing)} more are no longer in memory`}
            : drawn as bars where they are too many to be told apart. The story tells the first and the last{' '}
            {formatCount(END_HOPS)} of them, with what was decided there.
          </p>
          <Group {...panes} className="min-h-0 flex-1">
            {isStoryShown && (
              <>
                <Panel id="story" minSize="15%" defaultSize={isWide ? '28%' : '34%'}>
                  <StoryPanel path={NO_DECISIONS} steps={steps} rest={rest} />
                </Panel>
                <Divider label="Size of the story" />
              </>
            )}
            <Panel id="timeline" minSize="15%" defaultSize={isStoryShown ? '36%' : '58%'}>
              <LongTimeline path={path} />
            </Panel>
            <Divider label="Size of the timeline" />
            <Panel id="hops" minSize="15%" defaultSize={isStoryShown ? '36%' : '42%'}>
              <LongTable path={path} />
            </Panel>
          </Group>
        </>
      )}
    </section>
  );
}

/** Those of the hops that are told are in the story's notes; the table has hops only. */
const NO_DECISIONS = { decisions: [] } as const;

const toggleStory = (): void => prefer({ storyOpen: !usePreferences.getState().storyOpen });
