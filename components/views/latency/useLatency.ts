'use client';

import { useEffect } from 'react';
import { type LatencySeries, seriesKey } from '../../../core/model/latency/result.ts';
import { failLatency, takeLatency, useLatencyStore } from '../../state/latency.ts';
import { packets } from '../../state/packets/store.ts';
import { visible, visibleVersion } from '../../state/packets/visible.ts';
import { packetsToFold } from '../../state/paths/scope.ts';
import { requestLatency } from '../../state/socket.ts';

/** While packets arrive, times are asked for again after this long, or after so many times what the answer took. */
const EVERY_MS = 700;
const REST_FACTOR = 4;
const FAILED_MS = 2000;

/** Keeps the times up to date while the view is on screen and not paused; another series is asked for at once. */
export function useLatency(series: LatencySeries): void {
  const isPaused = useLatencyStore((state) => state.isPaused);
  const key = seriesKey(series);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the series
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let folded = -1;
    const turn = async () => {
      const { session } = packets;
      const version = visibleVersion();
      let wait = EVERY_MS;
      const isOther = useLatencyStore.getState().session !== session;
      if (session > 0 && (version !== folded || isOther)) {
        const began = performance.now();
        const scope = packetsToFold();
        const result = await requestLatency(session, scope.packets, series);
        if (isOver) return;
        if (result.ok) {
          const { leftOut } = result.value;
          takeLatency(session, {
            ...result.value,
            leftOut: { ...leftOut, older: leftOut.older + scope.older },
          });
          folded = version;
          // what was on screen when the person paused stays, but for another series that they ask for
          if (isPaused) return;
        } else if (result.error.code !== 'SESSION_OVER') failLatency(result.error);
        wait = result.ok ? Math.max(EVERY_MS, REST_FACTOR * (performance.now() - began)) : FAILED_MS;
      }
      timer = setTimeout(turn, wait);
    };
    const off = visible.subscribe(() => undefined); // which keeps its version up to date
    const shown = useLatencyStore.getState().analysis?.heat?.series;
    if (!isPaused || shown === undefined || seriesKey(shown) !== key) turn();
    return () => {
      isOver = true;
      off();
      clearTimeout(timer);
    };
  }, [isPaused, key]);
}
