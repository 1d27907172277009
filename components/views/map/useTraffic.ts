'use client';

import { useEffect, useState } from 'react';
import { packets } from '../../state/packets/store.ts';
import { useSession } from '../../state/session.ts';
import { countTraffic, NO_TRAFFIC, type Traffic } from './traffic.ts';
import type { Ways } from './ways.ts';

export type Span = 'now' | 'all';

/** What counts as now. */
export const NOW_SECONDS = 5;
/** Between two counts, and how many times as long as a count took: it never takes more than a twentieth of the time. */
const EVERY_MS = 500;
const REST = 20;

/** Counts again while packets come, a few times a second at most; of the last seconds also when none come. */
export function useTraffic(ways: Ways | undefined, span: Span): Traffic {
  const [traffic, setTraffic] = useState(NO_TRAFFIC);
  useEffect(() => {
    if (ways === undefined) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let restUntil = 0;
    const count = () => {
      timer = undefined;
      const begin = performance.now();
      const now = useSession.getState().stats?.nowNs;
      const since = span === 'all' ? undefined : (now ?? 0) - NOW_SECONDS * 1e9;
      setTraffic(countTraffic(packets, ways, since));
      const end = performance.now();
      restUntil = end + Math.max(EVERY_MS, (end - begin) * REST);
    };
    const ask = () => {
      timer ??= setTimeout(count, Math.max(0, restUntil - performance.now()));
    };
    ask();
    const ends = [
      packets.subscribe(ask),
      span === 'now'
        ? useSession.subscribe(({ stats }, before) => stats !== before.stats && ask())
        : () => undefined,
    ];
    return () => {
      clearTimeout(timer);
      for (const end of ends) end();
    };
  }, [ways, span]);
  return traffic;
}
