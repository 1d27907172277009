/** The packets that every expression is tried on, each with a mark by which a record of it is known again. */
import {
  arp,
  ascii,
  type Bytes,
  counting,
  ETHERTYPE,
  echo,
  ethernet,
  extension,
  fragment,
  geneve,
  gre,
  icmp,
  icmp6,
  ipip,
  ipv4,
  ipv6,
  llc,
  mpls,
  type Payload,
  pppoe,
  raw,
  sctp,
  TCP,
  tcp,
  type Upper,
  udp,
  vlan,
} from './bytes.ts';

export interface Packet {
  readonly name: string;
  /** As it is given to the kernel: a frame for the device, or an IP packet for a raw socket. */
  readonly how: 'frame' | 'ip';
  /** From the MAC header on, as on the wire; and from the network header on. */
  readonly frame: Bytes;
  readonly ip: Bytes;
  /** Source MAC of a `frame`, source address of an `ip`: nothing else has it. */
  readonly mark: string;
  /** Bytes from data[0] on that a filter can look at, all when left out; docs/cli.md says why. */
  readonly visible?: number;
}

/** Ends of the link that frames are sent on. */
export const SENDER_MAC = '02:f1:ff:00:00:01';
export const RECEIVER_MAC = '02:f1:ff:00:00:02';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const { fin, syn, rst, psh, ack, urg, ece, cwr } = TCP;

interface Frame {
  readonly payload: Payload;
  readonly to?: string;
  readonly visible?: number;
}
const v4 = (upper: Upper, fields: Parameters<typeof ipv4>[0] = {}): Frame => ({
  payload: ipv4(fields, upper),
});
const v6 = (upper: Upper, fields: Parameters<typeof ipv6>[0] = {}): Frame => ({
  payload: ipv6(fields, upper),
});
const tagged = (id: number, frame: Frame, priority = 0, type?: number): Frame => ({
  ...frame,
  payload: vlan(id, frame.payload, priority, type),
});

const MSS = [2, 4, 5, 0xb4];
const TIMESTAMPS = [1, 1, 8, 10, ...counting(8)];
const web = tcp({ flags: syn, sport: 40001, dport: 80 });
const dns = udp(5353, 53, counting(12));
const quoted = ipv4({ src: '10.9.1.1', dst: '10.9.0.1' }, udp(9, 9)).bytes;

