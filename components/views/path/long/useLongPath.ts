'use client';

import { useEffect, useRef, useState } from 'react';
import type { Failure } from '../../../../core/base/result.ts';
import { type LongEnds, readEnds } from '../../../../core/model/long-ends.ts';
import { hopColumns } from '../../../../core/wire/hops.ts';
import { requestHops } from '../../../state/socket.ts';
import { type LongPath, laneHops } from './bins.ts';

/** While hops come, they are asked for again after so long, or after so many times what an answer took. */
const EVERY_MS = 2000;
const REST_FACTOR = 10;

const NOTHING: Known = {};

interface Known {
  readonly path?: LongPath;
  /** What the records of its first and last hops say. */
  readonly ends?: LongEnds;
  readonly failure?: Failure;
}

/**
 * The hops of a packet that has very many, asked for again when more are known.
 * @param isLong nothing is asked for of a packet that has not
 */
export function useLongPath(packet: number, session: number, stamp: number, isLong = true): Known {
  const [state, setState] = useState<Known & { readonly packet: number }>({ packet });
  const restUntil = useRef(0);
  const asked = useRef(packet);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the stamp stands for what is known of the packet
  useEffect(() => {
    if (!isLong) return;
    let isOver = false;
    const isOther = asked.current !== packet;
    asked.current = packet;
    const timer = setTimeout(
      async () => {
        const began = performance.now();
        const result = await requestHops(session, packet);
        if (isOver) return;
        const now = performance.now();
        restUntil.current = now + Math.max(EVERY_MS, REST_FACTOR * (now - began));
        if (result.ok) {
          const hops = hopColumns(result.value.hops);
          setState({ packet, path: laneHops(hops), ends: readEnds(result.value, packet, hops.count) });
        } else
          setState((before) => ({ ...(before.packet === packet && before), packet, failure: result.error }));
      },
      isOther ? 0 : Math.max(0, restUntil.current - performance.now()),
    );
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [packet, session, stamp, isLong]);
  return state.packet === packet ? state : NOTHING;
}
