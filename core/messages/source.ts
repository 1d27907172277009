/**
 * What a source (the agent on this host, in the lab, later a remote host or a recording) says and is told.
 * Batches of records travel beside these as raw bytes; see core/messages/frames.ts for the framing.
 */
import { z } from 'zod';
import { factQueriesSchema } from './facts.ts';
import { topologySchema } from './topology.ts';

/** Message format version; a source and a server with different ones refuse each other. */
export const SOURCE_PROTOCOL = 2;

const capability = z.object({ ok: z.boolean(), detail: z.string().max(500) });
/** `detail` says what was found or, when `ok` is false, why it is missing and what to do. */
export type Capability = z.infer<typeof capability>;

export const capabilitiesSchema = z.object({
  root: capability,
  btf: capability,
  bpf: capability,
  ringBuffer: capability,
  kprobe: capability,
  kprobeMulti: capability,
  fentry: capability,
  lockdown: capability,
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

export const STAGES = [
  'driver', 'xdp/tc', 'gro', 'qdisc', 'bridge', 'netfilter', 'ip', 'transport', 'socket', 'tunnel', 'skb', 'other',
] as const; // biome-ignore format: a table
export const stageSchema = z.enum(STAGES);
export type Stage = z.infer<typeof stageSchema>;

export const functionInfoSchema = z.object({
  id: z.number().int().positive(),
  name: z.string().min(1).max(128),
  /** Kernel module, empty for the kernel itself. */
  module: z.string().max(64),
  /** Position of the skb among the arguments, 1 to 5. */
  argument: z.number().int().min(1).max(5),
  /** Belongs to the default probe group. */
  isDefault: z.boolean(),
});
export type FunctionInfo = z.infer<typeof functionInfoSchema>;

export const PROBE_GROUPS = ['default', 'all'] as const;
export const probeGroupSchema = z.enum(PROBE_GROUPS);
export type ProbeGroup = z.infer<typeof probeGroupSchema>;

/** What the kernel tests on an skb at first sight. All that are set must hold. */
export const captureFilterSchema = z.object({
  /** pcap expression; empty matches everything. */
  expression: z.string().max(4096).default(''),
  /** pcap expression that must hold for what a tunnel's packet carries (VXLAN, GENEVE, GRE, IPIP); empty: any. */
  inner: z.string().max(4096).default(''),
  /** Namespace inode. */
  netns: z.number().int().positive().max(0xffffffff).optional(),
  /** Interface name; every interface of this name, in whatever namespace. */
  interface: z.string().min(1).max(15).optional(),
  mark: z
    .object({ value: z.number().int().min(0).max(0xffffffff), mask: z.number().int().min(0).max(0xffffffff) })
    .optional(),
  /** Process (tgid) that owns the packet's socket or that the packet is handled for. */
  pid: z.number().int().positive().max(4194304).optional(),
  /** Once matched, follow the packet for its whole life; otherwise test the filter again at every hop. */
  keep: z.boolean().default(true),
});
export type CaptureFilter = z.infer<typeof captureFilterSchema>;

export const STACK_CHOICES = ['none', 'drops', 'all'] as const;
export type StackChoice = (typeof STACK_CHOICES)[number];

export const captureSpecSchema = z.object({
  filter: captureFilterSchema,
  group: probeGroupSchema.default('default'),
  /** At which events a kernel stack is taken. */
  stacks: z.enum(STACK_CHOICES).default('none'),
  /** The control block (skb->cb) and the reference counts, too. */
  controlBlock: z.boolean().default(false),
  /** TCP connections that are made, accepted, closed, in all of the kernel (netns and pid of the filter hold). */
  tcpEvents: z.boolean().default(false),
  /** Packets that a flow may begin in a second; 0: no limit. What is beyond is not followed, and counted. */
  flowRate: z.number().int().min(0).max(1_000_000).default(0),
  ringBytes: z
    .number()
    .int()
    .min(4096)
    .max(1 << 30)
    .default(16 << 20),
  trackedPackets: z
    .number()
    .int()
    .min(64)
    .max(1 << 20)
    .default(1 << 16),
  /** Different kernel stacks that are kept; a power of two. */
  stackTable: z
    .number()
    .int()
    .min(16)
    .max(1 << 16)
    .default(1 << 14),
});
export type CaptureSpec = z.infer<typeof captureSpecSchema>;

/** What a capture does when nothing else is asked for. */
export const DEFAULT_SPEC: CaptureSpec = captureSpecSchema.parse({ filter: {} });

/**
 * What the dashboard begins with: a stack costs nothing until something is dropped, and is asked for then; of a TCP
 * connection it wants two or three records in its life.
 */
export const DASHBOARD_SPEC: CaptureSpec = { ...DEFAULT_SPEC, stacks: 'drops', tcpEvents: true };

const count = z.number().nonnegative();
export const tracerStatsSchema = z.object({
  /** Records that the kernel side made, lost ones included. */
  events: count,
  /** Records lost because the ring buffer was full, per CPU. */
  lostRing: z.array(count),
  /** Packets that could not be followed because the tracking table was full, per CPU. */
  trackFull: z.array(count),
  /** Stacks not taken because the table was full, per CPU. */
  stackFull: z.array(count),
  /** Packets not followed because their flow began too many (`flowRate`), per CPU. */
  rateLimited: z.array(count),
  /** Packets followed for more than ten seconds by now, and how old the oldest is. */
  longLived: count,
  oldestNs: count,
  /** Probe hits that the kernel skipped because another probe was running on that CPU. */
  missed: count,
  /** Records left in the ring when the capture stopped, because the receiver took nothing for a second. */
  undelivered: count,
  /** Packets matched, ids given. */
  packets: count,
  /** Packets being followed now. */
  tracked: count,
  /** Batches and bytes handed to the receiver. */
  batches: count,
  bytes: count,
});
export type TracerStats = z.infer<typeof tracerStatsSchema>;

/** Of a counter that is kept per CPU. */
export const allCpus = (counts: readonly number[]): number => counts.reduce((sum, one) => sum + one, 0);

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
  packets: 0,
  tracked: 0,
  batches: 0,
  bytes: 0,
};

export const netnsInfoSchema = z.object({
  inode: z.number().int().positive(),
  /** `host` for the agent's own, a name of `ip netns`, or `comm(pid)` of a process in it. */
  name: z.string().min(1).max(128),
  origin: z.enum(['host', 'named', 'process']),
  interfaces: z.array(z.object({ ifindex: z.number().int().positive(), name: z.string().max(15) })).max(4096),
});
export type NetnsInfo = z.infer<typeof netnsInfoSchema>;

/** Control groups that are told at most, containers first. */
export const CGROUPS_MAX = 4096;
export const cgroupInfoSchema = z.object({
  /** Inode of its folder, as the kernel gives it with a socket's owner. */
  id: z.number().int().positive(),
  /** From the root of the cgroup2 tree on; long ones are cut. */
  path: z.string().min(1).max(512),
  /** What its folder's name says that runs in it. */
  kind: z.enum(['container', 'pod', 'unit', 'other']),
  /** The container's, pod's or unit's as people know it; a short id when nothing better is known. */
  name: z.string().min(1).max(256),
  /** `docker`, `containerd`, `cri-o`, `podman`, `nspawn`, `lxc`; `cri` when only Kubernetes is sure; '' for others. */
  runtime: z.string().max(32),
  /** Whole id of the container, '' when it has none. */
  container: z.string().max(128),
  /** Kubernetes: the pod's uid, its `namespace/name` where that is known, and its QoS class; else ''. */
  pod: z.string().max(64),
  podName: z.string().max(512),
  qos: z.enum(['', 'guaranteed', 'burstable', 'besteffort']),
});
export type CgroupInfo = z.infer<typeof cgroupInfoSchema>;

export const sourceHelloSchema = z.object({
  protocol: z.literal(SOURCE_PROTOCOL),
  kind: z.enum(['host', 'lab']),
  hostname: z.string().max(256),
  kernel: z.string().max(256),
  architecture: z.string().max(64),
  cpus: z.number().int().positive().max(65536),
  agentPid: z.number().int().positive(),
  capabilities: capabilitiesSchema,
  /** Wall clock (ms since 1970) at the base time of the records' `time_ns`. */
  baseUnixMs: z.number(),
});
export type SourceHello = z.infer<typeof sourceHelloSchema>;

export const captureStateSchema = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('idle') }),
  z.object({ phase: z.literal('starting'), spec: captureSpecSchema }),
  z.object({
    phase: z.literal('running'),
    spec: captureSpecSchema,
    generation: z.number().int().nonnegative(),
    attached: z.number().int().nonnegative(),
    refused: z.array(z.object({ name: z.string(), reason: z.string() })).max(4096),
    backend: z.enum(['kprobe.multi', 'kprobe']),
    attachMs: z.number().nonnegative(),
  }),
  z.object({ phase: z.literal('stopping') }),
  z.object({ phase: z.literal('failed'), code: z.string(), message: z.string() }),
]);
export type CaptureState = z.infer<typeof captureStateSchema>;