/** By name; what is not said is as in bytes.ts: 10.9.0.1 > 10.9.1.1, fd00:9::1 > fd00:9:1::1, TTL 64. */
const FRAMES: Readonly<Record<string, Frame>> = {
  // TCP
  'tcp-syn': v4(tcp({ flags: syn, sport: 40001, dport: 80, options: [...MSS, ...TIMESTAMPS] }), {
    fragment: 0x4000,
  }),
  'tcp-synack': v4(tcp({ flags: syn | ack, sport: 80, dport: 40001, ack: 1001, options: MSS }), {
    src: '10.9.1.1',
    dst: '10.9.0.1',
  }),
  'tcp-get': v4(
    tcp({
      flags: psh | ack,
      sport: 40001,
      dport: 8080,
      options: TIMESTAMPS,
      data: ascii('GET / HTTP/1.0\r\n\r\n'),
    }),
    { fragment: 0x4000, tos: 0x10 },
  ),
  'tcp-ack': v4(tcp({ flags: ack, dport: 443, window: 0 }), { ttl: 1 }),
  'tcp-fin': v4(tcp({ flags: fin | ack, sport: 22, dport: 50000 }), { dst: '192.168.7.200' }),
  'tcp-rst': v4(tcp({ flags: rst, sport: 25, dport: 1023, seq: 0xfffffff0 }), { src: '172.16.0.9' }),
  'tcp-xmas': v4(tcp({ flags: fin | psh | urg, dport: 6000, urgent: 5 }), { ttl: 255 }),
  'tcp-null': v4(tcp({ flags: 0, sport: 0, dport: 65535 }), { ttl: 32 }),
  'tcp-ecn': v4(tcp({ flags: syn | ece | cwr, dport: 80 }), { tos: 0x02 }),
  // UDP
  'udp-dns': v4(dns, { dst: '8.8.8.8' }),
  'udp-odd': v4(udp(6999, 7001, counting(5, 0x61)), { id: 0 }),
  'udp-empty': v4(udp(1024, 7000), { tos: 0xb8, ttl: 2 }),
  'udp-long': { ...v4(udp(33434, 33500, counting(400, 7)), { id: 0xffff }), visible: 192 },
  // IPv4 by itself
  'ip-options': v4(web, { options: [0x94, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0] }),
  'fragment-first': v4(udp(7, 7000, counting(24)), { fragment: 0x2000, id: 77 }),
  'fragment-later': v4(raw(17, counting(24, 0x1b)), { fragment: 0x2004, id: 77 }),
  'fragment-last': v4(raw(17, counting(8)), { fragment: 0x0008, id: 77 }),
  'ip-cut': { payload: { type: ETHERTYPE.ipv4, bytes: ipv4({}, web).bytes.slice(0, 10) } },
  igmp: {
    ...v4(raw(2, [0x16, 0, 9, 4, 224, 0, 0, 251]), { dst: '224.0.0.251', ttl: 1 }),
    to: '01:00:5e:00:00:fb',
  },
  broadcast: { ...v4(udp(68, 67, counting(44)), { src: '0.0.0.0', dst: '255.255.255.255' }), to: BROADCAST },
  gre: v4(gre(ipv4({ src: '10.8.0.1', dst: '10.8.0.2' }, dns))),
  ipip: v4(ipip(ipv4({ src: '10.8.0.1', dst: '10.8.0.2' }, web))),
  sctp: v4(sctp(3868, 7000, [1, 0, 0, 4])),
  esp: v4(raw(50, counting(24))),
  geneve: v4(udp(50001, 6081, geneve(9, ethernet(SENDER_MAC, RECEIVER_MAC, ipv4({ src: '10.8.0.1' }, dns))))),
  // ICMP
  'icmp-echo': v4(icmp(8, 0, echo(0x1092, 1), counting(56))),
  'icmp-reply': v4(icmp(0, 0, echo(0x1092, 1), counting(56)), { src: '10.9.1.1', dst: '10.9.0.1' }),
  'icmp-closed': v4(icmp(3, 3, [0, 0, 0, 0], quoted)),
  'icmp-too-big': v4(icmp(3, 4, [0, 0, 0x05, 0x78], quoted)),
  'icmp-redirect': v4(icmp(5, 1, [10, 9, 1, 254], quoted)),
  // IPv6
  'tcp6-syn': v6(tcp({ flags: syn, sport: 40001, dport: 80 })),
  'udp6-dns': v6(dns, { dst: '2001:db8::53', trafficClass: 0xb8, flow: 0x12345 }),
  'udp6-options': v6(extension(0, extension(60, udp(7, 7000, counting(6))))),
  'udp6-fragment': v6(fragment(0, true, udp(7, 7000, counting(24)))),
  'udp6-later': v6(fragment(4, false, raw(17, counting(16)))),
  'icmp6-echo': v6(icmp6(128, 0, echo(0x1092, 2), counting(16)), { hopLimit: 1 }),
  'icmp6-solicit': {
    ...v6(
      icmp6(
        135,
        0,
        [0, 0, 0, 0],
        [...ipv6({ src: 'fd00:9:1::1' }, dns).bytes.slice(8, 24), 1, 1, 2, 0xf1, 0, 0, 0, 1],
      ),
      {
        dst: 'ff02::1:ff00:1',
        hopLimit: 255,
      },
    ),
    to: '33:33:ff:00:00:01',
  },
  sctp6: v6(sctp(7000, 3868, [1, 0, 0, 4])),
  // other types
  'arp-request': {
    payload: arp(1, [SENDER_MAC, '10.9.0.1'], ['00:00:00:00:00:00', '10.9.1.1']),
    to: BROADCAST,
  },
  'arp-reply': { payload: arp(2, [RECEIVER_MAC, '10.9.1.1'], [SENDER_MAC, '10.9.0.1']) },
  'mpls-tcp': { payload: mpls(1024, ipv4({}, web)) },
  pppoe: { payload: pppoe(0x22, ipv4({}, dns)) },
  stp: { payload: llc([0x42, 0x42, 3, ...counting(35)]), to: '01:80:c2:00:00:00' },
  lonely: { payload: { type: 0x88b6, bytes: counting(46) } },
  // tags
  'vlan-tcp': tagged(7, v4(web)),
  'vlan-udp': tagged(100, v4(dns), 5),
  'vlan-icmp6': tagged(7, v6(icmp6(128, 0, echo(1, 1)))),
  'vlan-arp': {
    ...tagged(4094, { payload: arp(1, [SENDER_MAC, '10.9.0.1'], [BROADCAST, '10.9.1.1']) }),
    to: BROADCAST,
  },
  'vlan-priority': tagged(0, v4(dns), 7),
  'vlan-pppoe': tagged(7, { payload: pppoe(0x22, ipv4({}, dns)) }),
  qinq: tagged(200, tagged(7, v4(web)), 0, ETHERTYPE.serviceVlan),
  'vlan-in-vlan': tagged(7, tagged(100, v4(dns))),
  'three-tags': tagged(300, tagged(200, tagged(7, v4(web))), 0, ETHERTYPE.serviceVlan),
  // more than a page: AF_PACKET keeps all but the MAC header outside the linear part of the skb
  scattered: { ...v4(udp(7100, 7000, counting(4500))), visible: 14 },
};

