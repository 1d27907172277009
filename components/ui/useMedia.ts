'use client';

import { useCallback, useSyncExternalStore } from 'react';

/** Whether the page is as a media query asks; on the server, and until the page knows, it is. */
export function useMedia(media: string): boolean {
  return useSyncExternalStore(
    useCallback(
      (listener) => {
        const query = matchMedia(media);
        query.addEventListener('change', listener);
        return () => query.removeEventListener('change', listener);
      },
      [media],
    ),
    () => matchMedia(media).matches,
    () => true,
  );
}

/** Room for two panes side by side. */
export const useWide = (): boolean => useMedia('(min-width: 1000px)');
