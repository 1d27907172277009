'use client';

import { memo } from 'react';
import { rowTerms } from '../../../core/model/display/terms.ts';
import { addTerm } from '../../state/display.ts';
import type { ColumnId, Tint } from '../../state/packets/listing.ts';
import { selectPacket } from '../../state/selection.ts';
import { cn } from '../../ui/cn.ts';
import { CURRENT_ROW, ROW } from '../../ui/rowLook.ts';
import { type CellFacts, COLUMNS } from './columns.tsx';

/** The heading's and every row's. */
export const GRID = 'grid grid-cols-[var(--columns)] items-center gap-x-3 px-2';

const TINT_CLASSES: Readonly<Record<Tint, string>> = {
  amber: 'bg-tint-amber',
  rose: 'bg-tint-rose',
  sky: 'bg-tint-sky',
  green: 'bg-tint-green',
  violet: 'bg-tint-violet',
  grey: 'bg-tint-grey',
};
export const tintClass = (tint: Tint): string => TINT_CLASSES[tint];

interface PacketRowViewProps {
  readonly facts: CellFacts;
  readonly columns: readonly ColumnId[];
  /** Among the lines shown, from 0. */
  readonly position: number;
  /** In pixels from the beginning of the list. */
  readonly top: number;
  readonly isSelected: boolean;
  readonly tint: Tint | undefined;
}

/** One packet. A click selects it, with Alt it filters by the cell; with Shift, too, it filters that out. */
export const PacketRowView = memo(function PacketRowView({
  facts,
  columns,
  position,
  top,
  isSelected,
  tint,
}: PacketRowViewProps) {
  const { row } = facts;
  const onClick = (event: React.MouseEvent) => {
    const terms = event.altKey ? clickedTerms(event.target, facts) : [];
    if (terms[0] !== undefined) addTerm(terms[0], event.shiftKey);
    else selectPacket(row.packet);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list's own keys walk the rows
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={position + 2}
      aria-selected={isSelected}
      data-packet={row.packet}
      onClick={onClick}
      style={{ transform: `translateY(${top}px)` }}
      className={cn(
        GRID,
        ROW,
        'contain-strict',
        isSelected ? CURRENT_ROW : cn(tint !== undefined && tintClass(tint), 'hover:bg-hover'),
      )}
    >
      {columns.map((id) => {
        const column = COLUMNS[id];
        return (
          <div
            key={id}
            role="gridcell"
            data-column={id}
            title={column.title?.(facts)}
            className={cn(
              'min-w-0 truncate',
              column.draw !== undefined && 'flex items-center gap-1',
              column.end && 'text-right',
              column.isSoft && 'text-soft',
            )}
          >
            {column.draw?.(facts) ?? column.text(facts)}
          </div>
        );
      })}
    </div>
  );
});

/** The column that was clicked in. */
export function columnOf(target: EventTarget | null): ColumnId | undefined {
  const id = target instanceof Element ? target.closest('[data-column]')?.getAttribute('data-column') : null;
  return (Object.keys(COLUMNS) as ColumnId[]).find((one) => one === id);
}

/** Terms of the cell that was clicked, most likely meant first. */
export function clickedTerms(target: EventTarget | null, { row, names }: CellFacts): readonly string[] {
  const column = columnOf(target);
  if (column === undefined) return [];
  const terms = rowTerms(row, names);
  return (COLUMNS[column].terms ?? []).flatMap((name) => terms[name]);
}
