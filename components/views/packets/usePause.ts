'use client';

import { useCallback, useState } from 'react';
import { announce } from '../../state/announce.ts';
import { packets } from '../../state/packets/store.ts';

export interface Pause {
  /** Running number of the first packet that stays out; null while the list is live. */
  readonly pausedAt: number | null;
  /** Packets that may be listed: while paused, those that were there then and are still here. */
  readonly shown: number;
  readonly toggle: () => void;
}

/** While the list is paused, packets that come stay out. */
export function usePause(): Pause {
  const [pausedAt, setPausedAt] = useState<number | null>(null);
  const toggle = useCallback(() => {
    announce(pausedAt === null ? 'The list is paused' : 'The list goes on');
    setPausedAt(pausedAt === null ? packets.size + packets.forgotten : null);
  }, [pausedAt]);
  // those that were let go meanwhile move the mark down
  const shown =
    pausedAt === null ? packets.size : Math.max(0, Math.min(packets.size, pausedAt - packets.forgotten));
  return { pausedAt, shown, toggle };
}
