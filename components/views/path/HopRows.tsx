'use client';

import { Ban, CornerDownRight, GitBranch, X } from 'lucide-react';
import { describeDecision, isRefusal } from '../../../core/model/decisions.ts';
import { formatDuration } from '../../../core/model/format.ts';
import { explainFunction } from '../../../core/model/functions/index.ts';
import type { Hop } from '../../../core/model/hop.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { stageOf } from '../../../core/model/stages.ts';
import { selectDecision, selectHop } from '../../state/selection.ts';
import { cn } from '../../ui/cn.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { CURRENT_ROW, ROW } from '../../ui/rowLook.ts';
import { Tooltip } from '../../ui/Tooltip.tsx';
import { changeTexts, type Tone } from './changes.ts';
import { stageColour } from './chart.ts';
import type { DecisionRow, HopRow } from './rows.ts';

/** Columns of the hop table; the last two only where there is room. */
export const GRID =
  'grid items-center gap-x-2 px-2 grid-cols-[1.5rem_3.9rem_minmax(5.4rem,0.6fr)_minmax(10.5rem,1.4fr)_minmax(5rem,1fr)] ' +
  '@3xl:grid-cols-[1.5rem_4.2rem_minmax(6rem,0.6fr)_minmax(10.5rem,1.1fr)_minmax(8rem,1.5fr)_2rem_minmax(5rem,0.5fr)]';
const MARKED = 'bg-hover shadow-[inset_2px_0_0_var(--line-strong)]';
const CELL = 'min-w-0 truncate';

/** Deeper calls are not moved further to the right. */
const DEPTH_MAX = 12;
const indentOf = (depth: number): number => Math.min(depth, DEPTH_MAX) * 6;

interface Place {
  /** Row's number in the table, from 0. */
  readonly position: number;
  readonly top: number;
  readonly names: NameBook;
  readonly isCurrent: boolean;
  /** In the step of the story that the cursor is in. */
  readonly isMarked: boolean;
}

export function HopRowView({
  row,
  names,
  position,
  top,
  isCurrent,
  isMarked,
}: Place & { readonly row: HopRow }) {
  const { of: hop } = row;
  const device = hop.ifindex === 0 ? '' : hop.state.device || names.interfaceName(hop.netns, hop.ifindex);
  const isDrop = hop.kind === 'drop';
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys walk the rows
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={position + 2}
      aria-selected={isCurrent}
      onClick={() => selectHop(row.hop)}
      style={{ transform: `translateY(${top}px)` }}
      className={cn(
        GRID,
        ROW,
        isCurrent ? CURRENT_ROW : isDrop ? 'bg-dropped-soft' : isMarked ? MARKED : 'hover:bg-hover',
      )}
    >
      <div role="gridcell" aria-colindex={1} className={cn(CELL, 'text-right text-muted')}>
        {row.hop + 1}
      </div>
      <div
        role="gridcell"
        aria-colindex={2}
        className={cn(CELL, 'text-right', row.isSlow ? 'font-semibold text-lost' : 'text-soft')}
      >
        {position === 0 ? '' : `+${formatDuration(row.deltaNs)}`}
      </div>
      <div role="gridcell" aria-colindex={3} className={cn(CELL, 'flex items-center gap-1.5')}>
        {hop.netns !== 0 && <NetnsName name={names.netnsName(hop.netns)} />}
        <span className="truncate text-muted">{device}</span>
      </div>
      <div
        role="gridcell"
        aria-colindex={4}
        aria-colspan={isDrop ? 2 : undefined}
        className={cn(CELL, isDrop && 'col-span-2 flex gap-2')}
        style={{ paddingLeft: indentOf(hop.depth) }}
      >
        {isDrop ? <DropName hop={hop} names={names} /> : <FunctionName hop={hop} names={names} />}
        {isDrop && <Changes row={row} names={names} />}
      </div>
      {!isDrop && (
        <div role="gridcell" aria-colindex={5} className={CELL}>
          <Changes row={row} names={names} />
        </div>
      )}
      <div role="gridcell" aria-colindex={6} className={cn(CELL, 'hidden text-muted @3xl:block')}>
        {hop.cpu}
      </div>
      <div role="gridcell" aria-colindex={7} className={cn(CELL, 'hidden text-muted @3xl:block')}>
        {hop.state.comm} {hop.pid}
      </div>
    </div>
  );
}

