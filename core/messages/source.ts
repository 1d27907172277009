/**
 * What a source (the agent on this host, in the lab, later a remote host or a recording) says and is told.
 * Batches of records travel beside these as raw bytes; see core/messages/frames.ts for the framing.
 */
import * as v from 'valibot';
import {
  count, finite, integer, list, matching, natural, parse, positive, sparse, text, uint32, whole,
} from '../base/schema.ts'; // biome-ignore format: short
import { factQueriesSchema } from './facts.ts';
import { topologySchema } from './topology.ts';

/** Message format version; a source and a server with different ones refuse each other. */
export const SOURCE_PROTOCOL = 2;

const capability = v.object({ ok: v.boolean(), detail: text(500) });
/** `detail` says what was found or, when `ok` is false, why it is missing and what to do. */
export type Capability = v.InferOutput<typeof capability>;

export const capabilitiesSchema = v.object({
  root: capability,
  btf: capability,
  bpf: capability,
  ringBuffer: capability,
  kprobe: capability,
  kprobeMulti: capability,
  fentry: capability,
  lockdown: capability,
  /** The list of functions that can be probed, addresses of the kernel, types of modules; older sources do not tell. */
  tracefs: v.optional(capability),
  symbols: v.optional(capability),
  modules: v.optional(capability),
});
export type Capabilities = v.InferOutput<typeof capabilitiesSchema>;

export const STAGES = [
  'driver', 'xdp/tc', 'gro', 'qdisc', 'bridge', 'netfilter', 'ip', 'transport', 'socket', 'tunnel', 'skb', 'other',
] as const; // biome-ignore format: a table
export const stageSchema = v.picklist(STAGES);
export type Stage = v.InferOutput<typeof stageSchema>;

export const functionInfoSchema = v.object({
  id: positive,
  name: text(128, 1),
  /** Kernel module, empty for the kernel itself; see core/model/programs.ts for what is a program's. */
  module: text(64),
  /** Position of the skb among the arguments, 1 to 5; 0: it takes none (`others` of a plan). */
  argument: whole(0, 5),
  /** Belongs to the default probe group. */
  isDefault: v.boolean(),
  /** Its module, or program, is no longer loaded: packets were there, and it is not probed any more. */
  isGone: v.optional(v.boolean()),
});
export type FunctionInfo = v.InferOutput<typeof functionInfoSchema>;

export const PROBE_BASES = ['default', 'all', 'none'] as const;
const probeBaseSchema = v.picklist(PROBE_BASES);
export type ProbeBase = v.InferOutput<typeof probeBaseSchema>;

/** Characters of a regular expression over function names. */
export const FUNCTION_PATTERN_MAX = 256;

/** Functions, by what they have in common; those of any part. */
const probePartsSchema = sparse({
  stages: v.optional(list(stageSchema, STAGES.length), []),
  /** Kernel modules, '' for the kernel itself; one that is not loaded has no functions yet. */
  modules: v.optional(list(text(64), 256), []),
  /** Regular expression (RE2) that a whole name must match; empty: none does. */
  pattern: v.optional(text(FUNCTION_PATTERN_MAX), ''),
  functions: v.optional(list(text(128, 1), 4096), []),
});
export type ProbeParts = v.InferOutput<typeof probePartsSchema>;

/** Functions that take no skb, in a plan. */
export const OTHERS_MAX = 1000;
const othersSchema = list(text(128, 1), OTHERS_MAX);

/** Which functions are probed: those of the base and what is added, but nothing that is removed. */
export const probePlanSchema = sparse({
  base: v.optional(probeBaseSchema, 'default'),
  add: v.optional(probePartsSchema, {}),
  remove: v.optional(probePartsSchema, {}),
  /** Functions that are found on the stacks of drops come to it, as long as the capture runs. */
  probeStack: v.optional(v.boolean(), false),
  /** Functions that take no skb, by name: hops of the packet whose probed function they run in. */
  others: v.optional(othersSchema, []),
});
export type ProbePlan = v.InferOutput<typeof probePlanSchema>;

