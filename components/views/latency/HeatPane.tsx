'use client';

import { Route } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { asNs } from '../../../core/base/units.ts';
import { formatCount, formatDuration, formatTime } from '../../../core/model/format.ts';
import { levelOf } from '../../../core/model/latency/levels.ts';
import {
  HEAT_BINS,
  type Heat,
  type HeatCell,
  type LatencyRow,
  seriesKey,
} from '../../../core/model/latency/result.ts';
import { commands } from '../../state/commands.ts';
import { chooseCell, useLatencyStore } from '../../state/latency.ts';
import { useNames } from '../../state/names.ts';
import { useSession } from '../../state/session.ts';
import { Button } from '../../ui/Button.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { CellPackets, showPassage } from './CellPackets.tsx';
import { HeatChart, LINES, STRENGTHS } from './HeatChart.tsx';
import { HeatTable } from './HeatTable.tsx';
import { type CellMove, cellUnder, mostIn, moveCell, placeOf, shadeRanges } from './heat.ts';
import { binRange, levelText, passagesText, seriesAbout, seriesName } from './text.ts';

interface HeatPaneProps {
  readonly row: LatencyRow;
  /** Undefined as long as that of another series is there. */
  readonly heat: Heat | undefined;
  readonly chartRef: React.RefObject<HTMLDivElement | null>;
  readonly listRef: React.RefObject<HTMLDivElement | null>;
}

/** The selected series over time, and the packets of one cell of it. */
export function HeatPane({ row, heat, chartRef, listRef }: HeatPaneProps) {
  const { book } = useNames();
  const isTable = useLatencyStore((state) => state.isTable);
  const name = seriesName(row.series, book);
  return (
    <section
      aria-label="The selected times"
      className="flex h-full min-h-0 flex-col overflow-y-auto bg-surface"
    >
      <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-2 border-b border-line px-3 py-1">
        <h3 className="min-w-0 truncate text-xs font-semibold" title={name}>
          {name}
        </h3>
        <Segmented
          label="Shown as"
          className="ml-auto"
          value={isTable ? 'table' : 'map'}
          onValue={(value) => useLatencyStore.setState({ isTable: value === 'table' })}
          options={[
            { value: 'map', label: 'Heat map' },
            { value: 'table', label: 'Table' },
          ]}
        />
        <Button
          look="quiet"
          title={`The longest took ${formatDuration(row.maxNs)}: show that packet’s path`}
          onClick={() => showPassage(row.slowest)}
        >
          <Route size={12} aria-hidden /> Slowest: #{formatCount(row.slowest.packet)}
        </Button>
        <p className="w-full text-2xs text-pretty text-muted">{seriesAbout(row.series)}</p>
      </header>
      {heat === undefined ? (
        <p role="status" className="p-3 text-soft">
          Measuring {name} …
        </p>
      ) : (
        <Shown
          key={seriesKey(row.series)}
          row={row}
          heat={heat}
          name={name}
          chartRef={chartRef}
          listRef={listRef}
        />
      )}
    </section>
  );
}

function Shown({
  row: { slowest },
  heat,
  name,
  chartRef,
  listRef,
}: Omit<HeatPaneProps, 'heat'> & { readonly heat: Heat; readonly name: string }) {
  const { cell: place, isTable } = useLatencyStore();
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const [hovered, setHovered] = useState<HeatCell | undefined>();
  // as long as none was chosen, that of the slowest
  const cell = useMemo(
    () => cellUnder(heat, place ?? { atNs: slowest.atNs, level: levelOf(slowest.tookNs) }),
    [heat, place, slowest],
  );
  const choose = useCallback((chosen: HeatCell) => chooseCell(heat.series, placeOf(heat, chosen)), [heat]);
  const move = useCallback(
    (to: CellMove) => cell !== undefined && choose(moveCell(heat, cell, to)),
    [heat, cell, choose],
  );
  useEffect(
    () =>
      commands.register([
        { id: 'latency.earlier', title: 'Cell before it in time', group: 'Latency', keys: [{ key: 'ArrowLeft' }, { key: 'h' }], run: () => move('earlier') },
        { id: 'latency.later', title: 'Cell after it in time', group: 'Latency', keys: [{ key: 'ArrowRight' }, { key: 'l' }], run: () => move('later') },
        { id: 'latency.longer', title: 'Cell of longer times (in the map also ↑)', group: 'Latency', keys: [{ key: '+' }], run: () => move('longer') },
        { id: 'latency.shorter', title: 'Cell of shorter times (in the map also ↓)', group: 'Latency', keys: [{ key: '-' }], run: () => move('shorter') },
      ]), // biome-ignore format: a table
    [move],
  );
  const toPackets = () => listRef.current?.focus();
  const shared = { heat, baseUnixMs, name, cell, onCell: choose, onOpen: toPackets };
  return (
    <>
      <div className="flex min-h-52 flex-[3] flex-col">
        <div className="min-h-0 flex-1">
          {isTable ? (
            <HeatTable {...shared} />
          ) : (
            <HeatChart {...shared} chartRef={chartRef} onHover={setHovered} onMove={move} />
          )}
        </div>
        <div className="flex shrink-0 flex-wrap items-center gap-x-3 border-t border-line px-3 py-1 text-2xs">
          <p role="status" className="min-w-0 text-soft" data-testid="heat-cell">
            <CellText heat={heat} cell={hovered ?? cell} baseUnixMs={baseUnixMs} />
          </p>
          {!isTable && <Legend heat={heat} />}
        </div>
      </div>
      <div className="min-h-24 flex-[2] border-t border-line">
        {cell !== undefined && (
          <CellPackets
            heat={heat}
            cell={cell}
            listRef={listRef}
            onLeave={() => (isTable ? listRef : chartRef).current?.[isTable ? 'blur' : 'focus']()}
          />
        )}
      </div>
    </>
  );
}

function CellText({
  heat,
  cell,
  baseUnixMs,
}: {
  readonly heat: Heat;
  readonly cell: HeatCell | undefined;
  readonly baseUnixMs: number;
}) {
  if (cell === undefined) return null;
  const [fromNs, toNs] = binRange(heat, cell.bin, HEAT_BINS);
  return (
    <>
      <span className="font-medium text-text">{levelText(cell.level)}</span>: {passagesText(cell.count)} begun
      within {formatDuration(toNs - fromNs)} from {formatTime(asNs(fromNs), baseUnixMs)}
    </>
  );
}

/** How many passages a shade stands for, and which line is which. */
function Legend({ heat }: { readonly heat: Heat }) {
  const most = mostIn(heat);
  return (
    <ul
      aria-label="Passages in a cell, and lines"
      className="ml-auto flex flex-wrap items-center gap-x-2 text-muted"
    >
      {shadeRanges(most).map(({ shade, from, to }) => (
        <li key={shade} className="inline-flex items-center gap-1">
          <span
            aria-hidden
            className="size-2.5 rounded-[1px]"
            style={{ background: 'var(--heat)', opacity: STRENGTHS[shade] }}
          />
          {from === to ? formatCount(from) : `${formatCount(from)}–${formatCount(to)}`}
        </li>
      ))}
      {LINES.map(({ name, dashes }) => (
        <li key={name} className="inline-flex items-center gap-1">
          <svg width={18} height={6} aria-hidden>
            <line x2={18} y1={3} y2={3} stroke="var(--text)" strokeWidth={1.5} strokeDasharray={dashes} />
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}
