/**
 * One side of a comparison: what a session has, under names instead of its own numbers, so that it can be held against
 * another session's, of another day or host. Times are ns since the capture's base time, durations ns.
 */
import type { LeftOut } from '../analysis/result.ts';
import type { Place } from '../latency/places.ts';

/** Newest packets that paths and times are made of, at most; all others count in verdicts, drops and services. */
export const COMPARED_PACKETS_MAX = 100_000;
/** Causes of drops and services told at most, those with most packets. */
export const CAUSES_MAX = 500;
export const SERVICES_MAX = 500;

export interface SideCause {
  /** The kernel's, `NETFILTER_DROP`. */
  readonly reason: string;
  /** That dropped them, without what the compiler appended. */
  readonly func: string;
  readonly count: number;
}

/** A place on a path; `func` '' for a drop, `reason` '' for a hop. */
export interface NamedStep {
  readonly func: string;
  readonly reason: string;
  readonly netns: string;
  /** '' where it was on none. */
  readonly device: string;
}

export interface SidePath {
  /** Of the Paths view of that session. */
  readonly id: number;
  /** Indices in {@link Side.steps}. */
  readonly steps: readonly number[];
  readonly count: number;
  /** Packets by verdict: index is the number of VERDICT. */
  readonly verdicts: readonly number[];
  readonly p50Ns: number;
  readonly p99Ns: number;
}

/** Time in a part of the stack, or in a wait. */
export interface SideTime {
  readonly place: Place;
  readonly count: number;
  readonly totalNs: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
}

/** What packets were sent to, by whoever began: a protocol's port of an address. */
export interface SideService {
  /** `TCP`, `ICMP`. */
  readonly protocol: string;
  readonly address: string;
  /** 0 where the protocol has none. */
  readonly port: number;
  readonly conversations: number;
  readonly packets: number;
  readonly dropped: number;
}

export interface Side {
  /** All that the session keeps. */
  readonly packets: number;
  readonly fromNs: number;
  readonly toNs: number;
  readonly verdicts: readonly number[];
  /** Those with most packets first. */
  readonly causes: readonly SideCause[];
  /** Packets on these paths. */
  readonly folded: number;
  readonly leftOut: LeftOut;
  readonly steps: readonly NamedStep[];
  readonly paths: readonly SidePath[];
  /** Packets that times are of, and how long these took. */
  readonly timed: number;
  readonly whole: { readonly p50Ns: number; readonly p99Ns: number } | undefined;
  readonly times: readonly SideTime[];
  readonly services: readonly SideService[];
}
