'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { X } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import { formatDuration } from '../../../core/model/format.ts';
import type { Hop, Path } from '../../../core/model/hop.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { stageOf } from '../../../core/model/stages.ts';
import { useNames } from '../../state/names.ts';
import { selectHop, useSelection } from '../../state/selection.ts';
import { cn } from '../../ui/cn.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { changeTexts } from './changes.ts';
import { stageColour } from './chart.ts';

const ROW_HEIGHT = 24;
const GRID =
  'grid items-center gap-x-2 px-2 grid-cols-[1.5rem_3.9rem_minmax(5.4rem,0.6fr)_minmax(10.5rem,1.4fr)_minmax(5rem,1fr)] ' +
  '@3xl:grid-cols-[1.5rem_4.2rem_minmax(6rem,0.6fr)_minmax(10.5rem,1.1fr)_minmax(8rem,1.5fr)_2rem_minmax(5rem,0.5fr)]';
const COLUMNS = ['#', 'Δt', 'Where', 'Function', 'What changed', 'CPU', 'Running task'];

/** Every hop in words: what the timeline shows, and all that it cannot. */
export function HopTable({ path }: { readonly path: Path }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { book } = useNames();
  const current = useSelection((state) => state.hop);
  const slow = useMemo(() => slowFrom(path.hops), [path]);
  const virtualizer = useVirtualizer({
    count: path.hops.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
  });

  useEffect(() => {
    if (current >= 0 && current < path.hops.length) virtualizer.scrollToIndex(current, { align: 'auto' });
  }, [current, path.hops.length, virtualizer]);

  return (
    <div
      role="grid"
      aria-label="Hops"
      aria-rowcount={path.hops.length + 1}
      className="@container flex h-full min-h-0 flex-col"
    >
      <div
        role="row"
        aria-rowindex={1}
        className={cn(GRID, 'h-6 shrink-0 border-b border-line bg-raised text-2xs text-muted')}
      >
        {COLUMNS.map((column) => (
          <div
            key={column}
            role="columnheader"
            className={cn(
              'truncate',
              (column === '#' || column === 'Δt') && 'text-right',
              (column === 'CPU' || column === 'Running task') && 'hidden @3xl:block',
            )}
          >
            {column}
          </div>
        ))}
      </div>
      <div
        ref={scroller}
        role="rowgroup"
        aria-label="Hops, in order"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto outline-offset-[-2px]"
      >
        <div style={{ height: virtualizer.getTotalSize() }} className="relative">
          {virtualizer.getVirtualItems().map((item) => {
            const hop = path.hops[item.index];
            return (
              hop !== undefined && (
                <HopRow
                  key={item.index}
                  hop={hop}
                  index={item.index}
                  names={book}
                  top={item.start}
                  isCurrent={item.index === current}
                  isSlow={hop.deltaNs >= slow}
                />
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface HopRowProps {
  readonly hop: Hop;
  readonly index: number;
  readonly names: NameBook;
  readonly top: number;
  readonly isCurrent: boolean;
  readonly isSlow: boolean;
}

function HopRow({ hop, index, names, top, isCurrent, isSlow }: HopRowProps) {
  const cell = 'min-w-0 truncate';
  const device = hop.ifindex === 0 ? '' : hop.state.device || names.interfaceName(hop.netns, hop.ifindex);
  const isDrop = hop.kind === 'drop';
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys walk the hops
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={isCurrent}
      onClick={() => selectHop(index)}
      style={{ transform: `translateY(${top}px)` }}
      className={cn(
        GRID,
        'absolute inset-x-0 top-0 h-6 cursor-default text-xs outline-none',
        isCurrent
          ? 'bg-selected shadow-[inset_2px_0_0_var(--focus)]'
          : isDrop
            ? 'bg-dropped-soft'
            : 'hover:bg-hover',
      )}
    >
      <div role="gridcell" className={cn(cell, 'text-right text-muted')}>
        {index + 1}
      </div>
      <div
        role="gridcell"
        className={cn(cell, 'text-right', isSlow ? 'font-semibold text-lost' : 'text-soft')}
      >
        {index === 0 ? '' : `+${formatDuration(hop.deltaNs)}`}
      </div>
      <div role="gridcell" className={cn(cell, 'flex items-center gap-1.5')}>
        {hop.netns !== 0 && <NetnsName name={names.netnsName(hop.netns)} />}
        <span className="truncate text-muted">{device}</span>
      </div>
      <div role="gridcell" className={cell} style={{ paddingLeft: Math.min(hop.depth, 12) * 6 }}>
        {isDrop ? <DropName hop={hop} names={names} /> : <FunctionName hop={hop} names={names} />}
      </div>
      <div role="gridcell" className={cell}>
        <Changes hop={hop} names={names} />
      </div>
      <div role="gridcell" className={cn(cell, 'hidden text-muted @3xl:block')}>
        {hop.cpu}
      </div>
      <div role="gridcell" className={cn(cell, 'hidden text-muted @3xl:block')}>
        {hop.state.comm} {hop.pid}
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
  const stage = stageOf(name);
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5" title={`${name}: ${stage}`}>
      <span
        aria-hidden
        className="size-[7px] shrink-0 rounded-full"
        style={{ background: stageColour(stage) }}
      />
      <span className="truncate">{name}</span>
    </span>
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
    <span className="inline-flex min-w-0 items-center gap-1.5 font-medium text-dropped">
      <X size={11} strokeWidth={3} aria-hidden className="shrink-0" />
      <span className="truncate">
        dropped: {names.reasonName(hop.reason)}{' '}
        <span className="font-normal">in {names.locationName(hop.location)}</span>
      </span>
    </span>
  );
}

function Changes({ hop, names }: { readonly hop: Hop; readonly names: NameBook }) {
  const texts = changeTexts(hop.changes, names).sort((a, b) => Number(b.isStrong) - Number(a.isStrong));
  return (
    <span
      className="text-muted"
      title={texts.map(({ label, before, after }) => `${label}: ${before} → ${after}`).join('\n')}
    >
      {texts.map(({ label, before, after, isStrong }, i) => (
        <span key={label}>
          {i > 0 && ', '}
          {label}{' '}
          <span className={cn(isStrong ? 'font-medium text-text' : 'text-soft')}>
            {before} → {after}
          </span>
        </span>
      ))}
    </span>
  );
}

/** Steps from here on are marked as slow: far above the usual one, and long enough to matter. */
function slowFrom(hops: readonly Hop[]): number {
  const deltas = hops
    .slice(1)
    .map((hop) => hop.deltaNs as number)
    .sort((a, b) => a - b);
  const median = deltas[Math.floor(deltas.length / 2)] ?? 0;
  return Math.max(median * 10, 50_000);
}
