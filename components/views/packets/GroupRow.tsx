'use client';

import { ArrowRight, ChevronDown, ChevronRight } from 'lucide-react';
import { asNs } from '../../../core/base/units.ts';
import {
  formatCount,
  formatDuration,
  formatTime,
  protocolName,
  verdictName,
} from '../../../core/model/format.ts';
import type { Groups } from '../../state/packets/groups.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import type { CellFacts } from './columns.tsx';

interface GroupRowProps {
  readonly groups: Groups;
  readonly group: number;
  /** Its first row. */
  readonly sample: CellFacts;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly columnCount: number;
  readonly position: number;
  readonly top: number;
}

/** Heading of a group: what it is, how many, how many dropped, from when to when. */
export function GroupRow({
  groups,
  group,
  sample,
  isOpen,
  onToggle,
  columnCount,
  position,
  top,
}: GroupRowProps) {
  const [count, drops] = [groups.counts[group] ?? 0, groups.drops[group] ?? 0];
  const [firstNs, lastNs] = [groups.firstNs[group] ?? 0, groups.lastNs[group] ?? 0];
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <div
      role="row"
      aria-rowindex={position + 2}
      data-heading={groups.keys[group]}
      style={{ transform: `translateY(${top}px)` }}
      className="absolute inset-x-0 top-0 h-6 border-t border-line bg-raised text-xs"
    >
      <div role="gridcell" aria-colspan={columnCount} className="h-full">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={onToggle}
          className="flex h-full w-full min-w-0 items-center gap-2 px-1.5 text-left outline-offset-[-2px] hover:bg-hover"
        >
          <Chevron size={12} aria-hidden className="shrink-0 text-muted" />
          <GroupName by={groups.by} root={groups.keys[group] ?? 0} sample={sample} />
          <span className="shrink-0 text-soft">
            {formatCount(count)} packet{count === 1 ? '' : 's'}
          </span>
          {drops > 0 && groups.by !== 'verdict' && (
            <span className="shrink-0 font-medium text-dropped">{formatCount(drops)} dropped</span>
          )}
          <span className="ml-auto shrink-0 pr-1 text-muted max-sm:hidden">
            {formatTime(asNs(firstNs), sample.baseUnixMs)}, {formatDuration(lastNs - firstNs)}
          </span>
        </button>
      </div>
    </div>
  );
}

function GroupName({
  by,
  root,
  sample: { row, cells },
}: {
  readonly by: Groups['by'];
  readonly root: number;
  readonly sample: CellFacts;
}) {
  if (by === 'verdict')
    return (
      <span className="truncate font-medium">
        <VerdictBadge verdict={verdictName(row.verdict)} reason={cells.reason} />
      </span>
    );
  const namespace = cells.namespaces[0];
  const ends = [cells.source, cells.destination].filter((end) => end !== '');
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5 font-medium">
      {by === 'lineage' && <span className="shrink-0">Packet {root}</span>}
      {by === 'flow' && namespace !== undefined && <NetnsName name={namespace} />}
      <span className="shrink-0">{protocolName(row)}</span>
      <span className="truncate">{ends[0]}</span>
      {ends.length > 1 && <ArrowRight size={10} aria-label="to" className="shrink-0 text-muted" />}
      <span className="truncate">{ends[1]}</span>
    </span>
  );
}
