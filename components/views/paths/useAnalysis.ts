'use client';

import { useEffect } from 'react';
import { endComparison } from '../../state/paths/compare.ts';
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
      take: (session, analysis) => {
        if (usePaths.getState().session !== session) endComparison();
        takeAnalysis(session, analysis);
      },
      fail: failAnalysis,
      isOnce: false,
    });
  }, [isPaused]);
}