/** How probes are attached; `auto`: as is cheapest on this kernel. */
export const BACKEND_CHOICES = ['auto', 'kprobe', 'kprobe-multi', 'fentry'] as const;
export type BackendChoice = (typeof BACKEND_CHOICES)[number];

/** What the kernel tests on an skb at first sight. All that are set must hold. */
export const captureFilterSchema = sparse({
  /** pcap expression; empty matches everything. */
  expression: v.optional(text(4096), ''),
  /** pcap expression that must hold for what a tunnel's packet carries (VXLAN, GENEVE, GRE, IPIP); empty: any. */
  inner: v.optional(text(4096), ''),
  /** Namespace inode. */
  netns: v.optional(whole(1, 0xffffffff)),
  /** Interface name; every interface of this name, in whatever namespace. */
  interface: v.optional(text(15, 1)),
  mark: v.optional(v.object({ value: uint32, mask: uint32 })),
  /** Process (tgid) that owns the packet's socket or that the packet is handled for. */
  pid: v.optional(whole(1, 4194304)),
  /** Once matched, follow the packet for its whole life; otherwise test the filter again at every hop. */
  keep: v.optional(v.boolean(), true),
});
export type CaptureFilter = v.InferOutput<typeof captureFilterSchema>;

export const STACK_CHOICES = ['none', 'drops', 'all'] as const;
export type StackChoice = (typeof STACK_CHOICES)[number];

/**
 * Tail mode: what is recorded of a packet stays with it in the kernel until it is dropped, or chosen by one of these;
 * then it is told whole. Of all others only their number is told. Every packet is followed for its whole life.
 */
export const tailSchema = v.object({
  /** Those that live for as long, microseconds; 0: not by that. */
  slowUs: v.optional(whole(0, 3_600_000_000), 0),
  /** Those that end on a path that none was on: the functions, in their order. */
  newPaths: v.optional(v.boolean(), false),
  /** One in so many, by its headers; 0: none. */
  oneIn: v.optional(uint32, 0),
});
export type TailChoice = v.InferOutput<typeof tailSchema>;

/** Packets followed at once in tail mode, where each takes 8 kB. */
export const TAIL_TRACKED_PACKETS = 8192;

export const RINGS_MAX = 64;

export const captureSpecSchema = v.object({
  filter: captureFilterSchema,
  probes: v.optional(probePlanSchema, {}),
  backend: v.optional(v.picklist(BACKEND_CHOICES), 'auto'),
  /** At which events a kernel stack is taken. */
  stacks: v.optional(v.picklist(STACK_CHOICES), 'none'),
  /** The control block (skb->cb) and the reference counts, too. */
  controlBlock: v.optional(v.boolean(), false),
  /** TCP connections that are made, accepted, closed, in all of the kernel (netns and pid of the filter hold). */
  tcpEvents: v.optional(v.boolean(), false),
  /** Packets that a flow may begin in a second; 0: no limit. What is beyond is not followed, and counted. */
  flowRate: v.optional(whole(0, 1_000_000), 0),
  /** Not given: records are sent as they are made. */
  tail: v.optional(tailSchema),
  /** Of each ring buffer. */
  ringBytes: v.optional(whole(4096, 1 << 30), 16 << 20),
  /** Ring buffers that the CPUs share, at most one for each; 0: one for every four. */
  rings: v.optional(whole(0, RINGS_MAX), 0),
  trackedPackets: v.optional(whole(64, 1 << 20), 1 << 16),
  /** Different kernel stacks that are kept; a power of two. */
  stackTable: v.optional(whole(16, 1 << 16), 1 << 14),
});
export type CaptureSpec = v.InferOutput<typeof captureSpecSchema>;

/** What a capture does when nothing else is asked for. */
export const DEFAULT_SPEC: CaptureSpec = parse(captureSpecSchema, { filter: {} });

