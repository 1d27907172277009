/**
 * What the server and a browser say to each other over socket.io. Every request is validated on the server
 * and answered through its acknowledgement with a Result.
 */
import * as v from 'valibot';
import type { Result } from '../base/result.ts';
import { natural, positive, whole } from '../base/schema.ts';
import type { Ns } from '../base/units.ts';
import { PACKETS_FOLDED_MAX, type PathsAnalysis } from '../model/analysis/result.ts';
import type { Side } from '../model/compare/side.ts';
import type { OwnerName } from '../model/connection-log.ts';
import type { SessionCounters } from '../model/counters.ts';
import type { StackTrace } from '../model/hop.ts';
import { PLACES } from '../model/latency/places.ts';
import type { LatencyAnalysis, LatencySeries } from '../model/latency/result.ts';
import type { PackedEnds } from '../model/long-path.ts';
import type { LossTimeline } from '../model/losses/history.ts';
import type { PathsTold } from '../model/path-table.ts';
import type { SelfTest } from './doctor.ts';
import type { ListedExport } from './exports.ts';
import { type Fact, type FactQuery, factQueriesSchema } from './facts.ts';
import type { FreezeNow, FreezeOrder, Freezing } from './freezing.ts';
import type { Keeping } from './keeping.ts';
import type { NoteRequest, RecordingList } from './recordings.ts';
import type {
  CaptureSpec, CaptureState, CgroupInfo, Cost, FunctionInfo, NetnsInfo, PlannedProgram, Price, ProbePlan, SourceHello, TracerStats,
} from './source.ts'; // biome-ignore format: short
import type { Topology } from './topology.ts';

/** A recording is told as connected under the kind of what was recorded. */
export type SourceKind = 'host' | 'lab' | 'recording';

export type SourceState =
  | { readonly phase: 'connecting'; readonly kind: SourceKind; readonly note: string }
  | { readonly phase: 'connected'; readonly hello: SourceHello }
  /** The agent is gone; `note` says what is being done about it. */
  | { readonly phase: 'gone'; readonly kind: SourceKind; readonly note: string };

export interface Snapshot {
  readonly source: SourceState;
  readonly capture: CaptureState;
  /** Changes when the list of packets starts anew; rows and paths belong to one session. */
  readonly session: number;
  /** Why the lab was opened instead of tracing this host, '' when it was not. */
  readonly labReason: string;
}

export interface SymbolInfo {
  readonly address: string;
  readonly name: string;
  readonly module: string;
  readonly offset: number;
}

/** Stacks that are told of a session at most; beyond that a stack id has no frames. */
export const STACKS_TOLD_MAX = 1 << 14;

/** Any subset of the tables; each that is present replaces the one before, `symbols`, `stacks` and `paths` add. */
export interface NameTables {
  readonly functions?: readonly FunctionInfo[];
  readonly namespaces?: readonly NetnsInfo[];
  readonly reasons?: readonly { readonly value: number; readonly name: string }[];
  readonly symbols?: readonly SymbolInfo[];
  /** Of the capture that runs: the next one gives ids anew, each before its first use. */
  readonly stacks?: readonly StackTrace[];
  /** Each before the first row that is on it. */
  readonly paths?: PathsTold;
  readonly cgroups?: readonly CgroupInfo[];
  /** Missing as long as the source has told none: it is older, or has not looked yet. */
  readonly topology?: Topology;
}

/** Sent twice a second. */
export interface LiveStats {
  readonly tracer: TracerStats;
  readonly eventsPerSecond: number;
  readonly packetsPerSecond: number;
  readonly session: SessionCounters;
  /** The present in the records' time; undefined before the first record. */
  readonly nowNs: Ns | undefined;
  /** What is kept of this session on the disk. */
  readonly keeping: Keeping;
  /** What is waited for, and what was kept because of that. */
  readonly freezing: Freezing;
  /** Row updates not sent to this browser because it did not keep up (newer states of the same row follow). */
  readonly shedRows: number;
}

export interface RowsInfo {
  readonly session: number;
  /** True when the batch replaces all rows that the browser has. */
  readonly reset: boolean;
}

