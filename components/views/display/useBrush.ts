'use client';

import { useRef } from 'react';
import { setRange } from '../../state/display.ts';
import type { TimeRange } from '../../state/packets/visible.ts';
import { brushed, movedBy, nsAt, type StripScale, withEdge, xOf } from './strip.ts';

/** How near the pointer must be to an edge to take it. */
const EDGE_PX = 6;

interface Drag {
  readonly kind: 'new' | 'from' | 'to' | 'move';
  readonly x: number;
  readonly range: TimeRange | null;
  readonly scale: StripScale;
}

interface BrushHandlers {
  onPointerDown(event: React.PointerEvent<HTMLElement>): void;
  onPointerMove(event: React.PointerEvent<HTMLElement>): void;
  onPointerUp(event: React.PointerEvent<HTMLElement>): void;
  onDoubleClick(): void;
}

/** Drag to draw a range, its edges to change it, its inside to move it; a double click shows the whole session. */
export function useBrush(scale: StripScale, range: TimeRange | null, leastNs: number): BrushHandlers {
  const drag = useRef<Drag | null>(null);
  const placeOf = (event: React.PointerEvent<HTMLElement>) =>
    event.clientX - event.currentTarget.getBoundingClientRect().left;
  return {
    onPointerDown(event) {
      if (event.button !== 0 || scale.toNs <= scale.fromNs) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      const x = placeOf(event);
      // the strip may grow while one draws: the drag keeps to what was under the pointer
      drag.current = { kind: kindAt(scale, range, x), x, range, scale };
    },
    onPointerMove(event) {
      const now = drag.current;
      const x = placeOf(event);
      if (now === null) {
        const kind = kindAt(scale, range, x);
        event.currentTarget.style.cursor =
          kind === 'new' ? 'crosshair' : kind === 'move' ? 'grab' : 'col-resize';
        return;
      }
      if (now.kind === 'new' || now.range === null) {
        const drawn = brushed(now.scale, now.x, x);
        if (drawn !== undefined) setRange(drawn);
      } else if (now.kind === 'move')
        setRange(movedBy(now.range, nsAt(now.scale, x) - nsAt(now.scale, now.x), now.scale));
      else setRange(withEdge(now.range, now.kind, nsAt(now.scale, x), leastNs));
    },
    onPointerUp() {
      drag.current = null;
    },
    onDoubleClick() {
      setRange(null);
    },
  };
}

function kindAt(scale: StripScale, range: TimeRange | null, x: number): Drag['kind'] {
  if (range === null) return 'new';
  const [from, to] = [xOf(scale, range.fromNs), xOf(scale, range.toNs)];
  if (Math.abs(x - from) <= EDGE_PX) return 'from';
  if (Math.abs(x - to) <= EDGE_PX) return 'to';
  return x > from && x < to ? 'move' : 'new';
}
