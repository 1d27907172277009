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
  readonly vlanTci: number;
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

/** What is known of a packet at a hop: what its records said until then. Absent = not seen yet. */
export interface PacketState {
  readonly device?: string;
  readonly comm?: string;
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
}

export type Hop =
  | (Place & { readonly kind: 'hop'; readonly func: FuncId })
  | (Place & { readonly kind: 'drop'; readonly reason: number; readonly location: KernelAddress });

export interface Free extends Step {
  readonly kind: 'free';
  readonly packet: PacketId;
  readonly dropped: boolean;
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
  /** Packet it came out of, 0 when none is known. */
  readonly parent: PacketId;
  /** enum skbt_relation to the parent, 0 without one. */
  readonly relation: number;
  /** Packets that came out of this one, oldest first. */
  readonly children: readonly Lineage[];
  readonly free: Free | undefined;
  /** Records skipped for their kind or size. */
  readonly malformed: number;
}
