'use client';

import { FileDown, ListOrdered, PanelRight, X } from 'lucide-react';
import type { Diagnosis } from '../../../core/model/diagnosis/index.ts';
import { formatCount, formatDuration, verdictName } from '../../../core/model/format.ts';
import type { Path } from '../../../core/model/hop.ts';
import { type PacketRow, VERDICT } from '../../../core/model/packet.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { prefer, usePreferences } from '../../state/preferences.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import { ZoomButtons } from '../../ui/ZoomButtons.tsx';
import { rowCells } from '../packets/text.ts';
import { pathJson, pathText } from './copy.ts';
import { savePathPage } from './page.ts';

interface PathHeaderProps {
  readonly packet: number;
  readonly row: PacketRow | undefined;
  readonly path: Path | undefined;
  readonly isFromDisk: boolean;
  readonly diagnosis?: Diagnosis | undefined;
  readonly isStoryShown: boolean;
  readonly onClose: () => void;
}

/** What the packet is, how it ended, and what can be done with the drawing. */
export function PathHeader({
  packet,
  row,
  path,
  isFromDisk,
  diagnosis,
  isStoryShown,
  onClose,
}: PathHeaderProps) {
  const { book } = useNames();
  const { timeScale, detailsOpen } = usePreferences();
  const run = (id: string) => commands.all.find((command) => command.id === id)?.run();
  return (
    <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-2 py-1 whitespace-nowrap lg:flex-nowrap">
      <h2 className="text-xs font-semibold">Packet {formatCount(packet)}</h2>
      {row !== undefined && <Summary row={row} isFromDisk={isFromDisk} />}
      <span className="ml-auto flex shrink-0 flex-wrap items-center gap-1">
        <span className="contents max-sm:hidden">
          <Segmented
            label="Scale"
            value={timeScale}
            onValue={(scale) => prefer({ timeScale: scale })}
            options={[
              { value: 'sequence', label: 'Steps' },
              { value: 'linear', label: 'Time' },
            ]}
          />
          <ZoomButtons
            what="the whole path"
            onIn={() => run('path.in')}
            onOut={() => run('path.out')}
            onFit={() => run('path.fit')}
          />
        </span>
        <Button
          look="quiet"
          aria-pressed={isStoryShown}
          title="What happened, in steps to read (t)"
          className="aria-pressed:bg-selected aria-pressed:text-text max-sm:hidden"
          onClick={() => run('path.story')}
        >
          <ListOrdered size={12} aria-hidden /> Story
        </Button>
        {path !== undefined && (
          <>
            <Button
              look="quiet"
              aria-pressed={detailsOpen}
              title="Details of the hop under the cursor (i)"
              className="aria-pressed:bg-selected aria-pressed:text-text max-sm:hidden"
              onClick={() => run('path.details')}
            >
              <PanelRight size={12} aria-hidden /> Details
            </Button>
            <CopyButton text={() => pathText(path, book)} what="the path as text">
              Text
            </CopyButton>
            <CopyButton text={() => pathJson(path, book)} what="the path as JSON">
              JSON
            </CopyButton>
            {row !== undefined && (
              <Button
                look="quiet"
                square
                aria-label="Save the path as a page"
                title="Save the path as a page of its own (HTML), for somebody who has nothing but a browser"
                className="max-sm:hidden"
                onClick={() => savePathPage({ row, path, diagnosis }, book)}
              >
                <FileDown size={14} aria-hidden />
              </Button>
            )}
          </>
        )}
        <Button look="quiet" square aria-label="Close the path" title="Close (Esc)" onClick={onClose}>
          <X size={15} aria-hidden />
        </Button>
      </span>
    </header>
  );
}

function Summary({ row, isFromDisk }: { readonly row: PacketRow; readonly isFromDisk: boolean }) {
  const { book } = useNames();
  const cells = rowCells(row, book);
  return (
    <>
      <span className="min-w-0 truncate">
        <span className="font-medium">{cells.protocol}</span>{' '}
        <span className="text-soft">{cells.detail}</span> {cells.source} <span className="text-muted">→</span>{' '}
        {cells.destination}
      </span>
      <VerdictBadge verdict={verdictName(row.verdict)} reason={cells.reason} />
      {row.verdict === VERDICT.dropped && (
        <span className="hidden min-w-0 truncate text-soft 2xl:inline">
          in {book.locationName(row.location)}
        </span>
      )}
      <span className="text-muted">
        {formatCount(row.hops)} hops, {formatDuration(row.lastNs - row.firstNs)}
      </span>
      {isFromDisk ? (
        <span
          className="text-muted"
          title="Memory has only the newest packets; this one was read from its recording"
        >
          read from the disk
        </span>
      ) : (
        row.truncated && <span className="text-lost">its first hops are no longer in memory</span>
      )}
    </>
  );
}
