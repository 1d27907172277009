'use client';

import { useMemo } from 'react';
import { toldText } from '../../../core/model/follow.ts';
import type { Tail } from '../../../core/model/hop.ts';
import { TooltipProvider } from '../../ui/Tooltip.tsx';
import { useMedia } from '../../ui/useMedia.ts';
import { LineageStrip } from './Lineage.tsx';
import { LongPathView } from './long/LongPathView.tsx';
import { isLongPath } from './long/text.ts';
import { PathBody } from './PathBody.tsx';
import { PathHeader } from './PathHeader.tsx';
import { PathPending } from './PathPending.tsx';
import { pathRows } from './rows.ts';
import { useDiagnosis } from './useDiagnosis.ts';
import { usePacketRow, usePath, usePathKeys } from './usePath.ts';
import { usePanels, useStory, useStoryKeys } from './useStory.ts';
import { WhyPanel } from './WhyPanel.tsx';

/** Wide enough for the story and the details, too. */
const ROOMY = '(min-width: 1600px)';

interface PathViewProps {
  readonly packet: number;
  readonly session: number;
  readonly onClose: () => void;
}

/** One packet's way through the kernel; of thousands of hops in another form. */
export function PathView(props: PathViewProps) {
  const { row } = usePacketRow(props.packet);
  return isLongPath(row?.hops) ? <LongPathView {...props} /> : <FullPathView {...props} />;
}

/** All of it: what it is, why it ended, its relatives, the timeline, and every hop in words. */
function FullPathView({ packet, session, onClose }: PathViewProps) {
  const { row, stamp } = usePacketRow(packet);
  const { path, isFromDisk, failure } = usePath(packet, session, stamp);
  const { diagnosis, inquiry } = useDiagnosis(path, session, packet);
  const rows = useMemo(() => (path === undefined ? [] : pathRows(path)), [path]);
  const steps = useStory(path, row?.verdict);
  const panels = usePanels(useMedia(ROOMY));
  usePathKeys(rows, onClose);
  useStoryKeys(path, steps, panels.toggleStory);
  return (
    <section aria-label="Path of the selected packet" className="flex h-full min-h-0 flex-col bg-surface">
      <PathHeader
        packet={packet}
        row={row}
        path={path}
        isFromDisk={isFromDisk}
        diagnosis={diagnosis}
        isStoryShown={panels.isStoryShown}
        onClose={onClose}
      />
      {path === undefined ? (
        <PathPending failure={failure} onClose={onClose} />
      ) : (
        <>
          {diagnosis !== undefined && (
            <WhyPanel key={`why ${packet}`} path={path} diagnosis={diagnosis} inquiry={inquiry} />
          )}
          {path.told && <Told tail={path.told} />}
          <LineageStrip key={packet} path={path} />
          <TooltipProvider>
            <PathBody path={path} rows={rows} steps={steps} {...panels} />
          </TooltipProvider>
        </>
      )}
    </section>
  );
}

/** Why tail mode tells of it, unless that is said already: it was dropped. */
function Told({ tail }: { readonly tail: Tail }) {
  const text = toldText(tail);
  return text === '' ? null : (
    <p className="shrink-0 border-b border-line px-3 py-1 text-xs text-soft">In tail mode: {text}.</p>
  );
}
