'use client';

import { useEffect } from 'react';
import { packets } from '../../state/packets/store.ts';
import { visible, visibleVersion } from '../../state/packets/visible.ts';
import { endComparison } from '../../state/paths/compare.ts';
import { packetsToFold } from '../../state/paths/scope.ts';
import { failAnalysis, takeAnalysis, usePaths } from '../../state/paths/store.ts';
import { requestAnalysis } from '../../state/socket.ts';

/** While packets arrive, paths are asked for again after this long, or after so many times what the answer took. */
const EVERY_MS = 700;
const REST_FACTOR = 4;
const FAILED_MS = 2000;

/** Keeps the paths up to date while the view is on screen and not paused. */
export function useAnalysis(): void {
  const isPaused = usePaths((state) => state.isPaused);
  useEffect(() => {
    if (isPaused) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let folded = -1;
    const turn = async () => {
      const { session } = packets;
      const version = visibleVersion();
      let wait = EVERY_MS;
      const isOther = usePaths.getState().session !== session;
      if (session > 0 && (version !== folded || isOther)) {
        const began = performance.now();
        const scope = packetsToFold();
        const result = await requestAnalysis(session, scope.packets);
        if (isOver) return;
        if (result.ok) {
          if (isOther) endComparison();
          const { leftOut } = result.value;
          takeAnalysis(session, {
            ...result.value,
            leftOut: { ...leftOut, older: leftOut.older + scope.older },
          });
          folded = version;
        } else if (result.error.code !== 'SESSION_OVER') failAnalysis(result.error);
        wait = result.ok ? Math.max(EVERY_MS, REST_FACTOR * (performance.now() - began)) : FAILED_MS;
      }
      timer = setTimeout(turn, wait);
    };
    const off = visible.subscribe(() => undefined); // which keeps its version up to date
    turn();
    return () => {
      isOver = true;
      off();
      clearTimeout(timer);
    };
  }, [isPaused]);
}
