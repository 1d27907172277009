'use client';

import { useMemo } from 'react';
import { asNs } from '../../../core/base/units.ts';
import { formatCount, formatTime } from '../../../core/model/format.ts';
import { HEAT_BINS, type Heat, type HeatCell } from '../../../core/model/latency/result.ts';
import { type MasterColumn, MasterTable } from '../../ui/MasterTable.tsx';
import { binRange, cellKey, levelText } from './text.ts';

interface HeatTableProps {
  readonly heat: Heat;
  readonly baseUnixMs: number;
  readonly name: string;
  readonly cell: HeatCell | undefined;
  readonly onCell: (cell: HeatCell) => void;
  readonly onOpen: () => void;
}

/** What the heat map shows, a row for each cell that has passages. */
export function HeatTable({ heat, baseUnixMs, name, cell, onCell, onOpen }: HeatTableProps) {
  const columns = useMemo(
    (): readonly MasterColumn<HeatCell, never>[] => [
      {
        label: 'From',
        width: 'minmax(7.5rem,1fr)',
        cell: ({ bin }) => formatTime(asNs(binRange(heat, bin, HEAT_BINS)[0]), baseUnixMs),
      },
      { label: 'Took', width: 'minmax(7.5rem,1fr)', cell: ({ level }) => levelText(level) },
      { label: 'Passages', width: '5rem', isEnd: true, cell: ({ count }) => formatCount(count) },
    ],
    [heat, baseUnixMs],
  );
  return (
    <div className="flex h-full min-h-0 flex-col">
      <MasterTable
        label={`Cells of ${name}`}
        columns={columns}
        rows={heat.cells}
        keyOf={cellKey}
        selected={cell === undefined ? -1 : heat.cells.indexOf(cell)}
        onSelect={(index) => {
          const chosen = heat.cells[index];
          if (chosen !== undefined) onCell(chosen);
        }}
        onOpen={onOpen}
        minWidth="20rem"
      />
    </div>
  );
}
