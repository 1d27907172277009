'use client';

import { useCallback, useRef } from 'react';
import { rowPacket } from '../../../core/wire/rows.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { useSession } from '../../state/session.ts';
import { type CellFacts, factsOf } from './columns.tsx';

interface Kept {
  readonly packet: number;
  readonly stamp: number;
  readonly names: number;
  readonly baseUnixMs: number;
  readonly originNs: number;
  readonly facts: CellFacts;
}

/**
 * What the cells of a row are made of: the same object as long as nothing of it has changed, so that a row which is still
 * in view is not drawn again.
 * @param size rows that are remembered, more than are ever drawn at once
 */
export function useFacts(size: number): (index: number) => CellFacts | undefined {
  const book = useNames((state) => state.book);
  const names = useNames((state) => state.version);
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const kept = useRef(new Map<number, Kept>());
  return useCallback(
    (index) => {
      const stamp = packets.stampOf(index);
      if (stamp < 0) return undefined;
      const { originNs } = packets;
      const packet = rowPacket(packets.view, packets.offsetOf(index));
      const place = (packets.forgotten + index) % size;
      const before = kept.current.get(place);
      if (
        before?.packet === packet &&
        before.stamp === stamp &&
        before.names === names &&
        before.baseUnixMs === baseUnixMs &&
        before.originNs === originNs
      )
        return before.facts;
      const row = packets.row(index);
      if (row === undefined) return undefined;
      const facts = factsOf(row, book, baseUnixMs, originNs);
      kept.current.set(place, { packet, stamp, names, baseUnixMs, originNs, facts });
      return facts;
    },
    [size, book, names, baseUnixMs],
  );
}
