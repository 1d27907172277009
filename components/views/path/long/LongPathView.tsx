'use client';

import { useEffect } from 'react';
import { Group, Panel } from 'react-resizable-panels';
import { formatCount } from '../../../../core/model/format.ts';
import { LONG_PATH_HOPS } from '../../../../core/wire/hops.ts';
import { commands } from '../../../state/commands.ts';
import { usePanes } from '../../../state/panes.ts';
import { selectHop, useSelection } from '../../../state/selection.ts';
import { Divider } from '../../../ui/Divider.tsx';
import { useMedia } from '../../../ui/useMedia.ts';
import { PathHeader } from '../PathHeader.tsx';
import { PathPending } from '../PathPending.tsx';
import { usePacketRow } from '../usePath.ts';
import { LongTable } from './LongTable.tsx';
import { LongTimeline } from './LongTimeline.tsx';
import { useLongPath } from './useLongPath.ts';

const WIDE = '(min-width: 1000px)';

interface LongPathViewProps {
  readonly packet: number;
  readonly session: number;
  readonly onClose: () => void;
}

/** The way of a packet with thousands of hops: all of them, drawn together where they are too many to be told apart. */
export function LongPathView({ packet, session, onClose }: LongPathViewProps) {
  const { row, stamp } = usePacketRow(packet);
  const { path, failure } = useLongPath(packet, session, stamp);
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
  const panes = usePanes('long-path', isWide ? 'horizontal' : 'vertical', ['timeline', 'hops']);
  const missing = (row?.hops ?? 0) - count;
  return (
    <section aria-label="Path of the selected packet" className="flex h-full min-h-0 flex-col bg-surface">
      <PathHeader packet={packet} row={row} path={undefined} isStoryShown={false} onClose={onClose} />
      {path === undefined ? (
        <PathPending failure={failure} onClose={onClose} />
      ) : (
        <>
          <p className="shrink-0 border-b border-line bg-raised px-2 py-1 text-2xs text-soft">
            {formatCount(count)} hops{missing > 0 && `, ${formatCount(missing)} more are no longer in memory`}
            : drawn as bars where they are too many to be told apart. What changed, what was decided and why
            is told of paths of up to {formatCount(LONG_PATH_HOPS)} hops.
          </p>
          <Group {...panes} className="min-h-0 flex-1">
            <Panel id="timeline" minSize="15%" defaultSize="58%">
              <LongTimeline path={path} />
            </Panel>
            <Divider label="Size of the timeline" />
            <Panel id="hops" minSize="15%" defaultSize="42%">
              <LongTable path={path} />
            </Panel>
          </Group>
        </>
      )}
    </section>
  );
}
