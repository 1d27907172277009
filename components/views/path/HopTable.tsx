'use client';

import { useEffect, useMemo, useRef } from 'react';
import { explainFunction } from '../../../core/model/functions/index.ts';
import { useNames } from '../../state/names.ts';
import { useSelection } from '../../state/selection.ts';
import { cn } from '../../ui/cn.ts';
import { GridRows, HeadRow } from '../../ui/GridRows.tsx';
import { useRowList } from '../../ui/useRowList.ts';
import { DecisionRowView, GRID, HopRowView } from './HopRows.tsx';
import { type HopRange, type PathRow, rowIndexOf } from './rows.ts';

const COLUMNS = ['#', 'Δt', 'Where', 'Function', 'What changed', 'CPU', 'Running task'];

/**
 * Every hop in words, and right after it what was decided there: what the timeline shows, and all that it cannot.
 * Hops and decisions are rows of one grid and stops of the same arrow keys; the timeline's cursor stays at the hop.
 */
export function HopTable({
  rows,
  marked,
  explains,
}: {
  readonly rows: readonly PathRow[];
  /** The hops of the step of the story that the cursor is in. */
  readonly marked?: HopRange | undefined;
  /** Below the table, what the function under the cursor does: not where the details say it. */
  readonly explains: boolean;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const { book } = useNames();
  const hop = useSelection((state) => state.hop);
  const decision = useSelection((state) => state.decision);
  const current = useMemo(() => rowIndexOf(rows, hop, decision), [rows, hop, decision]);
  const { height, drawn, scrollTo } = useRowList(scroller, rows.length, 2);

  useEffect(() => {
    if (current >= 0) scrollTo(current);
  }, [current, scrollTo]);

  return (
    <div className="flex h-full min-h-0 flex-col">
      <div
        role="grid"
        aria-label="Hops"
        aria-rowcount={rows.length + 1}
        aria-colcount={COLUMNS.length}
        className="@container flex min-h-0 flex-1 flex-col"
      >
        <HeadRow className={GRID}>
          {COLUMNS.map((column, i) => (
            <div
              key={column}
              role="columnheader"
              aria-colindex={i + 1}
              className={cn(
                'truncate',
                (column === '#' || column === 'Δt') && 'text-right',
                (column === 'CPU' || column === 'Running task') && 'hidden @3xl:block',
              )}
            >
              {column}
            </div>
          ))}
        </HeadRow>
        <GridRows ref={scroller} label="Hops and decisions, in order" height={height}>
          {drawn.map(({ index, top }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const isMarked = marked !== undefined && row.hop >= marked.from && row.hop <= marked.to;
            const place = {
              position: index,
              top,
              names: book,
              isCurrent: index === current,
              isMarked,
            };
            return row.kind === 'hop' ? (
              <HopRowView key={index} row={row} {...place} />
            ) : (
              <DecisionRowView key={index} row={row} {...place} />
            );
          })}
        </GridRows>
      </div>
      {explains && <Explanation row={rows[current]} />}
    </div>
  );
}

/** What the function of the row under the cursor does, for who walks by keys as for who points. */
function Explanation({ row }: { readonly row: PathRow | undefined }) {
  const { book } = useNames();
  if (row?.kind !== 'hop' || row.of.kind !== 'hop') return null;
  const name = book.functionName(row.of.func);
  const sentence = explainFunction(name, book.function(row.of.func)?.module);
  if (sentence === undefined) return null;
  return (
    <p className="shrink-0 border-t border-line bg-raised px-2 py-1 text-2xs text-pretty text-soft">
      <span className="font-medium text-text">{name}</span> {sentence}
    </p>
  );
}
