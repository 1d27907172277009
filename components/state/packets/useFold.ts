'use client';

import { useEffect, useState } from 'react';
import { type RowFold, RowScan } from '../../../core/model/aggregate/scan.ts';
import { packets } from './store.ts';
import { visible, visibleRows } from './visible.ts';

/** Rows folded before the page may do something else: a millisecond or two. */
const SLICE = 4096;
/** A result is made anew at most this often, and never for more than a tenth of the time. */
const EVERY_MS = 400;
const SHARE = 10;

/**
 * What the page's rows come to, made anew as they change, in slices that let the page breathe. Undefined until it is
 * made for the first time.
 * @param make a fold for one pass; another function means another result
 */
export function useFold<T>(make: () => RowFold<T>): T | undefined {
  const [made, setMade] = useState<{ readonly by: () => RowFold<T>; readonly value: T }>();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isRunning = false;
    let isStale = false;
    let costMs = 0;
    const run = () => {
      const { era } = packets;
      const scan = new RowScan(packets, visibleRows(), make());
      isRunning = true;
      isStale = false;
      costMs = 0;
      const slice = () => {
        // what was read of rows is of others now
        if (packets.era !== era) return run();
        const began = performance.now();
        const value = scan.step(SLICE);
        costMs += performance.now() - began;
        timer = undefined;
        if (value === undefined) {
          timer = setTimeout(slice);
          return;
        }
        isRunning = false;
        setMade({ by: make, value });
        if (isStale) later();
      };
      slice();
    };
    const later = () => {
      timer = setTimeout(run, Math.max(EVERY_MS, SHARE * costMs));
    };
    // the rows that are shown change with the store, and with what is asked to be shown
    const off = visible.subscribe(() => {
      isStale = true;
      if (!isRunning && timer === undefined) later();
    });
    run();
    return () => {
      off();
      clearTimeout(timer);
    };
  }, [make]);
  return made?.by === make ? made.value : undefined;
}
