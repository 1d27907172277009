'use client';

import { useId, useMemo } from 'react';
import type { DropSummary } from '../../../core/model/aggregate/drops.ts';
import type { Tone } from '../../../core/model/diagnosis/index.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { cn } from '../../ui/cn.ts';
import { StripePattern } from '../../ui/StripePattern.tsx';
import { useWidth } from '../../ui/useWidth.ts';
import { type Series, seriesOf, stackBars, timeTicks } from './chart.ts';

const HEIGHT = 84;
const AXIS = 16;
const LEFT = 34;

interface DropChartProps {
  readonly summary: DropSummary;
  readonly baseUnixMs: number;
  readonly selected: string;
  readonly nameOf: (key: string) => string;
  readonly toneOf: (key: string) => Tone | undefined;
  readonly onSelect: (key: string) => void;
}

/** All drops over time, the largest groups told apart by pattern and lightness; ordinary ends are grey. */
export function DropChart({ summary, baseUnixMs, selected, nameOf, toneOf, onSelect }: DropChartProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const id = useId();
  const inner = Math.max(0, width - LEFT - 8);
  const series = useMemo(() => seriesOf(summary.groups), [summary]);
  const stack = useMemo(() => stackBars(series, inner, HEIGHT), [series, inner]);
  const ticks = useMemo(() => timeTicks(summary, baseUnixMs, inner), [summary, baseUnixMs, inner]);
  const isOrdinary = ({ key }: Series) => toneOf(key) === 'ordinary';
  // each colour has its strongest look for its largest group
  const fill = (one: Series, i: number) => {
    if (one.key === '') return 'var(--line-strong)';
    const rank = series.slice(0, i).filter((before) => isOrdinary(before) === isOrdinary(one)).length;
    return `url(#${id}${isOrdinary(one) ? 'o' : 'd'}${rank})`;
  };
  const isChosen = series.some(({ key }) => key === selected);
  return (
    <figure className="flex shrink-0 flex-wrap gap-x-4 border-b border-line px-2 py-2 lg:flex-nowrap">
      <div ref={ref} className="min-w-0 flex-1 basis-64">
        {inner > 0 && (
          <svg
            width={width}
            height={HEIGHT + AXIS + 6}
            role="img"
            aria-label={`Drops over ${formatDuration(summary.toNs - summary.fromNs)}, at most ${formatCount(stack.most)} in a bar; the table has the numbers`}
            className="block"
          >
            <defs>
              {series.map((one, i) => (
                <Patterns key={one.key} id={id} rank={i} />
              ))}
            </defs>
            <g transform={`translate(${LEFT} 6)`}>
              {stack.ticks.map(({ y, count }) => (
                <g key={count}>
                  <line x2={inner} y1={y} y2={y} stroke="var(--line)" />
                  <text x={-6} y={y} dy="0.32em" textAnchor="end" className="fill-muted text-2xs">
                    {formatCount(count)}
                  </text>
                </g>
              ))}
              <line x2={inner} y1={HEIGHT} y2={HEIGHT} stroke="var(--line-strong)" />
              {stack.bars.map((bar) => {
                const one = series[bar.series];
                if (one === undefined) return null;
                return (
                  // biome-ignore lint/a11y/noStaticElementInteractions: the legend and the table are for the keyboard
                  <rect
                    key={`${bar.series}/${bar.bin}`}
                    x={bar.x}
                    y={bar.y}
                    width={bar.width}
                    height={bar.height}
                    fill={fill(one, bar.series)}
                    opacity={isChosen && one.key !== selected ? 0.45 : 1}
                    onClick={() => one.key !== '' && onSelect(one.key)}
                  >
                    <title>{`${formatCount(bar.count)} × ${one.key === '' ? 'others' : nameOf(one.key)}`}</title>
                  </rect>
                );
              })}
              {ticks.map(({ x, label }) => (
                <g key={label} transform={`translate(${x} ${HEIGHT})`}>
                  <line y2={4} stroke="var(--line-strong)" />
                  <text
                    y={AXIS - 2}
                    textAnchor={x < 30 ? 'start' : x > inner - 30 ? 'end' : 'middle'}
                    className="fill-muted text-2xs"
                  >
                    {label}
                  </text>
                </g>
              ))}
            </g>
          </svg>
        )}
      </div>
      <figcaption className="min-w-0 shrink-0 max-lg:w-full lg:w-72">
        <ul aria-label="Largest groups" className="max-lg:flex max-lg:flex-wrap max-lg:gap-x-3">
          {series.map((one, i) => (
            <li key={one.key} className="min-w-0">
              <button
                type="button"
                disabled={one.key === ''}
                onClick={() => onSelect(one.key)}
                className={cn(
                  'flex w-full min-w-0 items-center gap-1.5 rounded-sm text-left text-2xs max-sm:min-h-6',
                  one.key === selected ? 'font-semibold text-text' : 'text-soft hover:text-text',
                )}
              >
                <svg width={12} height={10} aria-hidden className="shrink-0">
                  <rect
                    width={12}
                    height={10}
                    fill={fill(one, i)}
                    stroke="var(--line-strong)"
                    strokeWidth={0.5}
                  />
                </svg>
                <span className="truncate">{one.key === '' ? `${one.groups} others` : nameOf(one.key)}</span>
                <span className="ml-auto pl-2 text-muted">{formatCount(one.count)}</span>
              </button>
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}

/** The looks of one rank, in the colour of drops (`d`) and of ordinary ends (`o`). */
function Patterns({ id, rank }: { readonly id: string; readonly rank: number }) {
  return (
    <>
      <StripePattern id={`${id}d${rank}`} colour="var(--dropped)" {...lookOf(rank)} />
      <StripePattern id={`${id}o${rank}`} colour="var(--text-faint)" {...lookOf(rank + 1)} />
    </>
  );
}

const STRIPES: readonly (string | undefined)[] = [
  undefined, undefined, 'M-1 5L5-1M-1 1L1-1M3 5L5 3', undefined, 'M0 1h4', 'M1 0v4', 'M0 1h4M1 0v4',
]; // biome-ignore format: a list
const STRENGTH = [1, 0.5, 0.25, 0.32, 0.2, 0.12];
const lookOf = (rank: number) => ({ strength: STRENGTH[rank] ?? 0.1, stripes: STRIPES[rank] });
