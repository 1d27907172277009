/** Packets built byte by byte: each function makes one header and what it carries. */

export type Bytes = readonly number[];

/** What follows an EtherType. */
export interface Payload {
  readonly type: number;
  readonly bytes: Bytes;
}

/** What follows an IP protocol number. */
export interface Upper {
  readonly protocol: number;
  readonly bytes: Bytes;
}

export const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  mpls: 0x8847,
  pppoe: 0x8864,
  serviceVlan: 0x88a8,
} as const;

export const TCP = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

const u16 = (value: number): Bytes => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number): Bytes => [...u16(value >>> 16), ...u16(value & 0xffff)];

/** `02:00:00:00:00:01` */
export const mac = (text: string): Bytes => text.split(':').map((part) => Number.parseInt(part, 16));

const quad = (text: string): Bytes => text.split('.').map(Number);

/** Groups of hexadecimal digits, `::` once at most. */
function groups(text: string): Bytes {
  const [head = '', tail] = text.split('::');
  const words = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = words(head);
  const after = words(tail ?? '');
  const zeros = Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after].flatMap(u16);
}

/** `length` bytes that count up from `first`. */
export const counting = (length: number, first = 0): Bytes =>
  Array.from({ length }, (_, i) => (first + i) & 0xff);

export const ascii = (text: string): Bytes => [...Buffer.from(text, 'latin1')];

