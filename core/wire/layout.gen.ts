// Generated from bpf/wire.h by scripts/gen-wire.mjs; do not edit.
/** Byte offsets in the records (little-endian), and their enums. What each means stands in bpf/wire.h. */

export const KIND = {
  hop: 1,
  drop: 2,
  free: 3,
  lineage: 4,
  symbol: 5,
  decision: 6,
  stack: 7,
  socket: 8,
  tail: 9,
} as const;

export const SECTION = {
  dev: 1,
  task: 2,
  meta: 4,
  eth: 8,
  ip: 16,
  l4: 32,
  drop: 64,
  buffer: 128,
  route: 256,
  conntrack: 512,
  inner: 1024,
  owner: 2048,
  control: 4096,
  stack: 8192,
  rule: 16384,
} as const;

export const FLAG = {
  first: 1,
  pidOwner: 2,
  pidCurrent: 4,
  dropped: 8,
  kept: 16,
} as const;

export const RELATION = {
  clone: 1,
  copy: 2,
  head: 3,
  segment: 4,
  merge: 5,
  fragment: 6,
  reassembly: 7,
  morph: 8,
  xdp: 9,
  retransmit: 10,
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

export const DECISION_KIND = {
  hook: 1,
  table: 2,
  conntrack: 3,
  nat: 4,
  route: 5,
  source: 6,
  neighbour: 7,
  listener: 8,
  backlog: 9,
  filter: 10,
  tc: 11,
  xdp: 12,
  policy: 13,
  accept: 14,
  receive: 15,
  transmit: 16,
} as const;

export const TUNNEL = {
  none: 0,
  vxlan: 1,
  geneve: 2,
  gre: 3,
  ipip: 4,
} as const;

export const BUFFER_BIT = {
  cloned: 1,
  nohdr: 2,
  fclone: 4,
  fragList: 8,
} as const;

export const SOCKET_EVENT = {
  connect: 1,
  accept: 2,
  close: 3,
  fail: 4,
} as const;

export const CHOSEN = {
  dropped: 1,
  slow: 2,
  new: 3,
  sampled: 4,
} as const;

export const LIMITS = {
  ifnameLen: 16,
  commLen: 16,
  symbolLen: 64,
  moduleLen: 32,
  headBytes: 192,
  nameLen: 32,
  cbLen: 48,
  stackMax: 48,
  recordMax: 640,
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
  size: 24,
  name: 0,
  mtu: 16,
  iif: 20,
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
  size: 24,
  dst: 0,
  src: 6,
  type: 12,
  vlanTci: 14,
  innerVlanTci: 16,
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

export const BUFFER = {
  size: 32,
  hash: 0,
  truesize: 4,
  csum: 8,
  gsoType: 12,
  gsoSize: 16,
  gsoSegs: 18,
  queueMapping: 20,
  nrFrags: 22,
  ipSummed: 23,
  csumLevel: 24,
  bits: 25,
} as const;

export const ROUTE = {
  size: 24,
  dst: 0,
  ifindex: 8,
  gateway: 12,
  type: 16,
  error: 18,
} as const;

export const CONNTRACK = {
  size: 24,
  ct: 0,
  status: 8,
  mark: 12,
  info: 16,
} as const;

export const INNER = {
  size: 80,
  ip: 0,
  l4: 48,
  vni: 72,
  tunnel: 76,
} as const;

export const OWNER = {
  size: 32,
  pid: 0,
  uid: 4,
  cgroup: 8,
  comm: 16,
} as const;

export const CONTROL_BLOCK = {
  size: 56,
  cb: 0,
  users: 48,
  dataref: 52,
} as const;

export const STACK_ID = {
  size: 8,
  id: 0,
} as const;

export const RULE = {
  size: 72,
  handle: 0,
  table: 8,
  chain: 40,
} as const;

export const DECISION = {
  size: 80,
  packet: 24,
  skb: 32,
  by: 40,
  value: 48,
  netns: 52,
  decision: 56,
  pf: 58,
  hook: 59,
  priority: 60,
  used: 64,
  limit: 68,
  durationNs: 72,
} as const;

export const STACK = {
  size: 416,
  id: 24,
  depth: 28,
  addresses: 32,
} as const;

export const SOCKET = {
  size: 144,
  sk: 24,
  cgroup: 32,
  sent: 40,
  received: 48,
  durationNs: 56,
  saddr: 64,
  daddr: 80,
  comm: 96,
  pid: 112,
  uid: 116,
  netns: 120,
  srttUs: 124,
  retransmits: 128,
  sport: 132,
  dport: 134,
  family: 136,
  event: 137,
  oldState: 138,
  newState: 139,
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

export const TAIL = {
  size: 64,
  packet: 24,
  skb: 32,
  begunNs: 40,
  records: 48,
  missed: 52,
  path: 56,
  chosen: 60,
} as const;
