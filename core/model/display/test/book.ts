import { L4_KIND } from '../../../wire/layout.gen.ts';
import { packedRows, type RowFields } from '../../../wire/test/rows.ts';
import { NameBook } from '../../names.ts';
import { VERDICT } from '../../packet.ts';

/** Two namespaces, two functions, two reasons. */
export function book(): NameBook {
  const names = new NameBook();
  names.take({
    functions: ['ip_rcv', 'udp_rcv'].map((name, i) => ({
      id: i + 1,
      name,
      module: '',
      argument: 1,
      isDefault: true,
    })),
    namespaces: ['web', 'db'].map((name, i) => ({
      inode: i + 1,
      name,
      origin: 'named' as const,
      interfaces: [{ ifindex: 2, name: i === 0 ? 'eth0' : 'br0' }],
    })),
    reasons: [
      { value: 3, name: 'NO_SOCKET' },
      { value: 8, name: 'NETFILTER_DROP' },
    ],
    symbols: [{ address: 'ffffffff81000010', name: 'nf_hook_slow', module: '', offset: 0xa5 }],
  });
  return names;
}

const SYN = 2;
const ACK = 16;

/** By name, for tests to say which pass. */
export const SAMPLE: Readonly<Record<string, RowFields>> = {
  syn: {
    packet: 1, firstNs: 1e9, lastNs: 1e9 + 300e3, firstNetns: 1, lastNetns: 2, firstIfindex: 2, lastIfindex: 2,
    hops: 12, length: 60, verdict: VERDICT.delivered, ipVersion: 4, ipProtocol: 6, protocol: 0x800,
    l4Kind: L4_KIND.tcp, tcpFlags: SYN, saddr: [10, 1, 0, 3], daddr: [10, 2, 0, 9], sport: 40_000, dport: 8080,
  },
  synAck: {
    packet: 2, firstNs: 2e9, lastNs: 2e9 + 5e6, firstNetns: 2, lastNetns: 2, hops: 4, length: 60,
    verdict: VERDICT.inFlight, ipVersion: 4, ipProtocol: 6, protocol: 0x800, l4Kind: L4_KIND.tcp,
    tcpFlags: SYN | ACK, saddr: [10, 2, 0, 9], daddr: [10, 1, 0, 3], sport: 8080, dport: 40_000, translated: true,
  },
  drop: {
    packet: 42, parent: 1, firstNs: 3e9, lastNs: 3e9 + 1e3, firstNetns: 1, lastNetns: 1, hops: 3, length: 1500,
    verdict: VERDICT.dropped, reason: 8, locationHigh: 0xffffffff, locationLow: 0x81000010, lastFunc: 2,
    ipVersion: 4, ipProtocol: 17, protocol: 0x800, l4Kind: L4_KIND.udp, saddr: [192, 168, 7, 1],
    daddr: [10, 1, 0, 3], sport: 53, dport: 9999,
  },
  ping6: {
    packet: 5, firstNs: 4e9, lastNs: 4e9, hops: 1, length: 104, verdict: VERDICT.delivered, lastFunc: 1,
    ipVersion: 6, ipProtocol: 58, protocol: 0x86dd, l4Kind: L4_KIND.icmp6, icmpType: 128, icmpId: 7, icmpSeq: 1,
    saddr: [0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], daddr: [0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
  },
  arp: {
    packet: 6, firstNs: 5e9, lastNs: 5e9, verdict: VERDICT.consumed, protocol: 0x806, l4Kind: L4_KIND.arp, arpOp: 1,
    saddr: [10, 1, 0, 3], daddr: [10, 1, 0, 1], hops: 2, length: 28,
  },
}; // biome-ignore format: a table

export const SAMPLE_NAMES = Object.keys(SAMPLE);
export const sampleRows = (): DataView => new DataView(packedRows(...Object.values(SAMPLE)));
