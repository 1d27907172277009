/**
 * Packets folded into distinct paths, as the server answers it: whole numbers only, and what several paths share said
 * once. Times are ns since the capture's base time, durations ns.
 */

/** Newest packets that are folded at most. */
export const PACKETS_FOLDED_MAX = 20_000;
/** Distinct paths kept at most, and newest packets told of each. */
export const PATHS_MAX = 2000;
export const SAMPLES_MAX = 8;

/** A place that a packet was at: `func` in `netns` on `ifindex`, or with `reason` (else -1) dropped there. */
export interface Step {
  readonly func: number;
  readonly reason: number;
  readonly netns: number;
  readonly ifindex: number;
  /** Index in `nodes`: the function that it is; of a drop, the one before it. */
  readonly node: number;
}

/** Packets and how long they took; half of them took no longer than `p50Ns`. */
export interface Counted {
  readonly count: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
}

/** Packets that went the same way: the same steps in the same order, whenever, for whom and on whatever CPU. */
export interface DistinctPath extends Counted {
  /** Made of the steps alone: the same path has it in every answer. */
  readonly id: number;
  /** By which the session's rows name it; 0 when too many were met before it. */
  readonly number: number;
  /** Indices in `steps`. */
  readonly steps: readonly number[];
  /** Packets by verdict: index is the number of {@link VERDICT}. */
  readonly verdicts: readonly number[];
  /** First hop of its earliest packet, and of its latest. */
  readonly firstNs: number;
  readonly lastNs: number;
  /** Newest packets, newest first. */
  readonly samples: readonly number[];
}

/** A function in a namespace. `func` 0: what was before the first hop that we saw, when that was a drop. */
export interface GraphNode {
  readonly func: number;
  readonly netns: number;
  /** Times that packets were here; began here; ended here other than by a drop. */
  readonly count: number;
  readonly starts: number;
  readonly ends: number;
  /** At how many functions a packet is before it is here for the first time, on average. */
  readonly place: number;
}

export interface GraphEdge extends Counted {
  readonly from: number;
  readonly to: number;
}

export interface DropExit extends Counted {
  /** The last function before the drop. */
  readonly from: number;
  readonly reason: number;
}

/** Packets that are in no path of this answer. */
export interface LeftOut {
  /** Asked for or kept, but older than the newest {@link PACKETS_FOLDED_MAX}. */
  readonly older: number;
  /** Their first hops are no longer in memory: what is left is no whole path. */
  readonly truncated: number;
  /** No hop was recorded, or they are no longer in memory. */
  readonly withoutHops: number;
  /** On paths beyond the {@link PATHS_MAX} first met, or with more steps, nodes or edges than are kept. */
  readonly beyond: number;
}

export interface PathsAnalysis {
  /** Packets folded. */
  readonly packets: number;
  readonly leftOut: LeftOut;
  readonly steps: readonly Step[];
  readonly paths: readonly DistinctPath[];
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly exits: readonly DropExit[];
}
