/** How much is kept of sessions, the oldest of which give way, and how much is made of it as it comes. */
import * as v from 'valibot';
import { positive } from '../../core/base/schema.ts';

export const keepLimitsSchema = v.object({
  /** Of all files together. */
  bytes: positive,
  /** Of a file, since it was written last. */
  ageMs: positive,
  /** Files with frames. */
  files: positive,
  /** Tables of what happened to packets, for SQL: two thirds of the time that keeping takes, and of the room. */
  tables: v.boolean(),
});
export type KeepLimits = v.InferOutput<typeof keepLimitsSchema>;

/** Of records in memory: the newest packets' paths are there at once. */
export const DEFAULT_MEMORY_BYTES = 128 << 20;

export const DEFAULT_LIMITS: KeepLimits = {
  bytes: 2 * 2 ** 30,
  ageMs: 7 * 24 * 3600 * 1000,
  files: 1000,
  tables: true,
};
