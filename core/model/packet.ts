import type { KernelAddress, NetnsInode, Ns, PacketId } from '../base/units.ts';

/** How a packet's journey ended; see docs/glossary.md. Numbers are those of the packed row. */
export const VERDICT = { inFlight: 0, delivered: 1, forwarded: 2, dropped: 3, consumed: 4 } as const;
export type VerdictName = keyof typeof VERDICT;
export type Verdict = (typeof VERDICT)[VerdictName];

/** What the packet list shows of one packet: its first headers, where it began and ended, and why. */
export interface PacketRow {
  readonly packet: PacketId;
  /** Packet it was cloned or copied from, 0 when none is known. */
  readonly parent: PacketId;
  readonly firstNs: Ns;
  readonly lastNs: Ns;
  readonly firstNetns: NetnsInode;
  readonly lastNetns: NetnsInode;
  readonly firstIfindex: number;
  readonly lastIfindex: number;
  readonly hops: number;
  /** IP total length where known, else the skb's len at first sight. */
  readonly length: number;
  readonly verdict: Verdict;
  /** Drop reason of the running kernel; 0 unless dropped. */
  readonly reason: number;
  /** Where it was dropped; 16 zeros unless dropped. */
  readonly location: KernelAddress;
  /** Function of the last hop, 0 when none. */
  readonly lastFunc: number;
  /** At first sight; 16 bytes, IPv4 in the first four. */
  readonly saddr: Uint8Array;
  readonly daddr: Uint8Array;
  readonly sport: number;
  readonly dport: number;
  /** 4, 6, or 0 when there is no IP header (ARP then has its addresses in saddr and daddr). */
  readonly ipVersion: number;
  readonly ipProtocol: number;
  /** EtherType. */
  readonly protocol: number;
  /** enum skbt_l4_kind. */
  readonly l4Kind: number;
  readonly tcpFlags: number;
  readonly icmpType: number;
  readonly icmpCode: number;
  readonly icmpId: number;
  readonly icmpSeq: number;
  readonly arpOp: number;
  /** Addresses or ports changed on the way (NAT). */
  readonly translated: boolean;
  /** Its first records are gone from the session's memory; the path starts later than the packet. */
  readonly truncated: boolean;
  /** enum skbt_relation to the parent, 0 without one; a retransmission stays one. */
  readonly relation: number;
  /** Process that owned its socket when it was first seen: who sent it, from this host. 0: not known. */
  readonly ownerPid: number;
  /** Number of the path that it took as far as it got: PATH_UNKNOWN, PATH_BEYOND or one of the session's. */
  readonly path: number;
}
