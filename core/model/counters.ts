/** How much a session has taken in, and what of it is no longer there. */
export interface SessionCounters {
  readonly packets: number;
  readonly hops: number;
  /** Events missing from the records' numbers. */
  readonly missing: number;
  /** Records of unknown kind or wrong size, skipped. */
  readonly malformed: number;
  /** Packets let go, oldest first. */
  readonly evicted: number;
  /** Packets whose path has no number: it is beyond those that are told apart. */
  readonly unnumbered: number;
  readonly bytes: number;
  readonly budgetBytes: number;
}

export const NO_COUNTERS: SessionCounters = {
  packets: 0,
  hops: 0,
  missing: 0,
  malformed: 0,
  evicted: 0,
  unnumbered: 0,
  bytes: 0,
  budgetBytes: 0,
};
