'use client';

import { useCallback, useEffect, useMemo, useState } from 'react';
import { selectHop, selectPacket, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { isLongPath } from '../path/long/text.ts';
import { usePacketRow, usePath } from '../path/usePath.ts';
import { journeyOf, type Visit, visitOf } from './journey.ts';
import type { MapLayout } from './layout.ts';
import type { Ways } from './ways.ts';

/** Between two steps while it plays: the dot has arrived, and can be looked at. */
const STEP_MS = 900;

export interface Journey {
  readonly visits: readonly Visit[];
  /** The visit of the selected hop, -1 before any. */
  readonly current: number;
  readonly isPlaying: boolean;
  go(visit: number): void;
  step(by: number): void;
  play(): void;
  close(): void;
}

const NONE: readonly Visit[] = [];

/** The selected packet's way over the map, in step with the selected hop. */
export function useJourney(layout: MapLayout | undefined, ways: Ways | undefined): Journey {
  const { packet, hop } = useSelection();
  const session = useSession((state) => state.snapshot?.session ?? 0);
  const { row, stamp } = usePacketRow(packet);
  const isLong = isLongPath(row?.hops);
  const { path } = usePath(packet, session, stamp, !isLong);
  const [isPlaying, setPlaying] = useState(false);
  const visits = useMemo(
    () =>
      packet === 0 || isLong || path === undefined || layout === undefined || ways === undefined
        ? NONE
        : journeyOf(path, layout, ways),
    [packet, isLong, path, layout, ways],
  );
  const current = visitOf(visits, hop);
  const go = useCallback(
    (visit: number) => {
      const wanted = visits[Math.max(0, Math.min(visits.length - 1, visit))];
      if (wanted !== undefined) selectHop(wanted.firstHop);
    },
    [visits],
  );
  const isLast = current >= visits.length - 1;
  useEffect(() => {
    if (!isPlaying) return;
    if (isLast) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => go(current + 1), STEP_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, isLast, current, go]);
  return {
    visits,
    current,
    isPlaying,
    go,
    step: (by) => go(current + by),
    play() {
      if (visits.length === 0) return;
      if (!isPlaying && isLast) go(0);
      setPlaying(!isPlaying);
    },
    close() {
      setPlaying(false);
      selectPacket(0);
    },
  };
}
