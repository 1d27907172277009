'use client';

import { useId, useMemo } from 'react';
import { formatCount } from '../../../core/model/format.ts';
import { CAUSE_TEXTS } from '../../../core/model/losses/causes.ts';
import type { LossSeries, LossTimeline } from '../../../core/model/losses/history.ts';
import { StripePattern } from '../../ui/StripePattern.tsx';
import { useWidth } from '../../ui/useWidth.ts';
import { stackLosses } from './lossChart.ts';
import { clock } from './time.ts';

const HEIGHT = 64;
const AXIS = 16;
const LEFT = 38;

/** What was lost in each part of the capture's time, causes told apart by pattern and lightness. */
export function LossChart({
  report,
  series,
}: {
  readonly report: LossTimeline;
  readonly series: readonly LossSeries[];
}) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const id = useId();
  const inner = Math.max(0, width - LEFT - 8);
  const { bars, counts, times, most } = useMemo(
    () => stackLosses(report, series, inner, HEIGHT),
    [report, series, inner],
  );
  return (
    <figure className="my-1">
      <div ref={ref} className="min-w-0">
        {inner > 0 && (
          <svg
            width={width}
            height={HEIGHT + AXIS + 6}
            role="img"
            aria-label={`Losses since ${clock(report.fromUnixMs)}, at most ${formatCount(most)} in ${formatPart(report.binMs)}; the table has the totals`}
            className="block"
          >
            <defs>
              {series.map(({ cause }, i) => (
                <StripePattern
                  key={cause}
                  id={`${id}${i}`}
                  colour="var(--lost)"
                  strength={STRENGTH[i] ?? 0.1}
                  stripes={STRIPES[i]}
                />
              ))}
            </defs>
            <g transform={`translate(${LEFT} 6)`}>
              {counts.map(({ y, count }) => (
                <g key={count}>
                  <line x2={inner} y1={y} y2={y} stroke="var(--line)" />
                  <text x={-6} y={y} dy="0.32em" textAnchor="end" className="fill-muted text-2xs">
                    {formatCount(count)}
                  </text>
                </g>
              ))}
              <line x2={inner} y1={HEIGHT} y2={HEIGHT} stroke="var(--line-strong)" />
              {bars.map((bar) => {
                const cause = series[bar.series]?.cause;
                if (cause === undefined) return null;
                const { where, unit } = CAUSE_TEXTS[cause];
                return (
                  <rect
                    key={`${cause}${bar.bin}`}
                    x={bar.x}
                    y={bar.y}
                    width={bar.width}
                    height={bar.height}
                    fill={`url(#${id}${bar.series})`}
                  >
                    <title>{`${where}: ${formatCount(bar.count)} ${unit} in ${formatPart(report.binMs)} from ${clock(report.fromUnixMs + bar.bin * report.binMs)}`}</title>
                  </rect>
                );
              })}
              {times.map(({ x, atUnixMs }) => (
                <g key={atUnixMs} transform={`translate(${x} ${HEIGHT})`}>
                  <line y2={4} stroke="var(--line-strong)" />
                  <text y={AXIS - 2} textAnchor="middle" className="fill-muted text-2xs">
                    {clock(atUnixMs)}
                  </text>
                </g>
              ))}
            </g>
          </svg>
        )}
      </div>
      <figcaption>
        <ul aria-label="Causes in the chart" className="flex flex-wrap gap-x-3 text-2xs text-soft">
          {series.map(({ cause, total }, i) => (
            <li key={cause} className="flex items-center gap-1.5">
              <svg width={12} height={10} aria-hidden className="shrink-0">
                <rect
                  width={12}
                  height={10}
                  fill={`url(#${id}${i})`}
                  stroke="var(--line-strong)"
                  strokeWidth={0.5}
                />
              </svg>
              {CAUSE_TEXTS[cause].where} {formatCount(total)} {CAUSE_TEXTS[cause].unit}
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}

const formatPart = (ms: number): string =>
  ms < 60_000 ? `${ms / 1000} s` : `${Math.round(ms / 6000) / 10} min`;

const STRIPES: readonly (string | undefined)[] = [
  undefined, 'M-1 5L5-1M-1 1L1-1M3 5L5 3', undefined, 'M0 1h4', 'M1 0v4', undefined, 'M0 1h4M1 0v4',
]; // biome-ignore format: a list
const STRENGTH = [1, 0.25, 0.5, 0.3, 0.2, 0.12, 0.12];
