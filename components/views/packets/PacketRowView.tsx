'use client';

import { ArrowRight, Copy, Shuffle } from 'lucide-react';
import { formatCount, formatTime, verdictName } from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { PacketRow } from '../../../core/model/packet.ts';
import { selectPacket } from '../../state/selection.ts';
import { cn } from '../../ui/cn.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import { rowCells } from './text.ts';

/** Columns of the list, the same for the heading and every row. */
export const GRID =
  'grid items-center gap-x-3 px-2 ' +
  'grid-cols-[6.6rem_minmax(5rem,0.9fr)_minmax(6rem,1.1fr)_minmax(6rem,1.1fr)_minmax(6rem,1.3fr)_3rem_2.4rem_4.2rem_minmax(7rem,1.3fr)]';

interface PacketRowViewProps {
  readonly row: PacketRow;
  readonly names: NameBook;
  readonly baseUnixMs: number;
  /** Among the rows shown, from 0. */
  readonly position: number;
  /** In pixels from the beginning of the list. */
  readonly top: number;
  readonly isSelected: boolean;
}

export function PacketRowView({ row, names, baseUnixMs, position, top, isSelected }: PacketRowViewProps) {
  const cells = rowCells(row, names);
  const cell = 'min-w-0 truncate';
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list's own keys walk the rows
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={position + 2}
      aria-selected={isSelected}
      data-packet={row.packet}
      onClick={() => selectPacket(row.packet)}
      style={{ transform: `translateY(${top}px)` }}
      className={cn(
        GRID,
        'absolute inset-x-0 top-0 h-6 cursor-default text-xs outline-none',
        isSelected ? 'bg-selected shadow-[inset_2px_0_0_var(--focus)]' : 'hover:bg-hover',
      )}
    >
      <div role="gridcell" className={cn(cell, 'text-soft')}>
        {formatTime(row.firstNs, baseUnixMs)}
      </div>
      <div role="gridcell" className={cn(cell, 'flex items-center gap-1')}>
        {row.parent !== 0 && (
          <span title={`It came out of packet ${row.parent}`} className="shrink-0 text-muted">
            <Copy size={10} aria-label="out of another packet" />
          </span>
        )}
        {cells.namespaces.map((name, i) => (
          <span key={name} className="inline-flex min-w-0 items-center gap-1">
            {i > 0 && <ArrowRight size={10} aria-label="to" className="shrink-0 text-muted" />}
            <NetnsName name={name} />
          </span>
        ))}
      </div>
      <div role="gridcell" className={cell}>
        {cells.source}
      </div>
      <div role="gridcell" className={cn(cell, 'flex items-center gap-1')}>
        <span className="truncate">{cells.destination}</span>
        {row.translated && (
          <span title="Addresses or ports were translated on the way (NAT)" className="shrink-0 text-muted">
            <Shuffle size={10} aria-label="translated" />
          </span>
        )}
      </div>
      <div role="gridcell" className={cell}>
        <span className="font-medium">{cells.protocol}</span>{' '}
        <span className="text-soft">{cells.detail}</span>
      </div>
      <div role="gridcell" className={cn(cell, 'text-right text-soft')}>
        {formatCount(row.length)}
      </div>
      <div role="gridcell" className={cn(cell, 'text-right text-soft')}>
        {row.hops}
      </div>
      <div role="gridcell" className={cn(cell, 'text-right text-soft')}>
        {cells.duration}
      </div>
      <div role="gridcell" className={cell} title={cells.verdictTitle}>
        <VerdictBadge verdict={verdictName(row.verdict)} reason={cells.reason} />
      </div>
    </div>
  );
}
