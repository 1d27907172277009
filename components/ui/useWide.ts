'use client';

import { useSyncExternalStore } from 'react';

const WIDE = '(min-width: 1000px)';

/** Room for two panes side by side. */
export function useWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(WIDE);
      query.addEventListener('change', listener);
      return () => query.removeEventListener('change', listener);
    },
    () => matchMedia(WIDE).matches,
    () => true,
  );
}
