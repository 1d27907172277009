// Generated from bpf/wire.h by scripts/gen-wire.mjs; do not edit.
/** Byte offsets in the records (little-endian), and their enums. What each means stands in bpf/wire.h. */

export const KIND = {
  hop: 1,
  drop: 2,
  free: 3,
  lineage: 4,
  symbol: 5,
} as const;

export const SECTION = {
  dev: 1,
  task: 2,
  meta: 4,
  eth: 8,
  ip: 16,
  l4: 32,
  drop: 64,
} as const;

export const FLAG = {
  first: 1,
  pidOwner: 2,
  pidCurrent: 4,
  dropped: 8,
} as const;

export const RELATION = {
  clone: 1,
  copy: 2,
} as const;

export const L4_KIND = {
  none: 0,
  tcp: 1,
  udp: 2,
  icmp: 3,
  icmp6: 4,
  sctp: 5,
  arp: 6,
} as const;

export const LIMITS = {
  ifnameLen: 16,
  commLen: 16,
  symbolLen: 64,
  moduleLen: 32,
  headBytes: 192,
  recordMax: 256,
} as const;

export const HEADER = {
  size: 24,
  recordSize: 0,
  kind: 2,
  flags: 3,
  cpu: 4,
  sections: 6,
  seq: 8,
  generation: 12,
  timeNs: 16,
} as const;

export const HOP = {
  size: 64,
  packet: 24,
  skb: 32,
  sp: 40,
  func: 48,
  netns: 52,
  ifindex: 56,
  pid: 60,
} as const;

export const DEV = {
  size: 16,
  name: 0,
} as const;

export const TASK = {
  size: 16,
  comm: 0,
} as const;

export const META = {
  size: 24,
  len: 0,
  dataLen: 4,
  mark: 8,
  priority: 12,
  protocol: 16,
  vlanTci: 18,
  vlanProto: 20,
  pktType: 22,
} as const;

export const ETH = {
  size: 16,
  dst: 0,
  src: 6,
  type: 12,
  vlanTci: 14,
} as const;

export const IP = {
  size: 48,
  saddr: 0,
  daddr: 16,
  length: 32,
  id: 34,
  frag: 36,
  version: 38,
  protocol: 39,
  ttl: 40,
  tos: 41,
} as const;

export const L4 = {
  size: 24,
  sport: 0,
  dport: 2,
  tcpSeq: 4,
  tcpAck: 8,
  tcpWindow: 12,
  tcpFlags: 14,
  kind: 15,
  icmpType: 16,
  icmpCode: 17,
  icmpId: 18,
  icmpSeq: 20,
  arpOp: 22,
} as const;

export const DROP = {
  size: 16,
  location: 0,
  reason: 8,
} as const;

export const FREE = {
  size: 40,
  packet: 24,
  skb: 32,
} as const;

export const LINEAGE = {
  size: 56,
  packet: 24,
  skb: 32,
  parent: 40,
  relation: 48,
} as const;

export const SYMBOL = {
  size: 136,
  address: 24,
  offset: 32,
  name: 40,
  module: 104,
} as const;
