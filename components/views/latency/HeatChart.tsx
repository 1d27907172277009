'use client';

import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { asNs } from '../../../core/base/units.ts';
import { formatDuration } from '../../../core/model/format.ts';
import type { Heat, HeatCell, HeatColumn } from '../../../core/model/latency/result.ts';
import { usePreferences } from '../../state/preferences.ts';
import { useMedia } from '../../ui/useMedia.ts';
import { timeTicks } from '../drops/chart.ts';
import {
  type CellMove,
  cellAt,
  cellX,
  cellY,
  durationTicks,
  durationY,
  type HeatLayout,
  layOutHeat,
  mostIn,
  type SHADES,
  shadeOf,
} from './heat.ts';

const LEFT = 58;
const TOP = 8;
const RIGHT = 30;
const BOTTOM = 20;

/** How strong a shade is, the lightest first. */
export const STRENGTHS = [0.3, 0.46, 0.62, 0.8, 1] as const satisfies { readonly length: typeof SHADES };

const MOVES: Readonly<Record<string, CellMove>> = {
  ArrowLeft: 'earlier',
  ArrowRight: 'later',
  ArrowUp: 'longer',
  ArrowDown: 'shorter',
  Home: 'first',
  End: 'last',
};

interface HeatChartProps {
  readonly heat: Heat;
  readonly baseUnixMs: number;
  readonly name: string;
  readonly cell: HeatCell | undefined;
  readonly chartRef: React.RefObject<HTMLDivElement | null>;
  readonly onCell: (cell: HeatCell) => void;
  readonly onHover: (cell: HeatCell | undefined) => void;
  readonly onMove: (move: CellMove) => void;
  /** To the packets of the cell. */
  readonly onOpen: () => void;
}

/** Time from left to right, durations from below, each power of two twice as high; the darker, the more passages. */
export function HeatChart(props: HeatChartProps) {
  const { heat, baseUnixMs, name, cell, chartRef, onCell, onHover, onMove, onOpen } = props;
  const { width, height } = useSize(chartRef);
  const inner = { width: Math.max(0, width - LEFT - RIGHT), height: Math.max(0, height - TOP - BOTTOM) };
  const layout = useMemo(
    () => layOutHeat(heat, inner.width, inner.height),
    [heat, inner.width, inner.height],
  );
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move !== undefined) onMove(move);
    else if (event.key === 'Enter') onOpen();
    else if (event.key === 'Escape') chartRef.current?.blur();
    else return;
    event.preventDefault();
  };
  const pointed = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return cellAt(heat, layout, event.clientX - box.left - LEFT, event.clientY - box.top - TOP);
  };
  return (
    <div
      ref={chartRef}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its cells are walked with the keyboard
      tabIndex={0}
      role="application"
      aria-label={`Heat map of ${name}: arrow keys walk its cells, Enter goes to the packets of one; Table says the same`}
      data-drawing
      data-testid="heat-map"
      onKeyDown={onKeyDown}
      onPointerMove={(event) => onHover(pointed(event))}
      onPointerLeave={() => onHover(undefined)}
      onPointerDown={(event) => {
        const hit = pointed(event);
        if (hit !== undefined) onCell(hit);
      }}
      className="relative h-full min-h-0 outline-offset-[-2px]"
    >
      <Cells heat={heat} layout={layout} />
      {inner.width > 0 && inner.height > 0 && (
        <svg width={width} height={height} aria-hidden className="pointer-events-none absolute inset-0">
          <g transform={`translate(${LEFT} ${TOP})`}>
            <Axes heat={heat} layout={layout} baseUnixMs={baseUnixMs} />
            <Quantiles heat={heat} layout={layout} />
            {cell !== undefined && (
              <rect
                x={cellX(layout, cell.bin) - 1.5}
                y={cellY(layout, cell.level) - 1.5}
                width={layout.cellWidth + 3}
                height={layout.cellHeight + 3}
                rx={2}
                fill="none"
                stroke="var(--focus)"
                strokeWidth={2}
              />
            )}
          </g>
        </svg>
      )}
    </div>
  );
}

