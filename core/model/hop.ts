/**
 * One packet's journey as objects: made for the path view, the command line and tests, one packet (or one
 * record) at a time; never on the way of all events. Units and meaning of every field: bpf/wire.h.
 */
import type { FuncId, KernelAddress, NetnsInode, Ns, PacketId } from '../base/units.ts';

export interface Meta {
  readonly len: number;
  readonly dataLen: number;
  readonly mark: number;
  readonly priority: number;
  /** EtherType of skb->protocol. */
  readonly protocol: number;
  readonly vlanTci: number;
  readonly vlanProto: number;
  /** 0 host, 1 broadcast, 2 multicast, 3 otherhost, 4 outgoing, 5 loopback. */
  readonly pktType: number;
}

/** Addresses as `aa:bb:cc:dd:ee:ff`. */
export interface Eth {
  readonly dst: string;
  readonly src: string;
  readonly type: number;
  /** Tag inside the data, and the one behind it; 0 when there is none. */
  readonly vlanTci: number;
  readonly innerVlanTci: number;
}

/** Addresses as text (RFC 5952 for IPv6); ARP has its sender and target here, with version 0. */
export interface Ip {
  readonly saddr: string;
  readonly daddr: string;
  readonly version: number;
  readonly protocol: number;
  readonly length: number;
  readonly id: number;
  readonly frag: number;
  readonly ttl: number;
  readonly tos: number;
}

export interface L4 {
  /** enum skbt_l4_kind. */
  readonly kind: number;
  readonly sport: number;
  readonly dport: number;
  readonly tcpSeq: number;
  readonly tcpAck: number;
  readonly tcpWindow: number;
  readonly tcpFlags: number;
  readonly icmpType: number;
  readonly icmpCode: number;
  readonly icmpId: number;
  readonly icmpSeq: number;
  readonly arpOp: number;
}

/** The sk_buff's memory, checksum and offload. */
export interface SkBuffer {
  readonly hash: number;
  readonly truesize: number;
  readonly csum: number;
  /** SKB_GSO_* of the running kernel. */
  readonly gsoType: number;
  readonly gsoSize: number;
  readonly gsoSegs: number;
  readonly queueMapping: number;
  readonly nrFrags: number;
  /** 0 none, 1 unnecessary, 2 complete, 3 partial. */
  readonly ipSummed: number;
  readonly csumLevel: number;
  /** enum skbt_buffer_bit. */
  readonly bits: number;
}

/** Where it was routed to. */
export interface Route {
  readonly dst: KernelAddress;
  readonly ifindex: number;
  /** IPv4 address of the next hop, '' when the destination is on the link. */
  readonly gateway: string;
  /** RTN_*, 0 when not known. */
  readonly type: number;
  readonly error: number;
}

export interface Conntrack {
  readonly ct: KernelAddress;
  /** IPS_*. */
  readonly status: number;
  readonly mark: number;
  /** enum ip_conntrack_info. */
  readonly info: number;
}

/** What a tunnel's packet carries. */
export interface Inner {
  /** enum skbt_tunnel. */
  readonly tunnel: number;
  /** VXLAN and GENEVE; GRE: key. */
  readonly vni: number;
  readonly ip: Ip;
  readonly l4: L4;
}

/** Who owns the packet's socket: not the running task, which in softirq is whoever was interrupted. */
export interface Owner {
  readonly pid: number;
  readonly uid: number;
  readonly cgroup: number;
  readonly comm: string;
}

export interface ControlBlock {
  /** 96 hexadecimal digits. */
  readonly cb: string;
  readonly users: number;
  readonly dataref: number;
}

/** What is known of a packet at a hop: what its records said until then. Absent = not seen yet. */
export interface PacketState {
  readonly device?: string;
  readonly mtu?: number;
  /** Interface that it was received on. */
  readonly iif?: number;
  readonly comm?: string;
  readonly buffer?: SkBuffer;
  readonly route?: Route;
  readonly conntrack?: Conntrack;
  readonly inner?: Inner;
  readonly owner?: Owner;
  readonly control?: ControlBlock;
  readonly meta?: Meta;
  readonly eth?: Eth;
  readonly ip?: Ip;
  readonly l4?: L4;
}

/** One field that differs from the packet's hop before; `field` as in `ip.daddr`, `meta.mark`, `device`. */
export interface Change {
  readonly field: string;
  readonly before: string | number;
  readonly after: string | number;
}

interface Step {
  /** Position in the path, from 0. */
  readonly index: number;
  readonly timeNs: Ns;
  /** Since the step before, 0 for the first. */
  readonly deltaNs: Ns;
  readonly cpu: number;
  /** Per-CPU sequence number of the record. */
  readonly seq: number;
  /** Capture settings in force. */
  readonly generation: number;
}

