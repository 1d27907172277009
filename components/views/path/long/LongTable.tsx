'use client';

import { useEffect, useRef } from 'react';
import { formatCount, formatDuration } from '../../../../core/model/format.ts';
import { HOP_KIND } from '../../../../core/wire/hops.ts';
import { useNames } from '../../../state/names.ts';
import { selectHop, useSelection } from '../../../state/selection.ts';
import { cn } from '../../../ui/cn.ts';
import { GridRows, HeadRow } from '../../../ui/GridRows.tsx';
import { ROW, ROW_HEIGHT, rowTone } from '../../../ui/rowLook.ts';
import { useRowWindow } from '../../../ui/useRowWindow.ts';
import type { LongPath } from './bins.ts';
import { hopName, laneName } from './text.ts';

const GRID =
  'grid grid-cols-[4.5rem_5rem_minmax(6rem,0.7fr)_minmax(9rem,1.4fr)_2.5rem] items-center gap-x-2 px-2';
const COLUMNS = ['#', 'Δt', 'Where', 'Function', 'CPU'] as const;

/** Every hop of a long path, a row each; only those in view are there. */
export function LongTable({ path }: { readonly path: LongPath }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { book } = useNames();
  const current = useSelection((state) => state.hop);
  const { hops, lanes, laneOf } = path;
  const { first, end, scrollTo } = useRowWindow(scroller, hops.count, ROW_HEIGHT, { padding: 2 });
  useEffect(() => {
    if (current >= 0) scrollTo(current);
  }, [current, scrollTo]);
  return (
    <div
      role="grid"
      aria-label="Hops"
      aria-rowcount={hops.count + 1}
      aria-colcount={COLUMNS.length}
      className="flex h-full min-h-0 flex-col"
    >
      <HeadRow className={GRID}>
        {COLUMNS.map((column, i) => (
          <div key={column} role="columnheader" className={cn('truncate', i < 2 && 'text-right')}>
            {column}
          </div>
        ))}
      </HeadRow>
      <GridRows ref={scroller} label="Hops, in order" height={hops.count * ROW_HEIGHT}>
        {Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i).map((index) => {
          const lane = lanes[laneOf[index] ?? 0];
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys walk the rows
            <div
              key={index}
              role="row"
              tabIndex={-1}
              aria-rowindex={index + 2}
              aria-selected={index === current}
              onClick={() => selectHop(index)}
              style={{ transform: `translateY(${index * ROW_HEIGHT}px)` }}
              className={cn(GRID, ROW, rowTone(index === current))}
            >
              <div role="gridcell" className="text-right text-muted tabular-nums">
                {formatCount(index + 1)}
              </div>
              <div role="gridcell" className="text-right text-soft tabular-nums">
                {index === 0
                  ? '0'
                  : `+${formatDuration((hops.timeNs[index] ?? 0) - (hops.timeNs[index - 1] ?? 0))}`}
              </div>
              <div role="gridcell" className="truncate">
                {lane !== undefined && laneName(lane, book)}
              </div>
              <div
                role="gridcell"
                className={cn('truncate', hops.kind[index] === HOP_KIND.drop && 'font-medium text-dropped')}
              >
                {hops.kind[index] === HOP_KIND.drop && 'Dropped: '}
                {hopName(path, index, book)}
              </div>
              <div role="gridcell" className="text-soft">
                {hops.cpu[index]}
              </div>
            </div>
          );
        })}
      </GridRows>
    </div>
  );
}
