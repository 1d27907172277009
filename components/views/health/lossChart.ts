/** Losses over time as stacked bars: maths only. */
import { scaleLinear, scaleTime, stack } from 'd3';
import { LOSS_BINS, type LossSeries, type LossTimeline } from '../../../core/model/losses/history.ts';

export interface LossBar {
  /** Index of the series. */
  readonly series: number;
  readonly bin: number;
  readonly count: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface LossStack {
  readonly bars: readonly LossBar[];
  readonly counts: readonly { readonly y: number; readonly count: number }[];
  readonly times: readonly { readonly x: number; readonly atUnixMs: number }[];
  /** Most that was lost in one part. */
  readonly most: number;
}

/** Bars from below, in the order of the series; each is at least a pixel high. The axis ends with the present part. */
export function stackLosses(
  { fromUnixMs, toUnixMs, binMs }: Pick<LossTimeline, 'fromUnixMs' | 'toUnixMs' | 'binMs'>,
  series: readonly LossSeries[],
  width: number,
  height: number,
): LossStack {
  const used = Math.min(LOSS_BINS, Math.floor((toUnixMs - fromUnixMs) / binMs) + 1);
  const parts = Array.from({ length: used }, (_, bin) => bin);
  const layers = stack<number, number>()
    .keys(series.map((_, i) => i))
    .value((bin, i) => series[i]?.bins[bin] ?? 0)(parts);
  const most = Math.max(1, ...layers.flatMap((layer) => layer.map(([, top]) => top)));
  const y = scaleLinear([0, most], [height, 0]).nice(3);
  const x = scaleTime([fromUnixMs, fromUnixMs + used * binMs], [0, width]);
  const step = width / used;
  const bars = layers.flatMap((layer, i) =>
    layer.flatMap(([below, top], bin): readonly LossBar[] =>
      top === below
        ? []
        : [
            {
              series: i,
              bin,
              count: top - below,
              x: bin * step + (step > 3 ? 0.5 : 0),
              y: y(top),
              width: Math.max(1, step > 3 ? step - 1 : step),
              height: Math.max(1, y(below) - y(top)),
            },
          ],
    ),
  );
  return {
    bars,
    most,
    counts: y
      .ticks(3)
      .filter((count) => Number.isInteger(count) && count > 0)
      .map((count) => ({ y: y(count), count })),
    times: timeTicks(x.ticks(Math.max(2, Math.floor(width / 110))), (at) => x(at), width),
  };
}

/** Room of a label such as `14:03:07`, and what is free beside it. */
const LABEL = 56;

/** Whole seconds whose labels fit beside one another and into the width. */
function timeTicks(
  ticks: readonly Date[],
  x: (at: Date) => number,
  width: number,
): readonly { readonly x: number; readonly atUnixMs: number }[] {
  const kept: { x: number; atUnixMs: number }[] = [];
  for (const tick of ticks) {
    const at = x(tick);
    const isFree = at - (kept.at(-1)?.x ?? -LABEL) >= LABEL;
    if (tick.getMilliseconds() === 0 && isFree && at >= LABEL / 2 && at <= width - LABEL / 2)
      kept.push({ x: at, atUnixMs: tick.getTime() });
  }
  return kept;
}