interface Place extends Step {
  readonly packet: PacketId;
  readonly skb: KernelAddress;
  readonly netns: NetnsInode;
  readonly ifindex: number;
  /** Running task, which need not be the owner. */
  readonly pid: number;
  readonly state: PacketState;
  /** enum skbt_section: which parts of `state` this record itself said. */
  readonly carried: number;
  /** Empty at first sight. */
  readonly changes: readonly Change[];
  /** Calls that enclose this one on the same stack, from 0; found by stack pointer. */
  readonly depth: number;
  /** Which of the two matched `--pid`. */
  readonly pidMatch: { readonly owner: boolean; readonly current: boolean };
  /** Kernel stack, when the capture takes them: an id of the session's stack table. */
  readonly stack: number | undefined;
}

export type Hop =
  | (Place & { readonly kind: 'hop'; readonly func: FuncId })
  | (Place & { readonly kind: 'drop'; readonly reason: number; readonly location: KernelAddress });

export interface Free extends Step {
  readonly kind: 'free';
  readonly packet: PacketId;
  readonly dropped: boolean;
}

/** nftables, iptables: the table and chain that gave a verdict; tc, XDP: the program, as `chain`. */
export interface Rule {
  /** nftables: of the rule itself, 0 when not known. */
  readonly handle: number;
  readonly table: string;
  readonly chain: string;
}

/** What a kernel function that decides about the packet returned; see enum skbt_decision_kind. */
export interface Decision extends Step {
  readonly kind: 'decision';
  readonly packet: PacketId;
  readonly skb: KernelAddress;
  readonly netns: NetnsInode;
  /** enum skbt_decision_kind. */
  readonly decision: number;
  readonly value: number;
  /** NFPROTO_* and the hook's number, where netfilter decided. */
  readonly pf: number;
  readonly hook: number;
  readonly priority: number;
  readonly by: KernelAddress;
  /** Of a queue or a buffer. */
  readonly used: number;
  readonly limit: number;
  /** From the function's entry to its return, 0 when not measured. */
  readonly durationNs: Ns;
  readonly rule: Rule | undefined;
}

/** A TCP connection was made, accepted, closed, or could not be made. */
export interface SocketEvent {
  readonly kind: 'socket';
  readonly timeNs: Ns;
  readonly cpu: number;
  readonly seq: number;
  readonly sk: KernelAddress;
  /** enum skbt_socket_event. */
  readonly event: number;
  readonly netns: NetnsInode;
  readonly saddr: string;
  readonly daddr: string;
  readonly sport: number;
  readonly dport: number;
  readonly owner: Owner;
  /** Bytes that the other side acknowledged, and that came; when it is closed. */
  readonly sent: number;
  readonly received: number;
  readonly durationNs: Ns;
  readonly srttUs: number;
  readonly retransmits: number;
  /** TCP_* of the kernel. */
  readonly oldState: number;
  readonly newState: number;
}

/** Tail mode: this packet is told, with what was kept of it; all that comes after is told as it comes. */
export interface Tail {
  readonly kind: 'tail';
  readonly timeNs: Ns;
  readonly cpu: number;
  readonly seq: number;
  readonly packet: PacketId;
  readonly begunNs: Ns;
  /** That were kept, and that there was no room for. */
  readonly records: number;
  readonly missed: number;
  /** Hash of the functions that it passed, in their order. */
  readonly path: number;
  /** enum skbt_chosen. */
  readonly chosen: number;
}

/** What a stack id stands for. */
export interface StackTrace {
  readonly id: number;
  /** Return addresses, innermost first. */
  readonly addresses: readonly KernelAddress[];
}

/** This packet came out of `parent`, or (`child`) another came out of this one. */
export interface Lineage extends Step {
  readonly kind: 'lineage';
  readonly packet: PacketId;
  readonly parent: PacketId;
  /** enum skbt_relation. */
  readonly relation: number;
}

export interface Path {
  readonly packet: PacketId;
  /** Hops and drops in the order of their times. */
  readonly hops: readonly Hop[];
  /** What was decided about it, in the order of times; `index` is of the hop that came before, -1 without one. */
  readonly decisions: readonly Decision[];
  /** Packet it came out of, 0 when none is known. */
  readonly parent: PacketId;
  /** enum skbt_relation to the parent, 0 without one. */
  readonly relation: number;
  /** Every packet that this one came out of (GRO, reassembly: several), and head reallocations; oldest first. */
  readonly origins: readonly Lineage[];
  /** Packets that came out of this one, oldest first. */
  readonly children: readonly Lineage[];
  readonly free: Free | undefined;
  /** In tail mode. */
  readonly told?: Tail;
  /** Records skipped for their kind or size. */
  readonly malformed: number;
}
