'use client';

import { useMemo } from 'react';
import type { Failure } from '../../../../core/base/result.ts';
import { joinEnds } from '../../../../core/model/long-ends.ts';
import type { PacketRow } from '../../../../core/model/packet.ts';
import { isLongPath } from '../../path/long/text.ts';
import { useLongPath } from '../../path/long/useLongPath.ts';
import { usePath } from '../../path/usePath.ts';
import type { Way } from './align.ts';

/** What of a packet's path is compared: all of it, or the ends of one that has very many hops. */
export function useWay(
  packet: number,
  session: number,
  { row, stamp }: { readonly row: PacketRow | undefined; readonly stamp: number },
): { readonly way: Way | undefined; readonly failure: Failure | undefined } {
  const isLong = isLongPath(row?.hops);
  const { path, failure } = usePath(packet, session, stamp, !isLong);
  const long = useLongPath(packet, session, stamp, isLong);
  const way = useMemo((): Way | undefined => {
    if (!isLong) return path && { path };
    if (long.ends === undefined) return undefined;
    const { head, between } = long.ends;
    const left = between === 0 ? undefined : { hops: between, before: head.hops.length };
    return { path: joinEnds(long.ends), between: left };
  }, [isLong, path, long.ends]);
  return { way, failure: isLong ? long.failure : failure };
}