/** Sent by raw sockets: seen without a MAC header first, then with the one that the kernel made. */
const IP_PACKETS: Readonly<Record<string, (src4: string, src6: string) => Payload>> = {
  'raw-syn': (src) =>
    ipv4({ src, fragment: 0x4000 }, tcp({ flags: syn, sport: 40001, dport: 80, options: MSS })),
  'raw-get': (src) =>
    ipv4({ src, tos: 0x10 }, tcp({ flags: psh | ack, dport: 8080, data: ascii('GET / HTTP/1.0\r\n\r\n') })),
  'raw-rst': (src) =>
    ipv4({ src, ttl: 255, dst: '192.168.7.200' }, tcp({ flags: rst | ack, sport: 80, dport: 1023 })),
  'raw-dns': (src) => ipv4({ src, dst: '8.8.8.8' }, dns),
  'raw-odd': (src) => ipv4({ src, ttl: 2, tos: 0xb8 }, udp(6999, 7000, counting(5, 0x61))),
  'raw-options': (src) => ipv4({ src, options: [1, 1, 1, 0] }, udp(7, 7001, counting(9))),
  'raw-first': (src) => ipv4({ src, fragment: 0x2000, id: 77 }, udp(7, 7000, counting(24))),
  'raw-later': (src) => ipv4({ src, fragment: 0x2004, id: 77 }, raw(17, counting(24, 0x1b))),
  'raw-echo': (src) => ipv4({ src }, icmp(8, 0, echo(0x1092, 1), counting(56))),
  'raw-closed': (src) => ipv4({ src, ttl: 32 }, icmp(3, 3, [0, 0, 0, 0], quoted)),
  'raw-sctp': (src) => ipv4({ src }, sctp(3868, 7000, [1, 0, 0, 4])),
  'raw-gre': (src) => ipv4({ src }, gre(ipv4({ src: '10.8.0.1' }, dns))),
  'raw-multicast': (src) => ipv4({ src, dst: '224.0.0.251', ttl: 1 }, udp(5353, 5353, counting(20))),
  'raw6-syn': (_, src) => ipv6({ src }, tcp({ flags: syn, sport: 40001, dport: 80 })),
  'raw6-dns': (_, src) => ipv6({ src, dst: '2001:db8::53', trafficClass: 0xb8 }, dns),
  'raw6-options': (_, src) => ipv6({ src }, extension(60, udp(7, 7000, counting(6)))),
  'raw6-later': (_, src) => ipv6({ src }, fragment(4, false, raw(17, counting(16)))),
  'raw6-echo': (_, src) => ipv6({ src, hopLimit: 255 }, icmp6(128, 0, echo(0x1092, 2), counting(16))),
};

/** Where the kernel sends an IP packet: all unicast goes to the one neighbour. */
function nextHop({ type, bytes }: Payload): string {
  const first = type === ETHERTYPE.ipv4 ? bytes[16] : undefined;
  if (first !== 224) return RECEIVER_MAC;
  return `01:00:5e:${[bytes[17], bytes[18], bytes[19]].map((byte) => two(byte ?? 0)).join(':')}`;
}

const two = (byte: number) => byte.toString(16).padStart(2, '0');

export const PACKETS: readonly Packet[] = [
  ...Object.entries(FRAMES).map(([name, { payload, to = RECEIVER_MAC, visible }], index): Packet => {
    const mark = `02:f1:00:00:00:${two(index)}`;
    return {
      name,
      how: 'frame',
      mark,
      frame: ethernet(to, mark, payload),
      ip: [],
      ...(visible !== undefined && { visible }),
    };
  }),
  ...Object.entries(IP_PACKETS).map(([name, build], index): Packet => {
    const [src4, src6] = [`10.9.9.${100 + index}`, `fd00:9:9::${(100 + index).toString(16)}`];
    const payload = build(src4, src6);
    const mark = payload.type === ETHERTYPE.ipv4 ? src4 : src6;
    return {
      name,
      how: 'ip',
      mark,
      frame: ethernet(nextHop(payload), SENDER_MAC, payload),
      ip: payload.bytes,
    };
  }),
];