/**
 * What the dashboard begins with: a stack costs nothing until something is dropped, and is asked for then; of a TCP
 * connection it wants two or three records in its life.
 */
export const DASHBOARD_SPEC: CaptureSpec = { ...DEFAULT_SPEC, stacks: 'drops', tcpEvents: true };

export const tracerStatsSchema = v.object({
  /** Records that the kernel side made, lost ones included. */
  events: count,
  /** Records lost because the ring buffer was full, per CPU. */
  lostRing: v.array(count),
  /** Packets that could not be followed because the tracking table was full, per CPU. */
  trackFull: v.array(count),
  /** Stacks not taken because the table was full, per CPU. */
  stackFull: v.array(count),
  /** Packets not followed because their flow began too many (`flowRate`), per CPU. */
  rateLimited: v.array(count),
  /** Packets followed for more than ten seconds by now, and how old the oldest is. */
  longLived: count,
  oldestNs: count,
  /** Probe hits that the kernel skipped because another probe was running on that CPU. */
  missed: count,
  /** Records left in the ring when the capture stopped, because the receiver took nothing for a second. */
  undelivered: count,
  /** Probes that are switched off, and that the kernel has not detached yet; older sources do not tell. */
  detaching: v.optional(count, 0),
  /** Packets matched, ids given. */
  packets: count,
  /** In tail mode: packets told, and records that were not kept because their packet had too many. */
  told: v.optional(count, 0),
  trailFull: v.optional(count, 0),
  /** Packets being followed now. */
  tracked: count,
  /** Batches and bytes handed to the receiver. */
  batches: count,
  bytes: count,
});
export type TracerStats = v.InferOutput<typeof tracerStatsSchema>;

/** Of a counter that is kept per CPU. */
export const allCpus = (counts: readonly number[]): number => counts.reduce((sum, one) => sum + one, 0);

/** Events that the kernel side recorded and that nobody got. */
export const lostEvents = ({ lostRing, undelivered }: TracerStats): number => allCpus(lostRing) + undelivered;

export const NO_STATS: TracerStats = {
  events: 0,
  lostRing: [],
  trackFull: [],
  stackFull: [],
  rateLimited: [],
  longLived: 0,
  oldestNs: 0,
  missed: 0,
  undelivered: 0,
  detaching: 0,
  packets: 0,
  told: 0,
  trailFull: 0,
  tracked: 0,
  batches: 0,
  bytes: 0,
};

export const netnsInfoSchema = v.object({
  inode: positive,
  /** `host` for the agent's own, a name of `ip netns`, or `comm(pid)` of a process in it. */
  name: text(128, 1),
  origin: v.picklist(['host', 'named', 'process']),
  interfaces: list(v.object({ ifindex: positive, name: text(15) }), 4096),
});
export type NetnsInfo = v.InferOutput<typeof netnsInfoSchema>;

/** Control groups that are told at most, containers first. */
export const CGROUPS_MAX = 4096;
export const cgroupInfoSchema = v.object({
  /** Inode of its folder, as the kernel gives it with a socket's owner. */
  id: positive,
  /** From the root of the cgroup2 tree on; long ones are cut. */
  path: text(512, 1),
  /** What its folder's name says that runs in it. */
  kind: v.picklist(['container', 'pod', 'unit', 'other']),
  /** The container's, pod's or unit's as people know it; a short id when nothing better is known. */
  name: text(256, 1),
  /** `docker`, `containerd`, `cri-o`, `podman`, `nspawn`, `lxc`; `cri` when only Kubernetes is sure; '' for others. */
  runtime: text(32),
  /** Whole id of the container, '' when it has none. */
  container: text(128),
  /** Kubernetes: the pod's uid, its `namespace/name` where that is known, and its QoS class; else ''. */
  pod: text(64),
  podName: text(512),
  qos: v.picklist(['', 'guaranteed', 'burstable', 'besteffort']),
});
export type CgroupInfo = v.InferOutput<typeof cgroupInfoSchema>;

