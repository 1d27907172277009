'use client';

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { cn } from './cn.ts';
import { useOverscan } from './printing.ts';

const ROW_HEIGHT = 24;

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
  const overscan = useOverscan();
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan,
  });
  const selectedKey = rows[selected] === undefined ? '' : keyOf(rows[selected]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row was selected; that it moved does not scroll
  useEffect(() => {
    if (selected >= 0) virtualizer.scrollToIndex(selected, { align: 'auto' });
  }, [selectedKey]);
  const template = { gridTemplateColumns: columns.map(({ width }) => width).join(' ') };
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
        <div
          role="row"
          aria-rowindex={1}
          style={template}
          className="grid h-6 shrink-0 items-center gap-x-3 border-b border-line bg-raised px-2 text-2xs text-muted"
        >
          {columns.map((column) => (
            <Heading key={column.label} {...column} now={sort} onSort={onSort} />
          ))}
        </div>
        <div
          ref={scroller}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the rows are walked with the keyboard from here
          tabIndex={0}
          role="rowgroup"
          aria-label="Rows"
          className="relative min-h-0 flex-1 overflow-x-hidden overflow-y-auto outline-offset-[-2px]"
        >
          <div style={{ height: virtualizer.getTotalSize() }} role="none" className="relative">
            {virtualizer.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (row === undefined) return null;
              const isSelected = item.index === selected;
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the view's keys walk the rows
                <div
                  key={keyOf(row)}
                  role="row"
                  tabIndex={-1}
                  aria-rowindex={item.index + 2}
                  aria-selected={isSelected}
                  data-row={keyOf(row)}
                  onClick={() => onSelect(item.index)}
                  onDoubleClick={onOpen && (() => onOpen(item.index))}
                  style={{ ...template, transform: `translateY(${item.start}px)` }}
                  className={cn(
                    'absolute inset-x-0 top-0 grid h-6 cursor-default items-center gap-x-3 px-2 text-xs outline-none',
                    isSelected ? 'bg-selected shadow-[inset_2px_0_0_var(--focus)]' : 'hover:bg-hover',
                  )}
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
          </div>
        </div>
      </div>
    </div>
  );
}

function Heading<S extends string>({
  label,
  sort,
  title,
  isEnd,
  now,
  onSort,
}: {
  readonly label: string;
  readonly sort?: S;
  readonly title?: string;
  readonly isEnd?: boolean;
  readonly now: { readonly by: S; readonly isDescending: boolean } | undefined;
  readonly onSort: ((by: S) => void) | undefined;
}) {
  const isActive = sort !== undefined && sort === now?.by;
  const Arrow = now?.isDescending ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      title={title}
      aria-sort={isActive ? (now?.isDescending ? 'descending' : 'ascending') : undefined}
      className={cn('min-w-0 truncate', isEnd && 'text-right')}
    >
      {sort === undefined || onSort === undefined ? (
        label
      ) : (
        <button
          type="button"
          className={cn(
            'inline-flex items-center gap-0.5 hover:text-text',
            isActive && 'font-semibold text-text',
          )}
          onClick={() => onSort(sort)}
        >
          {label}
          {isActive && <Arrow size={10} aria-hidden />}
        </button>
      )}
    </div>
  );
}
