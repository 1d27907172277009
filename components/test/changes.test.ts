/** What changed at a hop, as a person reads it. */
import { describe, expect, it } from 'vitest';
import { asKernelAddress, asNetnsInode } from '../../core/base/units.ts';
import type { Change, PacketState } from '../../core/model/hop.ts';
import { NameBook } from '../../core/model/names.ts';
import { TUNNEL } from '../../core/wire/layout.gen.ts';
import { changeTexts } from '../views/path/changes.ts';

const names = new NameBook();
names.take({
  namespaces: [{ inode: 1, name: 'web', origin: 'named', interfaces: [{ ifindex: 2, name: 'eth0' }] }],
});
const ADDRESS = asKernelAddress('ffff888004cc1200');
const NULL = asKernelAddress('0'.repeat(16));
const ROUTE = { dst: ADDRESS, ifindex: 2, gateway: '10.1.0.1', type: 1, error: 0 };
const BUFFER = {
  hash: 1, truesize: 768, csum: 0, gsoType: 1, gsoSize: 1448, gsoSegs: 3, queueMapping: 0, nrFrags: 0, ipSummed: 3,
  csumLevel: 0, bits: 1,
}; // biome-ignore format: short
const META = {
  len: 60,
  dataLen: 0,
  mark: 0,
  priority: 0,
  protocol: 0x800,
  vlanTci: 0,
  vlanProto: 0,
  pktType: 0,
};

const change = (field: string, before: string | number, after: string | number): Change => ({
  field,
  before,
  after,
});
/** `label: before → after` with the tone in front. */
const texts = (state: PacketState, ...changes: readonly Change[]): string[] =>
  changeTexts({ state, changes, netns: asNetnsInode(1) }, names).map(
    ({ label, before, after, tone }) => `${tone} ${label}: ${before} → ${after}`,
  );

describe('what changed', () => {
  it('has what routing and rules decide by first, and bookkeeping last', () => {
    expect(
      texts(
        { buffer: BUFFER, meta: META },
        change('buffer.truesize', 512, 768),
        change('meta.len', 60, 74),
        change('ip.daddr', '192.0.2.1', '10.1.0.3'),
        change('comm', 'bash', 'nc'),
      ),
    ).toEqual([
      'strong destination: 192.0.2.1 → 10.1.0.3',
      'plain len: 60 → 74',
      'muted truesize: 512 → 768',
      'muted running task: bash → nc',
    ]);
  });

  it('says a route once, as one reads it', () => {
    expect(
      texts(
        { route: ROUTE },
        change('route.dst', NULL, ADDRESS),
        change('route.ifindex', 0, 2),
        change('route.gateway', '', '10.1.0.1'),
        change('route.type', 0, 1),
      ),
    ).toEqual(['plain route: none → via 10.1.0.1 dev eth0']);
    expect(
      texts({ route: { ...ROUTE, type: 7, error: 113 } }, change('route.type', 1, 7), change('route.error', 0, 113)),
    ).toEqual(['plain route: via 10.1.0.1 dev eth0 → unreachable via 10.1.0.1 dev eth0 EHOSTUNREACH']); // biome-ignore format: short
  });

  it('mutes another entry of the same route', () => {
    expect(texts({ route: ROUTE }, change('route.dst', 'ffff888004cc1100', ADDRESS))).toEqual([
      `muted route entry: ffff888004cc1100 → ${ADDRESS}`,
    ]);
  });

  it('has words for conntrack, also when the entry appears with the same number', () => {
    const conntrack = { ct: ADDRESS, status: 0x8, mark: 0, info: 0 };
    expect(
      texts({ conntrack }, change('conntrack.ct', NULL, ADDRESS), change('conntrack.status', 0, 8)),
    ).toEqual(['plain conntrack: none → established', 'plain conntrack status: none → confirmed']);
    expect(texts({ conntrack: { ...conntrack, info: 3 } }, change('conntrack.info', 2, 3))).toEqual([
      'plain conntrack: new → established reply',
    ]);
  });

  it('has words for offload, VLAN tags and owners', () => {
    expect(
      texts({ buffer: BUFFER }, change('buffer.ipSummed', 0, 3), change('buffer.gsoSize', 0, 1448)),
    ).toEqual(['plain segmentation: none → 3 × 1448 TCPv4', 'plain checksum: none → partial']);
    expect(
      texts(
        { meta: { ...META, vlanTci: 0xa064, vlanProto: 0x8100 } },
        change('meta.vlanTci', 0, 0xa064),
        change('meta.vlanProto', 0, 0x8100),
      ),
    ).toEqual(['plain VLAN tag: none → 100 pcp 5']);
    expect(
      texts(
        { owner: { pid: 12, uid: 0, cgroup: 0, comm: 'curl' } },
        change('owner.pid', 0, 12),
        change('owner.comm', '', 'curl'),
      ),
    ).toEqual(['plain owner: none → curl (12)']);
  });

  it('tells a tunnel that begins from a change inside one', () => {
    const at = { saddr: '10.0.0.1', daddr: '10.0.0.2', version: 4, protocol: 6, length: 60, id: 1, frag: 0, ttl: 64, tos: 0 }; // biome-ignore format: short
    const l4 = { kind: 1, sport: 1, dport: 80, tcpSeq: 0, tcpAck: 0, tcpWindow: 0, tcpFlags: 2, icmpType: 0, icmpCode: 0, icmpId: 0, icmpSeq: 0, arpOp: 0 }; // biome-ignore format: short
    const inner = { tunnel: TUNNEL.vxlan, vni: 42, ip: at, l4 };
    expect(
      texts(
        { inner },
        change('inner.tunnel', 0, TUNNEL.vxlan),
        change('inner.vni', 0, 42),
        change('inner.ip.saddr', '0.0.0.0', '10.0.0.1'),
      ),
    ).toEqual(['plain tunnel: none → VXLAN VNI 42']);
    expect(texts({ inner }, change('inner.ip.saddr', '10.9.9.9', '10.0.0.1'))).toEqual([
      'strong inner source: 10.9.9.9 → 10.0.0.1',
    ]);
  });

  it('shows of a control block where it differs', () => {
    expect(
      texts(
        { control: { cb: `00ff${'0'.repeat(92)}`, users: 1, dataref: 1 } },
        change('control.cb', '0'.repeat(96), `00ff${'0'.repeat(92)}`),
      ),
    ).toEqual(['muted control block: +1: 0000000000000000 → +1: ff00000000000000']);
  });

  it('is no translation when a header was not written before', () => {
    expect(texts({}, change('l4.sport', 0, 53))).toEqual(['plain source port: 0 → 53']);
  });
});
