'use client';

import { type ReactNode, useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';

export interface CompareColumn<T> {
  readonly label: string;
  readonly title?: string;
  readonly isEnd?: boolean;
  /** Of heading and cells: `max-sm:hidden`. */
  readonly className?: string;
  readonly cell: (row: T) => ReactNode;
}

interface CompareTableProps<T> {
  readonly label: string;
  readonly columns: readonly CompareColumn<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** In the place of rows that there are none of. */
  readonly empty: string;
  /** Below a row, across all columns; undefined: nothing. */
  readonly below?: (row: T) => ReactNode;
}

/** Shown at once, and as many more each time. */
const SHOWN = 12;
const MORE = 50;

/** Rows of what was compared, those that changed most first; the rest when it is asked for. */
export function CompareTable<T>({ label, columns, rows, keyOf, empty, below }: CompareTableProps<T>) {
  const [shown, setShown] = useState(SHOWN);
  if (rows.length === 0) return <p className="px-2 py-1 text-muted">{empty}</p>;
  const cell = ({ isEnd, className }: CompareColumn<T>) =>
    cn(
      'px-2 py-1 first:pl-3 last:pr-3',
      isEnd ? 'text-right whitespace-nowrap tabular-nums' : 'text-left',
      className,
    );
  return (
    <>
      <table className="w-full" aria-label={label}>
        <thead>
          <tr className="border-b border-line text-2xs text-muted">
            {columns.map((column) => (
              <th
                key={column.label}
                scope="col"
                title={column.title}
                className={cn(cell(column), 'font-normal')}
              >
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        {rows.slice(0, shown).map((row) => {
          const more = below?.(row);
          return (
            <tbody key={keyOf(row)} className="border-b border-line last:border-0">
              <tr className="hover:bg-hover">
                {columns.map((column) => (
                  <td key={column.label} className={cell(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
              {more !== undefined && (
                <tr>
                  <td colSpan={columns.length} className="p-0">
                    {more}
                  </td>
                </tr>
              )}
            </tbody>
          );
        })}
      </table>
      {rows.length > shown && (
        <Button look="quiet" className="m-1" onClick={() => setShown(shown + MORE)}>
          {rows.length - shown} more
        </Button>
      )}
    </>
  );
}

interface PanelProps {
  readonly title: string;
  readonly about: string;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

/** A part of the comparison. */
export function ComparePanel({ title, about, action, children }: PanelProps) {
  return (
    <section aria-label={title} className="min-w-0 rounded-md border border-line">
      <header className="flex min-h-9 flex-wrap items-center gap-x-2 border-b border-line bg-raised px-3 py-1">
        <h2 className="font-semibold">{title}</h2>
        <span className="min-w-0 text-pretty text-muted">{about}</span>
        {action !== undefined && <span className="ml-auto">{action}</span>}
      </header>
      <div className="overflow-x-auto">{children}</div>
    </section>
  );
}