/** JSON messages from a source. Name tables come whole at first, then again when they change. */
export const sourceMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), hello: sourceHelloSchema }),
  z.object({ type: z.literal('functions'), functions: z.array(functionInfoSchema).max(65536) }),
  z.object({
    type: z.literal('reasons'),
    reasons: z
      .array(z.object({ value: z.number().int().nonnegative(), name: z.string().max(128) }))
      .max(65536),
  }),
  z.object({ type: z.literal('namespaces'), namespaces: z.array(netnsInfoSchema).max(65536) }),
  z.object({ type: z.literal('capture'), capture: captureStateSchema }),
  z.object({ type: z.literal('stats'), stats: tracerStatsSchema }),
  z.discriminatedUnion('ok', [
    z.object({ type: z.literal('reply'), id: z.number().int(), ok: z.literal(true), value: z.unknown() }),
    z.object({
      type: z.literal('reply'),
      id: z.number().int(),
      ok: z.literal(false),
      error: z.object({
        code: z.string(),
        message: z.string(),
        position: z.number().int().nonnegative().optional(),
      }),
    }),
  ]),
  z.object({ type: z.literal('cgroups'), cgroups: z.array(cgroupInfoSchema).max(CGROUPS_MAX) }),
  /** How the namespaces are wired; whole, when it is known and whenever it changed. Older sources do not tell it. */
  z.object({ type: z.literal('topology'), topology: topologySchema }),
]);
export type SourceMessage = z.infer<typeof sourceMessageSchema>;

