/** What the session's thread is told and asked, and what it answers. */
import type { Ns } from '../../core/base/units.ts';
import type { NameTables } from '../../core/messages/browser.ts';
import type { PathsAnalysis } from '../../core/model/analysis/result.ts';
import type { OwnerName } from '../../core/model/connection-log.ts';
import type { SessionCounters } from '../../core/model/counters.ts';
import type { LatencyAnalysis, LatencySeries } from '../../core/model/latency/result.ts';
import type { PackedEnds } from '../../core/model/long-path.ts';

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
  | { readonly type: 'connections'; readonly id: number; readonly since: number }
  | { readonly type: 'hits'; readonly id: number }
  | { readonly type: 'pulse'; readonly id: number };

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

export type Answer =
  | RowsAnswer
  | PathAnswer
  | HopsAnswer
  | AnalysisAnswer
  | LatencyAnswer
  | ConnectionsAnswer
  | HitsAnswer
  | PulseAnswer;

export type FromWorker =
  | { readonly type: 'taken' }
  /** Symbols and stacks that the records named since the last time. */
  | { readonly type: 'names'; readonly tables: NameTables }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer };
