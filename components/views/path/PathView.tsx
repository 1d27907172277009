'use client';

import { useMemo, useSyncExternalStore } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import type { Path } from '../../../core/model/hop.ts';
import { usePreferences } from '../../state/preferences.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { Details } from './DetailsPane.tsx';
import { HopTable } from './HopTable.tsx';
import { LineageStrip } from './Lineage.tsx';
import { PathHeader } from './PathHeader.tsx';
import { type PathRow, pathRows } from './rows.ts';
import { Timeline } from './Timeline.tsx';
import { useDiagnosis } from './useDiagnosis.ts';
import { usePacketRow, usePath, usePathKeys } from './usePath.ts';
import { WhyPanel } from './WhyPanel.tsx';

const WIDE = '(min-width: 1000px)';
const SEPARATOR =
  'bg-line-strong outline-offset-[-1px] aria-[orientation=horizontal]:h-px aria-[orientation=vertical]:w-px';

interface PathViewProps {
  readonly packet: number;
  readonly session: number;
  readonly onClose: () => void;
}

/** One packet's way through the kernel: what it is, why it ended, its relatives, the timeline, and every hop in words. */
export function PathView({ packet, session, onClose }: PathViewProps) {
  const { row, stamp } = usePacketRow(packet);
  const { path, failure } = usePath(packet, session, stamp);
  const { diagnosis, inquiry } = useDiagnosis(path, session, packet);
  const rows = useMemo(() => (path === undefined ? [] : pathRows(path)), [path]);
  usePathKeys(rows, onClose);
  return (
    <section aria-label="Path of the selected packet" className="flex h-full min-h-0 flex-col bg-surface">
      <PathHeader packet={packet} row={row} path={path} onClose={onClose} />
      {failure !== undefined && path === undefined ? (
        <Notice
          title="This packet’s path is not there any more"
          level={3}
          action={<Button onClick={onClose}>Close</Button>}
        >
          {failure.message}
        </Notice>
      ) : path === undefined ? (
        <div className="flex flex-1 items-center justify-center text-muted" role="status">
          Reading the path …
        </div>
      ) : (
        <>
          {diagnosis !== undefined && (
            <WhyPanel key={`why ${packet}`} path={path} diagnosis={diagnosis} inquiry={inquiry} />
          )}
          <LineageStrip key={packet} path={path} />
          <PathBody path={path} rows={rows} />
        </>
      )}
    </section>
  );
}

/** Beside each other, or on a narrow page below: the timeline, the hops, and the details when they are open. */
function PathBody({ path, rows }: { readonly path: Path; readonly rows: readonly PathRow[] }) {
  const isWide = useIsWide();
  const detailsOpen = usePreferences((state) => state.detailsOpen);
  return (
    <Group orientation={isWide ? 'horizontal' : 'vertical'} className="min-h-0 flex-1">
      <Panel id="timeline" minSize="15%" defaultSize={detailsOpen ? '32%' : '54%'}>
        <Timeline path={path} />
      </Panel>
      <Separator className={SEPARATOR} />
      <Panel id="hops" minSize="15%" defaultSize={detailsOpen ? '40%' : '46%'}>
        <HopTable rows={rows} />
      </Panel>
      {detailsOpen && (
        <>
          <Separator className={SEPARATOR} />
          <Panel id="details" minSize="15%" defaultSize="28%">
            <Details path={path} />
          </Panel>
        </>
      )}
    </Group>
  );
}

/** Wide enough for the timeline and the table side by side. */
function useIsWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(WIDE);
      query.addEventListener('change', listener);
      return () => query.removeEventListener('change', listener);
    },
    () => matchMedia(WIDE).matches,
    () => true,
  );
}