function Cells({ heat, layout }: { readonly heat: Heat; readonly layout: HeatLayout }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = usePreferences((state) => state.theme);
  const isDark = useMedia('(prefers-color-scheme: dark)');
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const { width, height } = layout;
    const scale = devicePixelRatio;
    element.width = Math.round(width * scale);
    element.height = Math.round(height * scale);
    context.scale(scale, scale);
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(element).color;
    const most = mostIn(heat);
    const gap = layout.cellWidth > 4 && layout.cellHeight > 4 ? 1 : 0;
    for (const { bin, level, count } of heat.cells) {
      context.globalAlpha = STRENGTHS[shadeOf(count, most)] ?? 1;
      context.fillRect(
        cellX(layout, bin),
        cellY(layout, level),
        Math.max(1, layout.cellWidth - gap),
        Math.max(1, layout.cellHeight - gap),
      );
    }
  }, [heat, layout, theme, isDark]);
  return (
    <canvas
      ref={canvas}
      aria-hidden
      className="absolute"
      style={{ left: LEFT, top: TOP, width: layout.width, height: layout.height, color: 'var(--heat)' }}
    />
  );
}

function Axes({
  heat,
  layout,
  baseUnixMs,
}: {
  readonly heat: Heat;
  readonly layout: HeatLayout;
  readonly baseUnixMs: number;
}) {
  const { width, height } = layout;
  return (
    <>
      {durationTicks(layout).map(({ y, ns }) => (
        <g key={ns}>
          <line x2={width} y1={y} y2={y} stroke="var(--line)" />
          <text x={-6} y={y} dy="0.32em" textAnchor="end" className="fill-muted text-2xs">
            {tickText(ns)}
          </text>
        </g>
      ))}
      <line x2={width} y1={height} y2={height} stroke="var(--line-strong)" />
      <line y2={height} stroke="var(--line-strong)" />
      {timeTicks(heat, baseUnixMs, width).map(({ x, label }) => (
        <g key={label} transform={`translate(${x} ${height})`}>
          <line y2={4} stroke="var(--line-strong)" />
          <text y={BOTTOM - 5} textAnchor="middle" className="fill-muted text-2xs">
            {label}
          </text>
        </g>
      ))}
    </>
  );
}

/** `1 µs`: of whole powers no digits behind the point. */
const tickText = (ns: number): string => formatDuration(asNs(ns)).replace(/\.0+(?= )/, '');

/** How the lines over the map are drawn. */
export const LINES = [
  { name: 'p99', dashes: '4 3', of: ({ p99Ns }: HeatColumn) => p99Ns },
  { name: 'p50', dashes: undefined, of: ({ p50Ns }: HeatColumn) => p50Ns },
] as const;

/** Half of the passages of each part of the time, and 99 of 100, took no longer. */
function Quantiles({ heat, layout }: { readonly heat: Heat; readonly layout: HeatLayout }) {
  return LINES.map(({ name, dashes, of }) => {
    const path = heat.columns
      .map((column, i) => {
        const [x, y] = [cellX(layout, column.bin), durationY(layout, of(column))];
        const isNext = heat.columns[i - 1]?.bin === column.bin - 1;
        return `${isNext ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}H${(x + layout.cellWidth).toFixed(1)}`;
      })
      .join('');
    return (
      <g key={name} data-line={name} fill="none">
        <path d={path} stroke="var(--surface)" strokeWidth={3.5} opacity={0.75} />
        <path d={path} stroke="var(--text)" strokeWidth={1.5} strokeDasharray={dashes} />
      </g>
    );
  });
}

/** The size of an element, in pixels; 0 until it is known. */
function useSize(ref: React.RefObject<HTMLElement | null>): {
  readonly width: number;
  readonly height: number;
} {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const { width = 0, height = 0 } = entry?.contentRect ?? {};
      setSize({ width: Math.floor(width), height: Math.floor(height) });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return size;
}