/** Why a flight recorder kept it. */
export const recordingTriggerSchema = v.object({
  /** `dropped NETFILTER_DROP`: after "packet 12"; what somebody said when it was kept by hand. */
  why: text(256, 1),
  /** 0: by hand. */
  packet: count,
  timeNs: count,
});
export type RecordingTrigger = v.InferOutput<typeof recordingTriggerSchema>;

export const sourceHelloSchema = v.object({
  protocol: v.literal(SOURCE_PROTOCOL),
  kind: v.picklist(['host', 'lab']),
  hostname: text(256),
  kernel: text(256),
  architecture: text(64),
  cpus: whole(1, 65536),
  agentPid: positive,
  capabilities: capabilitiesSchema,
  /** The agent's effective capabilities (capabilities(7)), a hexadecimal mask; older sources do not tell. */
  privileges: v.optional(matching(/^[0-9a-f]{1,16}$/, 'a hexadecimal mask')),
  /** Wall clock (ms since 1970) at the base time of the records' `time_ns`. */
  baseUnixMs: finite,
  /** Not the source itself, but what it said then: the file's name, and when it was begun. */
  recording: v.optional(
    v.object({ name: text(4096), createdUnixMs: finite, trigger: v.optional(recordingTriggerSchema) }),
  ),
  /**
   * No source of ours: what another tool's capture told. Host name, kernel and architecture are '' where it does not say,
   * and the base time 0; CPUs, pid and capabilities mean nothing. `note` says how it was read, for people.
   */
  imported: v.optional(v.object({ tool: text(64, 1), note: text(1000) })),
});
export type SourceHello = v.InferOutput<typeof sourceHelloSchema>;

export const captureStateSchema = v.variant('phase', [
  v.object({ phase: v.literal('idle') }),
  v.object({ phase: v.literal('starting'), spec: captureSpecSchema }),
  v.object({
    phase: v.literal('running'),
    spec: captureSpecSchema,
    generation: natural,
    attached: natural,
    /** Ids of the functions that the plan comes to, refused ones included. Recordings from before do not tell. */
    probed: v.optional(list(positive, 65536)),
    /** Of these, those that were on the stack of a drop and that the plan does not have otherwise (`probeStack`). */
    joined: v.optional(list(positive, 65536)),
    refused: list(v.object({ name: v.string(), reason: v.string() }), 4096),
    backend: v.picklist(['kprobe.multi', 'kprobe', 'fentry']),
    attachMs: count,
    /** Ring buffers that there are. Recordings from before do not tell. */
    rings: v.optional(positive),
  }),
  v.object({ phase: v.literal('stopping') }),
  v.object({ phase: v.literal('failed'), code: v.string(), message: v.string() }),
]);
export type CaptureState = v.InferOutput<typeof captureStateSchema>;

/** JSON messages from a source. Name tables come whole at first, then again when they change. */
export const sourceMessageSchema = v.variant('type', [
  v.object({ type: v.literal('hello'), hello: sourceHelloSchema }),
  v.object({ type: v.literal('functions'), functions: list(functionInfoSchema, 65536) }),
  v.object({
    type: v.literal('reasons'),
    reasons: list(v.object({ value: natural, name: text(128) }), 65536),
  }),
  v.object({ type: v.literal('namespaces'), namespaces: list(netnsInfoSchema, 65536) }),
  v.object({ type: v.literal('capture'), capture: captureStateSchema }),
  /** `atUnixMs`: when it was counted, wall clock; older sources do not tell. */
  v.object({ type: v.literal('stats'), stats: tracerStatsSchema, atUnixMs: v.optional(finite) }),
  v.variant('ok', [
    v.object({ type: v.literal('reply'), id: integer, ok: v.literal(true), value: v.unknown() }),
    v.object({
      type: v.literal('reply'),
      id: integer,
      ok: v.literal(false),
      error: v.object({
        code: v.string(),
        message: v.string(),
        position: v.optional(natural),
      }),
    }),
  ]),
  v.object({ type: v.literal('cgroups'), cgroups: list(cgroupInfoSchema, CGROUPS_MAX) }),
  /** How the namespaces are wired; whole, when it is known and whenever it changed. Older sources do not tell it. */
  v.object({ type: v.literal('topology'), topology: topologySchema }),
]);
export type SourceMessage = v.InferOutput<typeof sourceMessageSchema>;