export interface ServerToBrowser {
  snapshot(snapshot: Snapshot): void;
  names(tables: NameTables): void;
  /** Packed rows (core/wire/rows.ts), new and changed ones alike. Costs one credit. */
  rows(batch: ArrayBuffer, info: RowsInfo): void;
  stats(stats: LiveStats): void;
}

export const pathRequestSchema = v.object({
  session: natural,
  packet: positive,
});
export type PathRequest = v.InferOutput<typeof pathRequestSchema>;

/** All records of one packet; they came from the disk where memory has not, or not all. */
export interface PathRecords {
  readonly records: ArrayBuffer;
  readonly isFromDisk: boolean;
}

export const connectionsRequestSchema = v.object({
  session: natural,
  /** Version that the browser has; 0: nothing yet. */
  since: natural,
});
export type ConnectionsRequest = v.InferOutput<typeof connectionsRequestSchema>;

/** A packet that has very many hops: all of them as columns of core/wire/hops.ts, and records of the ends. */
export interface LongHops extends PackedEnds {
  readonly hops: ArrayBuffer;
}

export interface Connections {
  /** SOCKET records of bpf/wire.h after `since`, oldest first; none where the capture does not ask for them. */
  readonly records: ArrayBuffer;
  readonly version: number;
  /** Events of this session that the server has let go. */
  readonly forgotten: number;
  /** Processes that sent packets from the source's host. */
  readonly owners: readonly OwnerName[];
}

/** `packet`: whom it is to explain. */
export const factsRequestSchema = v.object({ queries: factQueriesSchema, packet: v.optional(positive) });
export interface FactsRequest {
  readonly queries: readonly FactQuery[];
  readonly packet?: number;
}

/** Packet ids as a Float64Array's bytes, in the order of first sight. */
const packetIdsSchema = v.pipe(
  v.custom<Uint8Array | ArrayBuffer>(
    (value) =>
      (value instanceof Uint8Array || value instanceof ArrayBuffer) &&
      value.byteLength % 8 === 0 &&
      value.byteLength <= 8 * PACKETS_FOLDED_MAX,
    `expected up to ${PACKETS_FOLDED_MAX} packet ids of 8 bytes`,
  ),
  v.transform((bytes) => new Float64Array(new Uint8Array(bytes).buffer)),
  v.check(
    (ids) => ids.every((id) => Number.isSafeInteger(id) && id > 0),
    'expected ids that are whole numbers',
  ),
);

export const analysisRequestSchema = v.object({
  session: natural,
  packets: v.nullable(packetIdsSchema),
});
export interface AnalysisRequest {
  readonly session: number;
  /** Float64Array of up to {@link PACKETS_FOLDED_MAX} ids, in the order of first sight; null for all packets. */
  readonly packets: ArrayBuffer | null;
}

/** What one needs to know of a session to hold it against another one. */
export interface SideAbout {
  /** '' as long as the source has not said who it is. */
  readonly hostname: string;
  readonly kernel: string;
  /** Wall clock (ms since 1970) at the records' time 0. */
  readonly baseUnixMs: number;
  /** Of the capture: its pcap expression, '' for everything. */
  readonly expression: string;
  /** Names of the functions that it had probed; undefined where that was not told. */
  readonly probed: readonly string[] | undefined;
  /** Events that we failed to record. */
  readonly lost: number;
  /** What is wrong with the recording, or missing at its end; '' when nothing is. */
  readonly note: string;
}

/** How far a recording is read that is held against another one; then what is in it. */
export type SideAnswer =
  | { readonly phase: 'reading'; readonly share: number | undefined }
  | { readonly phase: 'ready'; readonly about: SideAbout; readonly side: Side };

/** No kernel has as many functions; a key of two ids is exact below. */
const FUNCTION_ID_MAX = 1 << 20;

const seriesSchema = v.variant('kind', [
  v.object({ kind: v.literal('whole') }),
  v.object({ kind: v.literal('place'), place: v.picklist(PLACES) }),
  v.object({
    kind: v.literal('edge'),
    from: whole(0, FUNCTION_ID_MAX),
    to: whole(0, FUNCTION_ID_MAX),
    /** Below the bit that marks a drop among steps. */
    reason: whole(-1, 0x7fff_ffff),
  }),
]);

