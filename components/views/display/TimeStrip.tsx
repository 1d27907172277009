'use client';

import { useEffect, useMemo, useRef, useState } from 'react';
import { asNs } from '../../../core/base/units.ts';
import { formatCount, formatDuration, formatTime } from '../../../core/model/format.ts';
import { setRange, useDisplay } from '../../state/display.ts';
import { useLossMarks } from '../../state/loss-marks.ts';
import { TimeHistogram } from '../../state/packets/histogram.ts';
import { packets } from '../../state/packets/store.ts';
import { type TimeRange, useVisible } from '../../state/packets/visible.ts';
import { usePreferences } from '../../state/preferences.ts';
import { useSession } from '../../state/session.ts';
import { Button } from '../../ui/Button.tsx';
import { RangeEdge } from './RangeEdge.tsx';
import { barsPath, type StripScale, ticksOf, xOf } from './strip.ts';
import { useBrush } from './useBrush.ts';

const BARS_PX = 27;

/** Packets over time, for all views: drawing a range in it shows only what was first seen within. */
export function TimeStrip() {
  const isOpen = usePreferences((state) => state.stripOpen);
  return isOpen ? <Strip /> : null;
}

function Strip() {
  const { rows, version } = useVisible();
  const range = useDisplay((state) => state.range);
  const losses = useLossMarks((state) => state.marks);
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const histogram = useMemo(() => new TimeHistogram(packets), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the store's contents
  const drawn = useMemo(() => {
    histogram.update();
    const { fromNs, toNs, binNs, packets: counts, dropped } = histogram;
    const most = counts.reduce((max, count) => Math.max(max, count), 0);
    return {
      scale: { fromNs, toNs, width } satisfies StripScale,
      binNs,
      packets: barsPath(counts, most, width, BARS_PX),
      dropped: barsPath(dropped, most, width, BARS_PX),
      drops: dropped.reduce((sum, count) => sum + count, 0),
    };
  }, [version, width, histogram]);
  const { scale, binNs } = drawn;
  const brush = useBrush(scale, range, Math.min(binNs, 1e6));
  const isEmpty = scale.toNs <= scale.fromNs;
  const shown = rows?.length ?? packets.size;
  return (
    <section
      aria-label="Time"
      className="flex h-10 shrink-0 border-b border-line bg-raised"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || range === null) return;
        event.preventDefault();
        setRange(null);
      }}
    >
      <div className="flex w-40 shrink-0 flex-col justify-center px-2 text-2xs leading-[15px] max-sm:w-28">
        {range === null ? (
          <>
            <span className="text-soft">Whole session</span>
            <span className="truncate text-muted">
              {isEmpty
                ? 'no packet yet'
                : `${formatDuration(scale.toNs - scale.fromNs)}, ${formatCount(drawn.drops)} dropped`}
            </span>
          </>
        ) : (
          <>
            <span className="flex items-center gap-1 font-medium" role="status">
              {formatDuration(range.toNs - range.fromNs)}
              <Button look="quiet" className="ml-auto h-4! px-1! text-2xs!" onClick={() => setRange(null)}>
                Show all
              </Button>
            </span>
            <span className="truncate text-muted" title={rangeTitle(range, baseUnixMs)}>
              {formatCount(shown)} packets
            </span>
          </>
        )}
      </div>
      <div
        ref={box}
        data-testid="time-strip"
        className="relative mr-2 min-w-0 flex-1 touch-none overflow-hidden border-l border-line select-none"
        {...brush}
      >
        <svg width={width} height={40} aria-hidden className="absolute inset-0">
          <g transform="translate(0 1)">
            <path d={drawn.packets} className="fill-[var(--strip-bar)]" />
            <path d={drawn.dropped} className="fill-[var(--dropped)]" />
            {losses.map(({ fromNs, toNs, events }) => (
              <rect
                key={fromNs}
                x={xOf(scale, fromNs)}
                width={Math.max(2, xOf(scale, toNs) - xOf(scale, fromNs))}
                height={3}
                className="fill-[var(--lost)]"
              >
                <title>{`${formatCount(events)} events lost`}</title>
              </rect>
            ))}
            <line
              x1={0}
              x2={width}
              y1={BARS_PX + 0.5}
              y2={BARS_PX + 0.5}
              className="stroke-[var(--line-strong)]"
            />
          </g>
          {ticksOf(scale, packets.originNs).map(({ x, label }) => (
            <g key={label} transform={`translate(${x} 28)`}>
              <line y2={4} className="stroke-[var(--line-strong)]" />
              <text x={3} y={9.5} className="fill-[var(--text-muted)] text-[10px]">
                {label}
              </text>
            </g>
          ))}
        </svg>
        {!isEmpty && <RangeShade range={range} scale={scale} binNs={binNs} />}
      </div>
    </section>
  );
}

/** What is outside the range is veiled; its edges are for the keyboard, too. */
function RangeShade({
  range,
  scale,
  binNs,
}: {
  readonly range: TimeRange | null;
  readonly scale: StripScale;
  readonly binNs: number;
}) {
  const within = range ?? scale;
  const clamp = (x: number) => Math.max(0, Math.min(scale.width, x));
  const [from, to] = [clamp(xOf(scale, within.fromNs)), clamp(xOf(scale, within.toNs))];
  return (
    <>
      {range !== null && (
        <>
          <div aria-hidden className="absolute inset-y-0 left-0 bg-raised/75" style={{ width: from }} />
          <div aria-hidden className="absolute inset-y-0 right-0 bg-raised/75" style={{ left: to }} />
          <div
            aria-hidden
            className="absolute inset-y-0 border-x border-focus bg-focus/10"
            style={{ left: from, width: Math.max(1, to - from) }}
          />
        </>
      )}
      <RangeEdge edge="from" x={from} range={within} scale={scale} stepNs={binNs} />
      <RangeEdge edge="to" x={to} range={within} scale={scale} stepNs={binNs} />
    </>
  );
}

const rangeTitle = ({ fromNs, toNs }: TimeRange, baseUnixMs: number): string =>
  `First seen from ${formatTime(asNs(fromNs), baseUnixMs)} to ${formatTime(asNs(toNs), baseUnixMs)}`;

function useWidth(box: React.RefObject<HTMLDivElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return width;
}
