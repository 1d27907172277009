import { PACKETS_FOLDED_MAX } from '../../../core/model/analysis/result.ts';
import { rowPacket } from '../../../core/wire/rows.ts';
import { packets } from '../packets/store.ts';
import { visibleRows } from '../packets/visible.ts';

/** Which packets the Paths view folds. */
export interface PathsScope {
  /** The newest of those that display filter and time range let through; null for all that the session keeps. */
  readonly packets: Float64Array<ArrayBuffer> | null;
  /** Of these, how many are older and not asked for. */
  readonly older: number;
}

export function packetsToFold(): PathsScope {
  const rows = visibleRows();
  if (rows === null) return { packets: null, older: 0 };
  const older = Math.max(0, rows.length - PACKETS_FOLDED_MAX);
  const ids = Float64Array.from(rows.subarray(older), (row) =>
    rowPacket(packets.view, packets.offsetOf(row)),
  );
  return { packets: ids, older };
}
