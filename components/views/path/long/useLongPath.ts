'use client';

import { useEffect, useRef, useState } from 'react';
import type { Failure } from '../../../../core/base/result.ts';
import { hopColumns } from '../../../../core/wire/hops.ts';
import { requestHops } from '../../../state/socket.ts';
import { type LongPath, laneHops } from './bins.ts';

/** While hops come, they are asked for again after so long, or after so many times what an answer took. */
const EVERY_MS = 2000;
const REST_FACTOR = 10;

/** The hops of a packet that has very many, asked for again when more are known. */
export function useLongPath(
  packet: number,
  session: number,
  stamp: number,
): { readonly path: LongPath | undefined; readonly failure: Failure | undefined } {
  const [state, setState] = useState<{ packet: number; path?: LongPath; failure?: Failure }>({ packet });
  const restUntil = useRef(0);
  const asked = useRef(packet);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the stamp stands for what is known of the packet
  useEffect(() => {
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
        if (result.ok) setState({ packet, path: laneHops(hopColumns(result.value.hops)) });
        else
          setState((before) => ({ ...(before.packet === packet && before), packet, failure: result.error }));
      },
      isOther ? 0 : Math.max(0, restUntil.current - performance.now()),
    );
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [packet, session, stamp]);
  const isOwn = state.packet === packet;
  return { path: isOwn ? state.path : undefined, failure: isOwn ? state.failure : undefined };
}
