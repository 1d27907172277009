'use client';

import { useEffect } from 'react';
import { keepFolded } from '../../state/paths/folding.ts';
import { failAnalysis, takeAnalysis, usePaths } from '../../state/paths/store.ts';
import { requestAnalysis } from '../../state/socket.ts';

/** Keeps the paths up to date while the view is on screen and not paused. */
export function useAnalysis(): void {
  const isPaused = usePaths((state) => state.isPaused);
  useEffect(() => {
    if (isPaused) return;
    return keepFolded({
      session: () => usePaths.getState().session,
      ask: requestAnalysis,
      take: takeAnalysis,
      fail: failAnalysis,
      isOnce: false,
    });
  }, [isPaused]);
}
