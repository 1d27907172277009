'use client';

import { useEffect, useRef, useState } from 'react';

/** The newest value, at most once in so many milliseconds. */
export function useThrottled(value: number, ms: number): number {
  const [given, setGiven] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    if (ms === 0) return;
    const wait = Math.max(0, last.current + ms - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setGiven(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return ms === 0 ? value : given;
}
