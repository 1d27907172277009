'use client';

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Compared } from '../../../state/paths/compare.ts';
import { cn } from '../../../ui/cn.ts';
import { GridRows } from '../../../ui/GridRows.tsx';
import { useRowList } from '../../../ui/useRowList.ts';
import type { Alignment } from './align.ts';
import { ComparedPair, PAIR } from './ComparedPair.tsx';
import { ComparedTitle } from './ComparedTitle.tsx';
import { CompareHeader } from './CompareHeader.tsx';
import { SlowerLine } from './SlowerLine.tsx';
import { slowerOf } from './slower.ts';
import { useCompareKeys } from './useCompareKeys.ts';

interface AlignedProps {
  readonly left: Compared;
  readonly right: Compared;
  readonly alignment: Alignment;
}

/** Both ways row by row, from their first difference on. */
export function AlignedRows({ left, right, alignment }: AlignedProps) {
  const { rows, firstDifference, differences } = alignment;
  const scroller = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(firstDifference);
  const { height, drawn, scrollTo } = useRowList(scroller, rows.length, 2);
  const go = useCallback(
    (to: number, place: 'auto' | 'center' = 'auto') => {
      const next = Math.max(0, Math.min(rows.length - 1, to));
      setCurrent(next);
      scrollTo(next, place);
    },
    [rows.length, scrollTo],
  );
  const pair = `${left.packet} ${right.packet}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another pair begins at its own first difference, more of the same does not
  useEffect(() => {
    if (firstDifference >= 0) go(firstDifference, 'center');
  }, [pair]);
  const slower = useMemo(() => slowerOf(rows), [rows]);
  useCompareKeys(current, differences, slower?.row, go);
  return (
    <>
      <CompareHeader alignment={alignment} />
      <SlowerLine slower={slower} onShow={() => slower !== undefined && go(slower.row, 'center')} />
      <div
        role="grid"
        aria-label="Both paths, row by row"
        aria-rowcount={rows.length + 1}
        aria-colcount={2}
        className="@container flex min-h-0 flex-1 flex-col"
      >
        <div role="row" aria-rowindex={1} className={cn(PAIR, 'shrink-0 border-b border-line bg-raised')}>
          <ComparedTitle compared={left} />
          <ComparedTitle compared={right} />
        </div>
        <GridRows ref={scroller} label="Hops and decisions of both" height={height}>
          {drawn.map(({ index, top }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <ComparedPair
                key={index}
                row={row}
                position={index}
                top={top}
                isCurrent={index === current}
                isFirst={index === firstDifference}
                slowest={index === slower?.row ? slower.side : undefined}
                onPick={() => setCurrent(index)}
              />
            );
          })}
        </GridRows>
      </div>
    </>
  );
}
