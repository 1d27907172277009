'use client';

import { type ReactNode, useEffect, useRef } from 'react';
import { cn } from './cn.ts';
import { GridRows, HeadRow } from './GridRows.tsx';
import { ROW, rowTone } from './rowLook.ts';
import { orderOf, SortHeading } from './SortHeading.tsx';
import { useRowList } from './useRowList.ts';

export interface MasterColumn<T, S extends string> {
  readonly label: string;
  /** A track of the grid: `4rem`, `minmax(6rem,1fr)`. */
  readonly width: string;
  readonly title?: string;
  readonly isEnd?: boolean;
  readonly sort?: S;
  readonly cell: (row: T) => ReactNode;
}

interface MasterTableProps<T, S extends string> {
  readonly label: string;
  readonly columns: readonly MasterColumn<T, S>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Index of the selected row, -1 for none. */
  readonly selected: number;
  readonly onSelect: (index: number) => void;
  readonly onOpen?: (index: number) => void;
  readonly sort?: { readonly by: S; readonly isDescending: boolean };
  readonly onSort?: (by: S) => void;
  /** Below this it scrolls sideways. */
  readonly minWidth: string;
}

/** Rows of 24 px of which only those in view are made; the selected one is kept in view. Its keys are the caller's. */
export function MasterTable<T, S extends string>({
  label,
  columns,
  rows,
  keyOf,
  selected,
  onSelect,
  onOpen,
  sort,
  onSort,
  minWidth,
}: MasterTableProps<T, S>) {
  const scroller = useRef<HTMLDivElement>(null);
  const { height, drawn, scrollTo } = useRowList(scroller, rows.length);
  const selectedKey = rows[selected] === undefined ? '' : keyOf(rows[selected]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row was selected; that it moved does not scroll
  useEffect(() => {
    if (selected >= 0) scrollTo(selected);
  }, [selectedKey]);
  const template = { gridTemplateColumns: columns.map(({ width }) => width).join(' ') };
  const sortBy = (by: S | undefined) =>
    by === undefined || onSort === undefined ? undefined : () => onSort(by);
  return (
    <div className="min-h-0 flex-1 overflow-x-auto overflow-y-hidden">
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        style={{ minWidth }}
        className="flex h-full flex-col"
      >
        <HeadRow style={template} className="grid items-center gap-x-3 px-2">
          {columns.map((column) => (
            <SortHeading
              key={column.label}
              label={column.label}
              title={column.title}
              isEnd={column.isEnd}
              order={orderOf(sort !== undefined && column.sort === sort.by, sort?.isDescending === true)}
              onSort={sortBy(column.sort)}
            />
          ))}
        </HeadRow>
        <GridRows ref={scroller} label="Rows" height={height}>
          {drawn.map(({ index, top }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const isSelected = index === selected;
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the view's keys walk the rows
              <div
                key={keyOf(row)}
                role="row"
                tabIndex={-1}
                aria-rowindex={index + 2}
                aria-selected={isSelected}
                data-row={keyOf(row)}
                onClick={() => onSelect(index)}
                onDoubleClick={onOpen && (() => onOpen(index))}
                style={{ ...template, transform: `translateY(${top}px)` }}
                className={cn('grid items-center gap-x-3 px-2', ROW, rowTone(isSelected))}
              >
                {columns.map((column) => (
                  <div
                    key={column.label}
                    role="gridcell"
                    className={cn('min-w-0 truncate', column.isEnd && 'text-right')}
                  >
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </GridRows>
      </div>
    </div>
  );
}