/** What was decided, from the function's column to the end of the row: a refusal in the colour of drops. */
export function DecisionRowView({
  row,
  names,
  position,
  top,
  isCurrent,
  isMarked,
}: Place & { readonly row: DecisionRow }) {
  const text = describeDecision(row.of, names);
  const isRefused = isRefusal(row.of);
  const Icon = isRefused ? Ban : CornerDownRight;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys walk the rows
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={position + 2}
      aria-selected={isCurrent}
      onClick={() => selectDecision(row.decision, row.hop)}
      style={{ transform: `translateY(${top}px)` }}
      className={cn(GRID, ROW, isCurrent ? CURRENT_ROW : isMarked ? MARKED : 'hover:bg-hover')}
    >
      <div role="gridcell" aria-colindex={1} />
      <div
        role="gridcell"
        aria-colindex={2}
        className={cn(CELL, 'text-right', row.isSlow ? 'font-semibold text-lost' : 'text-muted')}
      >
        {position === 0 ? '' : `+${formatDuration(row.deltaNs)}`}
      </div>
      <div role="gridcell" aria-colindex={3} />
      <div
        role="gridcell"
        aria-colindex={4}
        aria-colspan={2}
        title={text}
        className={cn(CELL, 'col-span-2 flex items-center gap-1.5')}
        style={{ paddingLeft: indentOf(row.depth) + 12 }}
      >
        <Icon
          size={11}
          strokeWidth={isRefused ? 2.6 : 2}
          className={cn('shrink-0', isRefused ? 'text-dropped' : 'text-faint')}
          {...(isRefused ? { role: 'img', 'aria-label': 'refused' } : { 'aria-hidden': true })}
        />
        <span className={cn('truncate', isRefused ? 'font-medium text-dropped' : 'text-muted')}>{text}</span>
        {row.of.durationNs > 0 && (
          <span className="shrink-0 text-muted" title="From the function’s entry to its return">
            took {formatDuration(row.of.durationNs)}
          </span>
        )}
      </div>
      <div role="gridcell" aria-colindex={6} className={cn(CELL, 'hidden text-muted @3xl:block')}>
        {row.of.cpu}
      </div>
    </div>
  );
}

function FunctionName({
  hop,
  names,
}: {
  readonly hop: Extract<Hop, { kind: 'hop' }>;
  readonly names: NameBook;
}) {
  const name = names.functionName(hop.func);
  const module = names.function(hop.func)?.module;
  const stage = stageOf(name, module);
  return (
    <Tooltip side="top" content={<FunctionTip name={name} module={module} stage={stage} />}>
      <span className="inline-flex max-w-full min-w-0 items-center gap-1.5">
        <span
          aria-hidden
          className="size-[7px] shrink-0 rounded-full"
          style={{ background: stageColour(stage) }}
        />
        <span className="truncate">{name}</span>
      </span>
    </Tooltip>
  );
}

function FunctionTip({
  name,
  module,
  stage,
}: {
  readonly name: string;
  readonly module: string | undefined;
  readonly stage: string;
}) {
  return (
    <>
      <span className="font-medium">{name}</span> <span className="text-muted">{stage}</span>
      <span className="block text-soft">{explainFunction(name, module)}</span>
    </>
  );
}

function DropName({
  hop,
  names,
}: {
  readonly hop: Extract<Hop, { kind: 'drop' }>;
  readonly names: NameBook;
}) {
  return (
    <span
      className="inline-flex max-w-full min-w-0 shrink-0 items-center gap-1.5 font-medium text-dropped"
      title={`${names.reasonName(hop.reason)} in ${names.locationName(hop.location)}`}
    >
      <X size={11} strokeWidth={3} aria-hidden className="shrink-0" />
      <span className="truncate">
        dropped: {names.reasonName(hop.reason)}{' '}
        <span className="font-normal">in {names.locationName(hop.location)}</span>
      </span>
    </span>
  );
}

const TONES: Readonly<Record<Tone, string>> = {
  strong: 'font-medium text-text',
  plain: 'text-soft',
  muted: 'text-muted',
};

/** Lineage first, then what changed, the most telling first. */
function Changes({ row: { of: hop, notes }, names }: { readonly row: HopRow; readonly names: NameBook }) {
  const texts = changeTexts(hop, names);
  const lines = [...notes, ...texts.map(({ label, before, after }) => `${label}: ${before} → ${after}`)];
  if (lines.length === 0) return null;
  return (
    <span className="min-w-0 truncate text-muted" title={lines.join('\n')}>
      {notes.length > 0 && (
        <span className="text-text">
          <GitBranch size={11} aria-hidden className="mr-1 inline align-[-1px] text-muted" />
          {notes.join(', ')}
        </span>
      )}
      {texts.map(({ label, before, after, tone }, i) => (
        <span key={label}>
          {i + notes.length > 0 && ', '}
          {label}{' '}
          <span className={TONES[tone]}>
            {before} → {after}
          </span>
        </span>
      ))}
    </span>
  );
}