export const latencyRequestSchema = v.object({ ...analysisRequestSchema.entries, series: seriesSchema });
export interface LatencyRequest extends AnalysisRequest {
  /** What the heat map is to be made of. */
  readonly series: LatencySeries;
}

/** An expression as programs: for packets from the link layer on, and from the IP header on; 0: there is none. */
export interface Compiled {
  readonly instructions: { readonly l2: number; readonly l3: number };
}

/** How the capture is doing, beside what {@link LiveStats} has. */
export interface Health {
  readonly session: number;
  /** Float64Array: hops recorded of this session, by function id. */
  readonly hops: ArrayBuffer;
  /** Wall clock (ms since 1970) when they were counted. */
  readonly atUnixMs: number;
  readonly losses: LossTimeline;
  /** Batches that wait for the session's thread; at the limit the source is made to wait. */
  readonly backlog: { readonly waiting: number; readonly limit: number };
  /** Wall clock (ms since 1970) when the source came, or went. */
  readonly sourceSinceUnixMs: number;
}

export const creditSchema = whole(1, 64);

/** Row batches that may be on their way to a browser at once. */
export const ROW_CREDITS = 8;

export interface BrowserToServer {
  /** Puts these settings in force on the running capture, or starts one. A new session begins. */
  apply(spec: CaptureSpec, ack: (result: Result<{ readonly session: number }>) => void): void;
  stop(ack: (result: Result<null>) => void): void;
  compile(request: { readonly expression: string }, ack: (result: Result<Compiled>) => void): void;
  /** All records of one packet, oldest first, as raw records of bpf/wire.h. */
  path(request: PathRequest, ack: (result: Result<PathRecords>) => void): void;
  /** The hops of a packet that has very many. */
  hops(request: PathRequest, ack: (result: Result<LongHops>) => void): void;
  /** Packets folded into distinct paths. */
  analysis(request: AnalysisRequest, ack: (result: Result<PathsAnalysis>) => void): void;
  /** How long packets took, by place and by function to function; a heat map of one of these. */
  latency(request: LatencyRequest, ack: (result: Result<LatencyAnalysis>) => void): void;
  /** The whole session under names, to be held against another one. */
  side(ack: (result: Result<SideAnswer>) => void): void;
  /** The recordings that the server keeps. */
  recordings(ack: (result: Result<RecordingList>) => void): void;
  /** What a person wants to know it by; '' takes it away. */
  noteRecording(request: NoteRequest, ack: (result: Result<null>) => void): void;
  /** For ten minutes it can be brought back. */
  removeRecording(name: string, ack: (result: Result<null>) => void): void;
  restoreRecording(name: string, ack: (result: Result<null>) => void): void;
  /** Keeps the last of the session as a recording; its name. */
  freeze(request: FreezeNow, ack: (result: Result<{ readonly name: string }>) => void): void;
  /** Does so once something of this happens; null: nothing is waited for any more. */
  waitToFreeze(order: FreezeOrder | null, ack: (result: Result<null>) => void): void;
  /** Exports that are made now, and the last that failed. */
  exports(ack: (result: Result<readonly ListedExport[]>) => void): void;
  /** By the number that the list has. */
  cancelExport(id: number, ack: (result: Result<null>) => void): void;
  /** What happened to TCP connections after what the browser has. */
  connections(request: ConnectionsRequest, ack: (result: Result<Connections>) => void): void;
  /** What the source's host says about itself, a fact for each query in their order. */
  facts(request: FactsRequest, ack: (result: Result<{ readonly facts: readonly Fact[] }>) => void): void;
  health(ack: (result: Result<Health>) => void): void;
  /** What a capture loads beside the probes' program. */
  programs(ack: (result: Result<readonly PlannedProgram[]>) => void): void;
  /** Has the agent measure what its programs cost, for the next seconds, and tells what was measured until now. */
  cost(ack: (result: Result<Cost>) => void): void;
  /** Measures for a second what another plan than the running capture's would cost. */
  price(probes: ProbePlan, ack: (result: Result<Price>) => void): void;
  /** Has the agent send known packets and compare their records: takes seconds, and touches no capture that runs. */
  selfTest(ack: (result: Result<SelfTest>) => void): void;
  /** The browser has taken in this many row batches. */
  credit(batches: number): void;
}
