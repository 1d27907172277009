/**
 * Hops of a long path as the browser gets them: columns one behind the other in one buffer, so that a million are no
 * objects. Made and read by our own two ends in one version; not a format to keep.
 */

/** Longer paths are sent as columns, shorter ones as records with all that they say. */
export const LONG_PATH_HOPS = 5000;

export const HOP_KIND = { hop: 0, drop: 1 } as const;

/** A hop in all columns: time, function (a drop's: its reason), namespace, interface, CPU, kind. */
export const HOP_BYTES = 8 + 4 + 4 + 4 + 2 + 1;

export interface HopColumns {
  readonly count: number;
  readonly timeNs: Float64Array;
  /** Function id, or the reason of a drop. */
  readonly func: Uint32Array;
  readonly netns: Uint32Array;
  readonly ifindex: Uint32Array;
  readonly cpu: Uint16Array;
  readonly kind: Uint8Array;
}

/** Columns on a buffer that has room for so many hops, as {@link hopBuffer} makes it. */
export function hopColumns(buffer: ArrayBuffer): HopColumns {
  const count = Math.floor(buffer.byteLength / HOP_BYTES);
  return {
    count,
    timeNs: new Float64Array(buffer, 0, count),
    func: new Uint32Array(buffer, count * 8, count),
    netns: new Uint32Array(buffer, count * 12, count),
    ifindex: new Uint32Array(buffer, count * 16, count),
    cpu: new Uint16Array(buffer, count * 20, count),
    kind: new Uint8Array(buffer, count * 22, count),
  };
}

export const hopBuffer = (count: number): ArrayBuffer => new ArrayBuffer(count * HOP_BYTES);
