'use client';

import { useEffect, useState } from 'react';

/** How long something that was said stays. */
const SAID_MS = 2000;

/** A short word about what was just done, gone by itself. */
export function useSaid(): readonly [said: string, say: (text: string) => void] {
  const [said, say] = useState('');
  useEffect(() => {
    if (said === '') return;
    const timer = setTimeout(() => say(''), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return [said, say];
}
