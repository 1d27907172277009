'use client';

import { useEffect, useRef } from 'react';
import { selectPath } from '../../state/paths/store.ts';
import { useSession } from '../../state/session.ts';
import { cn } from '../../ui/cn.ts';
import { GridRows, HeadRow } from '../../ui/GridRows.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { ROW, rowTone } from '../../ui/rowLook.ts';
import { orderOf, SortHeading } from '../../ui/SortHeading.tsx';
import { useRowList } from '../../ui/useRowList.ts';
import type { PathLine, Sorting, SortKey } from './lines.ts';
import { COLUMNS, GRID, type PathFacts } from './pathColumns.tsx';

interface PathTableProps {
  readonly lines: readonly PathLine[];
  /** Of all packets folded. */
  readonly packets: number;
  readonly selected: number;
  readonly sorting: Sorting;
  readonly onSort: (sorting: Sorting) => void;
  readonly isNarrowed: boolean;
}

/** Distinct paths, a line each. */
export function PathTable({ lines, packets, selected, sorting, onSort, isNarrowed }: PathTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const { height, drawn, scrollTo } = useRowList(scroller, lines.length);
  const position = lines.findIndex(({ path }) => path.id === selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another selection scrolls, not another place of it
  useEffect(() => {
    if (position >= 0) scrollTo(position);
  }, [selected]);

  return (
    <div
      role="grid"
      aria-label="Distinct paths"
      aria-rowcount={lines.length + 1}
      aria-colcount={COLUMNS.length}
      className="@container flex h-full min-h-0 flex-col"
    >
      <HeadRow className={GRID}>
        {COLUMNS.map(({ label, title, sort, isEnd, shown }) => (
          <SortHeading
            key={label}
            label={label}
            title={title}
            isEnd={isEnd}
            className={shown}
            order={orderOf(sort === sorting.key, sorting.descending)}
            onSort={sort && (() => onSort(nextSorting(sorting, sort)))}
          />
        ))}
      </HeadRow>
      <GridRows ref={scroller} label="Paths" height={lines.length === 0 ? undefined : height}>
        {lines.length === 0 ? (
          <NoPath isNarrowed={isNarrowed} />
        ) : (
          drawn.map(({ index, top }) => {
            const line = lines[index];
            return line === undefined ? null : (
              <Row
                key={line.path.id}
                line={line}
                facts={{ packets, baseUnixMs }}
                position={index}
                top={top}
                isSelected={line.path.id === selected}
              />
            );
          })
        )}
      </GridRows>
    </div>
  );
}

function NoPath({ isNarrowed }: { readonly isNarrowed: boolean }) {
  return (
    <Notice title={isNarrowed ? 'No path goes through that now' : 'No path yet'} level={3}>
      {isNarrowed
        ? 'Its packets have given way to newer ones. Escape shows all paths.'
        : 'Packets that go the same way through the kernel become one line here.'}
    </Notice>
  );
}

interface RowProps {
  readonly line: PathLine;
  readonly facts: PathFacts;
  readonly position: number;
  readonly top: number;
  readonly isSelected: boolean;
}

function Row({ line, facts, position, top, isSelected }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the view's own keys walk the rows
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={position + 2}
      aria-selected={isSelected}
      data-path={line.number}
      onClick={() => selectPath(isSelected ? 0 : line.path.id)}
      style={{ transform: `translateY(${top}px)` }}
      className={cn(GRID, ROW, rowTone(isSelected))}
    >
      {COLUMNS.map(({ label, isEnd, shown, look, hint, cell }) => (
        <div
          key={label}
          role="gridcell"
          title={hint?.(line)}
          className={cn('min-w-0 truncate', isEnd && 'text-right', shown, look)}
        >
          {cell(line, facts)}
        </div>
      ))}
    </div>
  );
}

/** The most, the slowest, the newest first; numbers from the first on. */
function nextSorting(now: Sorting, key: SortKey): Sorting {
  return { key, descending: now.key === key ? !now.descending : key !== 'number' };
}
