/** What the session's thread is told and asked, and what it answers. */
import type { Ns } from '../../core/base/units.ts';
import type { NameTables } from '../../core/messages/browser.ts';
import type { TriggerChoice } from '../../core/messages/freezing.ts';
import type { PathsAnalysis } from '../../core/model/analysis/result.ts';
import type { Side } from '../../core/model/compare/side.ts';
import type { OwnerName } from '../../core/model/connection-log.ts';
import type { SessionCounters } from '../../core/model/counters.ts';
import type { LatencyAnalysis, LatencySeries } from '../../core/model/latency/result.ts';
import type { PackedEnds } from '../../core/model/long-path.ts';
import type { Totals } from '../../core/model/tally.ts';
import type { Trigger } from '../../core/model/triggers.ts';
import type { KeptFiles } from '../store/kept.ts';
import type { KeptRecords } from '../store/records.ts';

export interface WorkerSettings {
  /** The records are a recording's: no time goes by. */
  readonly isRecorded: boolean;
  /** Of raw records that are kept; the oldest give way. */
  readonly memoryBytes: number;
  /** A recording that has an index: rows and paths are read from there. */
  readonly kept: KeptFiles | undefined;
}

export type ToWorker =
  /** The buffer moves: it is the worker's from then on. */
  | { readonly type: 'batch'; readonly records: Uint8Array<ArrayBuffer> }
  | { readonly type: 'names'; readonly tables: NameTables }
  | { readonly type: 'restart' }
  | { readonly type: 'rows'; readonly id: number; readonly version: number; readonly max: number }
  | { readonly type: 'path'; readonly id: number; readonly packet: number }
  | { readonly type: 'hops'; readonly id: number; readonly packet: number }
  | { readonly type: 'analysis'; readonly id: number; readonly packets: Float64Array<ArrayBuffer> | null }
  | {
      readonly type: 'latency';
      readonly id: number;
      readonly packets: Float64Array<ArrayBuffer> | null;
      readonly series: LatencySeries;
    }
  | { readonly type: 'side'; readonly id: number }
  | { readonly type: 'connections'; readonly id: number; readonly since: number }
  | { readonly type: 'hits'; readonly id: number }
  | { readonly type: 'totals'; readonly id: number }
  | { readonly type: 'saved'; readonly id: number; readonly from: number; readonly sinceNs: number }
  /** What is waited for from now on; null for nothing. Paths of the first `learnNs` are known ones. */
  | { readonly type: 'watch'; readonly triggers: TriggerChoice | null; readonly learnNs: number }
  | { readonly type: 'pulse'; readonly id: number }
  /** What the disk has of packets that the thread wanted. */
  | { readonly type: 'found'; readonly id: number; readonly records: KeptRecords }
  | { readonly type: 'close'; readonly id: number };

export interface RowsAnswer {
  readonly session: number;
  readonly rows: ArrayBuffer;
  readonly version: number;
  readonly more: boolean;
}

export interface PathAnswer {
  readonly session: number;
  /** Undefined: the packet is not, or no longer, in memory. */
  readonly records: ArrayBuffer | undefined;
  /** Its first records are no longer in memory. */
  readonly isTruncated: boolean;
  /** Its hops are too many for that: they are given as columns only. */
  readonly isLong: boolean;
}

export interface HopsAnswer {
  readonly session: number;
  /** Columns of core/wire/hops.ts; undefined: the packet is not, or no longer, in memory. */
  readonly hops: ArrayBuffer | undefined;
  readonly ends: PackedEnds | undefined;
}

/** What packets were folded into. */
export interface Folded<T> {
  readonly session: number;
  /** Undefined: too many are asked for already. */
  readonly analysis: T | undefined;
}
export type AnalysisAnswer = Folded<PathsAnalysis>;
export type LatencyAnswer = Folded<LatencyAnalysis>;
export type SideFolded = Folded<Side>;

export interface ConnectionsAnswer {
  readonly session: number;
  /** SOCKET records, oldest first. */
  readonly records: ArrayBuffer;
  readonly version: number;
  readonly forgotten: number;
  readonly owners: readonly OwnerName[];
}

export interface PulseAnswer {
  readonly session: number;
  readonly counters: SessionCounters;
  /** Version of the newest row. */
  readonly version: number;
  /** The present in the records' time; undefined before the first. */
  readonly nowNs: Ns | undefined;
}

export interface HitsAnswer {
  readonly session: number;
  /** Float64Array: hops of the session by function id. */
  readonly hops: ArrayBuffer;
}

/** A part of what the session keeps: first all names, from -1 on, then batch after batch. */
export interface SavedAnswer {
  readonly session: number;
  /** Whole records; undefined: there are no more. */
  readonly records: ArrayBuffer | undefined;
  /** Where to go on. */
  readonly next: number;
}

export interface TotalsAnswer {
  readonly totals: Totals;
}

/** Nothing is left of what a thread must not be ended in. */
export interface ClosedAnswer {
  readonly isClosed: true;
}

export type Answer =
  | RowsAnswer
  | PathAnswer
  | HopsAnswer
  | AnalysisAnswer
  | LatencyAnswer
  | SideFolded
  | ConnectionsAnswer
  | HitsAnswer
  | TotalsAnswer
  | SavedAnswer
  | PulseAnswer
  | ClosedAnswer;

export type FromWorker =
  | { readonly type: 'taken' }
  /** Symbols and stacks that the records named since the last time. */
  | { readonly type: 'names'; readonly tables: NameTables }
  /** What was waited for. */
  | { readonly type: 'happened'; readonly trigger: Trigger; readonly session: number }
  /** Packets that memory has not, to be read from the disk. */
  | { readonly type: 'wanted'; readonly id: number; readonly packets: Float64Array }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer };
