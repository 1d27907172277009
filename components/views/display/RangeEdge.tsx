'use client';

import { formatDuration } from '../../../core/model/format.ts';
import { setRange } from '../../state/display.ts';
import { packets } from '../../state/packets/store.ts';
import type { TimeRange } from '../../state/packets/visible.ts';
import { type StripScale, withEdge } from './strip.ts';

interface RangeEdgeProps {
  readonly edge: 'from' | 'to';
  readonly x: number;
  /** The whole session when there is no range yet. */
  readonly range: TimeRange;
  readonly scale: StripScale;
  readonly stepNs: number;
}

/** An edge of the range: arrows move it a bin, with Shift ten; Home and End to the session's ends. */
export function RangeEdge({ edge, x, range, scale, stepNs }: RangeEdgeProps) {
  const ns = edge === 'from' ? range.fromNs : range.toNs;
  const since = (time: number) => Math.round((time - packets.originNs) / 1e3);
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = stepNs * (event.shiftKey ? 10 : 1);
    const to = {
      ArrowLeft: ns - step,
      ArrowDown: ns - step,
      ArrowRight: ns + step,
      ArrowUp: ns + step,
      Home: scale.fromNs,
      End: scale.toNs,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const held = Math.max(scale.fromNs, Math.min(scale.toNs, to));
    setRange(withEdge({ fromNs: range.fromNs, toNs: range.toNs }, edge, held, stepNs));
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={edge === 'from' ? 'Beginning of the time range' : 'End of the time range'}
      aria-valuemin={since(scale.fromNs)}
      aria-valuemax={since(scale.toNs)}
      aria-valuenow={since(ns)}
      aria-valuetext={`${formatDuration(Math.max(0, ns - packets.originNs))} after the first packet`}
      onKeyDown={onKeyDown}
      style={{ left: Math.max(0, Math.min(scale.width - 7, x - 3)) }}
      className="absolute inset-y-0 w-[7px] cursor-col-resize outline-offset-[-2px]"
    />
  );
}
