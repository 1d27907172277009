'use client';

import { useEffect, useState } from 'react';
import { Pace } from '../../state/pace.ts';
import { packets } from '../../state/packets/store.ts';
import { type TimeRange, visible } from '../../state/packets/visible.ts';
import { useSession } from '../../state/session.ts';
import type { Sights } from './sights.ts';
import { countTraffic, NO_TRAFFIC, type Traffic } from './traffic.ts';

export type Span = 'now' | 'all';

/** What counts as now. */
export const NOW_SECONDS = 5;
/** Counting takes no more than a twentieth of the time, however long that leaves between two counts. */
const EVERY_MS = 500;
const EVERY_MOST_MS = Number.POSITIVE_INFINITY;
const SHARE = 1 / 20;

/**
 * Counts what display filter and time range let through, again while packets come, a few times a second at most; of the
 * last seconds also when none come.
 */
export function useTraffic(sights: Sights, span: Span): Traffic {
  const [traffic, setTraffic] = useState(NO_TRAFFIC);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pace = new Pace(EVERY_MS, EVERY_MOST_MS, SHARE);
    const count = () => {
      timer = undefined;
      pace.begin(performance.now());
      const recent = span === 'all' ? undefined : lastSeconds(useSession.getState().stats?.nowNs ?? 0);
      setTraffic(countTraffic(packets, visible.rows(), sights, recent));
      pace.end(performance.now());
    };
    const ask = () => {
      timer ??= setTimeout(count, Math.max(0, pace.waitMs(performance.now())));
    };
    ask();
    const ends = [
      visible.subscribe(ask),
      span === 'now'
        ? useSession.subscribe(({ stats }, before) => stats !== before.stats && ask())
        : () => undefined,
    ];
    return () => {
      clearTimeout(timer);
      for (const end of ends) end();
    };
  }, [sights, span]);
  return traffic;
}

/** The records' time begins at 0. */
const lastSeconds = (nowNs: number): TimeRange => ({
  fromNs: Math.max(0, nowNs - NOW_SECONDS * 1e9),
  toNs: nowNs,
});