/** An eBPF program, and the kernel function or tracepoint that it is attached to. */
export const plannedProgramsSchema = z.array(
  z.object({ name: z.string(), target: z.string(), kind: z.enum(['fentry', 'fexit', 'tracepoint']) }),
);
export type PlannedProgram = z.infer<typeof plannedProgramsSchema>[number];

const programCostSchema = z.object({
  /** As in a `plannedProgramsSchema`; `skbt_entry` is the one that all probes share. */
  name: z.string().max(128),
  runs: count,
  timeNs: count,
});
export type ProgramCost = z.infer<typeof programCostSchema>;

/** What the capture's eBPF programs have cost while that was measured. */
export const costSchema = z.object({
  /** The agent's own clock, ms: only differences mean something. */
  atMs: z.number(),
  programs: z.array(programCostSchema).max(4096),
});
export type Cost = z.infer<typeof costSchema>;

/** Measuring ends by itself when nobody has asked for costs for so long. */
export const COST_LEASE_MS = 5000;

/** Requests to a source; each is answered by one `reply` with its id. */
export const sourceRequestSchema = z.discriminatedUnion('method', [
  /** Starts, or changes, the capture. Same probes: only the filter is exchanged, nothing is detached. */
  z.object({ id: z.number().int(), method: z.literal('apply'), spec: captureSpecSchema }),
  z.object({ id: z.number().int(), method: z.literal('stop') }),
  z.object({ id: z.number().int(), method: z.literal('compile'), expression: z.string().max(4096) }),
  /** What a capture would load beside the probes' program; the reply's value is a `plannedProgramsSchema`. */
  z.object({ id: z.number().int(), method: z.literal('programs') }),
  /** Measures what the programs cost, for the next {@link COST_LEASE_MS}; the reply's value is a `costSchema`. */
  z.object({ id: z.number().int(), method: z.literal('cost') }),
  /** What this host says about itself, to explain a packet's end; the reply's value is a `factsSchema`. */
  z.object({ id: z.number().int(), method: z.literal('facts'), queries: factQueriesSchema }),
]);
export type SourceRequest = z.infer<typeof sourceRequestSchema>;
