'use client';

import { ChevronDown, ChevronRight } from 'lucide-react';
import { asNs } from '../../../core/base/units.ts';
import { formatCount, formatDuration, formatTime } from '../../../core/model/format.ts';
import type { Groups } from '../../state/packets/groups.ts';
import type { CellFacts } from './columns.tsx';
import { GroupName } from './GroupName.tsx';

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
