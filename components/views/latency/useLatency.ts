'use client';

import { useEffect } from 'react';
import { type LatencySeries, seriesKey } from '../../../core/model/latency/result.ts';
import { failLatency, takeLatency, useLatencyStore } from '../../state/latency.ts';
import { keepFolded } from '../../state/paths/folding.ts';
import { requestLatency } from '../../state/socket.ts';

/** Keeps the times up to date while the view is on screen and not paused; another series is asked for at once. */
export function useLatency(series: LatencySeries): void {
  const isPaused = useLatencyStore((state) => state.isPaused);
  const key = seriesKey(series);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the series
  useEffect(() => {
    const shown = useLatencyStore.getState().analysis?.heat?.series;
    // what was on screen when the person paused stays, but for another series that they ask for
    if (isPaused && shown !== undefined && seriesKey(shown) === key) return;
    return keepFolded({
      session: () => useLatencyStore.getState().session,
      ask: (session, packets) => requestLatency(session, packets, series),
      take: takeLatency,
      fail: failLatency,
      isOnce: isPaused,
    });
  }, [isPaused, key]);
}
