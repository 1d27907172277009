import { Ban, CornerDownRight } from 'lucide-react';
import { formatDuration } from '../../../../core/model/format.ts';
import { cn } from '../../../ui/cn.ts';
import { NetnsName } from '../../../ui/Netns.tsx';
import { CURRENT_ROW } from '../../../ui/rowLook.ts';
import type { AlignedRow, ComparedRow } from './align.ts';
import type { Slower } from './slower.ts';

/** Left and right. */
export const PAIR = 'grid grid-cols-2';
const SIDE =
  'grid items-center gap-x-2 px-2 grid-cols-[3.6rem_minmax(0,1fr)] @3xl:grid-cols-[4.2rem_minmax(4rem,8.5rem)_minmax(0,1fr)]';

interface PairProps {
  readonly row: AlignedRow;
  readonly position: number;
  readonly top: number;
  readonly isCurrent: boolean;
  readonly isFirst: boolean;
  /** The side that lost its time here. */
  readonly slowest: Slower['side'] | undefined;
  readonly onPick: () => void;
}

/** A hop or decision of each, or nothing on one side. */
export function ComparedPair({ row, position, top, isCurrent, isFirst, slowest, onPick }: PairProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the view's own keys walk the rows
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={position + 2}
      aria-selected={isCurrent}
      data-relation={row.relation}
      data-first-difference={isFirst || undefined}
      onClick={onPick}
      style={{ transform: `translateY(${top}px)` }}
      className={cn(
        PAIR,
        'absolute inset-x-0 top-0 h-6 cursor-default outline-none',
        isCurrent && CURRENT_ROW,
        isFirst && 'border-t-2 border-lost',
      )}
    >
      <Side side={row.left} relation={row.relation} isCurrent={isCurrent} isSlowest={slowest === 'left'} />
      <Side side={row.right} relation={row.relation} isCurrent={isCurrent} isSlowest={slowest === 'right'} />
    </div>
  );
}

interface SideProps {
  readonly side: ComparedRow | undefined;
  readonly relation: AlignedRow['relation'];
  readonly isCurrent: boolean;
  readonly isSlowest: boolean;
}

const DEPTH_MAX = 12;

function Side({ side, relation, isCurrent, isSlowest }: SideProps) {
  if (side === undefined)
    return (
      <div
        role="gridcell"
        aria-label="nothing here"
        className={cn('border-line not-first:border-l', !isCurrent && 'bg-sunken')}
      />
    );
  const isOther = relation === 'otherwise' || relation === 'apart';
  const isDecision = side.kind === 'decision' || side.kind === 'between';
  const Icon = side.isRefusal ? Ban : CornerDownRight;
  const colour = side.isRefusal
    ? 'font-medium text-dropped'
    : !isOther
      ? isDecision
        ? 'text-muted'
        : 'text-soft'
      : 'font-medium text-text';
  return (
    <div
      role="gridcell"
      title={side.kind === 'between' ? side.text : `${side.text}, ${side.netns} ${side.device}`}
      className={cn(
        SIDE,
        'min-w-0 border-line not-first:border-l',
        !isCurrent && isOther && (side.isRefusal ? 'bg-dropped-soft' : 'bg-hover'),
      )}
    >
      <span className={cn('truncate text-right', isSlowest ? 'font-semibold text-lost' : 'text-muted')}>
        {side.deltaNs === undefined ? '' : `+${formatDuration(side.deltaNs)}`}
      </span>
      <span className="hidden min-w-0 items-center gap-1.5 @3xl:flex">
        {!isDecision && <NetnsName name={side.netns} />}
        <span className="truncate text-muted">{side.device}</span>
      </span>
      <span
        className={cn('flex min-w-0 items-center gap-1.5', colour)}
        style={{ paddingLeft: Math.min(side.depth, DEPTH_MAX) * 5 }}
      >
        {(side.kind === 'decision' || side.isRefusal) && <Icon size={11} aria-hidden className="shrink-0" />}
        <span className="truncate">{side.text}</span>
      </span>
    </div>
  );
}