/** The program that is told of calls of functions that decide, from their entry to their return. */
export const SESSION_PROGRAM = 'skbt_session';

/**
 * An eBPF program, and the kernel function or tracepoint that it is attached to. As `kprobe.session`, it is
 * {@link SESSION_PROGRAM} that does what this one would.
 */
export const plannedProgramsSchema = v.array(
  v.object({
    name: v.string(),
    target: v.string(),
    kind: v.picklist(['fentry', 'fexit', 'tracepoint', 'kprobe.session']),
  }),
);
export type PlannedProgram = v.InferOutput<typeof plannedProgramsSchema>[number];

const programCostSchema = v.object({
  /** As in a `plannedProgramsSchema`; `skbt_entry` is the one that all probes share. */
  name: text(128),
  runs: count,
  timeNs: count,
});
export type ProgramCost = v.InferOutput<typeof programCostSchema>;

/** What the capture's eBPF programs have cost while that was measured. */
export const costSchema = v.object({
  /** The agent's own clock, ms: only differences mean something. */
  atMs: finite,
  programs: list(programCostSchema, 4096),
});
export type Cost = v.InferOutput<typeof costSchema>;

/** What it would cost to have other probes, measured with these attached and counting only. */
export const priceSchema = v.object({
  /** Functions that would come to those that are probed. */
  functions: natural,
  /** How long was measured, and how often they were hit then. */
  ms: finite,
  hits: count,
  /** What a hit of the capture's own probes took meanwhile; 0: there was none. */
  nsPerHit: finite,
});
export type Price = v.InferOutput<typeof priceSchema>;
/** How long a price is measured. */
export const PRICE_MS = 1000;

/** Measuring ends by itself when nobody has asked for costs for so long. */
export const COST_LEASE_MS = 5000;

/** Requests to a source; each is answered by one `reply` with its id. */
export const sourceRequestSchema = v.variant('method', [
  /** Starts, or changes, the capture. Same probes: only the filter is exchanged, nothing is detached. */
  v.object({ id: integer, method: v.literal('apply'), spec: captureSpecSchema }),
  v.object({ id: integer, method: v.literal('stop') }),
  v.object({ id: integer, method: v.literal('compile'), expression: text(4096) }),
  /** What a capture would load beside the probes' program; the reply's value is a `plannedProgramsSchema`. */
  v.object({ id: integer, method: v.literal('programs') }),
  /** Measures what the programs cost, for the next {@link COST_LEASE_MS}; the reply's value is a `costSchema`. */
  v.object({ id: integer, method: v.literal('cost') }),
  /** Measures for {@link PRICE_MS} what another plan would cost; the reply's value is a `priceSchema`. */
  v.object({ id: integer, method: v.literal('price'), probes: probePlanSchema }),
  /** Looks for functions that take no skb; they are among those that were told when this is answered. */
  v.object({ id: integer, method: v.literal('others'), names: othersSchema }),
  /** Sends known packets and compares their records, beside the capture; the reply's value is a `selfTestSchema`. */
  v.object({ id: integer, method: v.literal('selfTest') }),
  /** Looks for namespaces, interfaces and control groups now; they have been told when this is answered. */
  v.object({ id: integer, method: v.literal('names') }),
  /** What this host says about itself, to explain a packet's end; the reply's value is a `factsSchema`. */
  v.object({ id: integer, method: v.literal('facts'), queries: factQueriesSchema }),
]);
export type SourceRequest = v.InferOutput<typeof sourceRequestSchema>;