function checksum(header: Bytes): number {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += ((header[i] ?? 0) << 8) | (header[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export interface Ipv4Fields {
  readonly src?: string;
  readonly dst?: string;
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  /** Flags and offset: 0x4000 DF, 0x2000 more fragments, then the offset in units of eight bytes. */
  readonly fragment?: number;
  /** A multiple of four bytes. */
  readonly options?: Bytes;
}

export function ipv4(fields: Ipv4Fields, upper: Upper): Payload {
  const { options = [] } = fields;
  const length = 20 + options.length;
  const header = (sum: number): Bytes => [
    0x40 | (length / 4),
    fields.tos ?? 0,
    ...u16(length + upper.bytes.length),
    ...u16(fields.id ?? 0x1234),
    ...u16(fields.fragment ?? 0),
    fields.ttl ?? 64,
    upper.protocol,
    ...u16(sum),
    ...quad(fields.src ?? '10.9.0.1'),
    ...quad(fields.dst ?? '10.9.1.1'),
    ...options,
  ];
  return { type: ETHERTYPE.ipv4, bytes: [...header(checksum(header(0))), ...upper.bytes] };
}

export interface Ipv6Fields {
  readonly src?: string;
  readonly dst?: string;
  readonly hopLimit?: number;
  readonly trafficClass?: number;
  readonly flow?: number;
}

export function ipv6(fields: Ipv6Fields, upper: Upper): Payload {
  const first = 0x60000000 + (fields.trafficClass ?? 0) * 2 ** 20 + (fields.flow ?? 0);
  return {
    type: ETHERTYPE.ipv6,
    bytes: [
      ...u32(first),
      ...u16(upper.bytes.length),
      upper.protocol,
      fields.hopLimit ?? 64,
      ...groups(fields.src ?? 'fd00:9::1'),
      ...groups(fields.dst ?? 'fd00:9:1::1'),
      ...upper.bytes,
    ],
  };
}

/** An IPv6 extension header of eight bytes: 0 hop by hop, 43 routing, 60 destination options. */
export const extension = (protocol: number, next: Upper): Upper => ({
  protocol,
  bytes: [next.protocol, 0, 1, 4, 0, 0, 0, 0, ...next.bytes], // PadN of four
});

/** An IPv6 fragment header; `offset` in units of eight bytes. */
export const fragment = (offset: number, more: boolean, next: Upper): Upper => ({
  protocol: 44,
  bytes: [next.protocol, 0, ...u16((offset << 3) | (more ? 1 : 0)), ...u32(0xabcd), ...next.bytes],
});

export interface TcpFields {
  readonly flags: number;
  readonly sport?: number;
  readonly dport?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly urgent?: number;
  /** A multiple of four bytes. */
  readonly options?: Bytes;
  readonly data?: Bytes;
}

export function tcp(fields: TcpFields): Upper {
  const { options = [], data = [] } = fields;
  return {
    protocol: 6,
    bytes: [
      ...u16(fields.sport ?? 40000),
      ...u16(fields.dport ?? 80),
      ...u32(fields.seq ?? 1000),
      ...u32(fields.ack ?? 0),
      ((20 + options.length) / 4) << 4,
      fields.flags,
      ...u16(fields.window ?? 64240),
      0,
      0,
      ...u16(fields.urgent ?? 0),
      ...options,
      ...data,
    ],
  };
}

export const udp = (sport: number, dport: number, data: Bytes = []): Upper => ({
  protocol: 17,
  bytes: [...u16(sport), ...u16(dport), ...u16(8 + data.length), 0, 0, ...data],
});

/** ICMP (1) or ICMPv6 (58): type, code, four bytes of the type's own, and what follows. */
const control =
  (protocol: number) =>
  (type: number, code: number, own: Bytes, data: Bytes = []): Upper => ({
    protocol,
    bytes: [type, code, 0, 0, ...own, ...data],
  });
export const icmp = control(1);
export const icmp6 = control(58);

/** Identifier and sequence number, as echo has them. */
export const echo = (id: number, sequence: number): Bytes => [...u16(id), ...u16(sequence)];

export const sctp = (sport: number, dport: number, chunk: Bytes): Upper => ({
  protocol: 132,
  bytes: [...u16(sport), ...u16(dport), ...u32(7), ...u32(0), ...chunk],
});

export const gre = (inner: Payload): Upper => ({
  protocol: 47,
  bytes: [0, 0, ...u16(inner.type), ...inner.bytes],
});

export const ipip = (inner: Payload): Upper => ({ protocol: 4, bytes: inner.bytes });

/** Any other protocol. */
export const raw = (protocol: number, bytes: Bytes): Upper => ({ protocol, bytes });

/** Geneve without options around an Ethernet frame. */
export const geneve = (vni: number, frame: Bytes): Bytes => [0, 0, 0x65, 0x58, ...u32(vni << 8), ...frame];

export function arp(operation: number, sender: readonly [string, string], target: readonly [string, string]) {
  const bytes = [
    ...u16(1),
    ...u16(ETHERTYPE.ipv4),
    6,
    4,
    ...u16(operation),
    ...mac(sender[0]),
    ...quad(sender[1]),
    ...mac(target[0]),
    ...quad(target[1]),
  ];
  return { type: ETHERTYPE.arp, bytes };
}

export const vlan = (id: number, inner: Payload, priority = 0, type: number = ETHERTYPE.vlan): Payload => ({
  type,
  bytes: [...u16((priority << 13) | id), ...u16(inner.type), ...inner.bytes],
});

/** A stack of one label. */
export const mpls = (label: number, inner: Payload): Payload => ({
  type: ETHERTYPE.mpls,
  bytes: [...u32(label * 2 ** 12 + 0x100 + 64), ...inner.bytes],
});

/** PPP over Ethernet around IPv4. */
export const pppoe = (session: number, inner: Payload): Payload => ({
  type: ETHERTYPE.pppoe,
  bytes: [0x11, 0, ...u16(session), ...u16(inner.bytes.length + 2), ...u16(0x0021), ...inner.bytes],
});

/** An 802.3 frame, which has a length in place of a type: LLC and what follows. */
export const llc = (bytes: Bytes): Payload => ({ type: bytes.length, bytes });

export const ethernet = (destination: string, source: string, { type, bytes }: Payload): Bytes => [
  ...mac(destination),
  ...mac(source),
  ...u16(type),
  ...bytes,
];

export const hex = (bytes: Bytes): string => Buffer.from(bytes).toString('hex');
