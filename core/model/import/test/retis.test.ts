import { describe, expect, it } from 'vitest';
import { DECISION_KIND, RELATION } from '../../../wire/layout.gen.ts';
import { unixNs } from '../../export/time.ts';
import { VERDICT } from '../../packet.ts';
import { isRetis, RetisImporter } from '../retis.ts';
import { importAll, waysOf } from './imported.ts';

/** Written by hand after retis-events: an ICMP echo request as bytes, from Ethernet on. */
const PING = btoa(
  String.fromCharCode(
    ...[0x02, 0, 0, 0, 0, 3, 0x02, 0, 0, 0, 0, 2, 0x08, 0x00],
    ...[0x45, 0, 0, 84, 0x12, 0x34, 0x40, 0, 64, 1, 0, 0, 10, 1, 0, 2, 10, 1, 0, 3],
    ...[8, 0, 0, 0, 0, 22, 0, 1],
  ),
);
const STARTUP =
  '{"common":{"timestamp":23868643385852},"startup":{"retis_version":"v1.7.0","cmdline":"retis collect","clock_monotonic_offset":{"sec":1742309146,"nsec":500000000},"machine":{"kernel_release":"6.12.9","kernel_version":"#1 SMP","hardware_name":"x86_64"}}}';

interface Told {
  readonly at?: number;
  readonly symbol?: string;
  readonly type?: string;
  readonly skb?: string;
  readonly data?: string;
  readonly more?: string;
}

/** Addresses are digits: as doubles, those of neighbours would be the same. */
const event = ({
  at = 23868643385999,
  symbol = 'net:netif_receive_skb',
  type = 'raw_tracepoint',
  skb = '18446616546229617920',
  data = '18446616568293939200',
  more = '',
}: Told = {}) =>
  `{"common":{"smp_id":3,"task":{"comm":"ping","pid":1361,"tgid":1360},"timestamp":${at}},"kernel":{"probe_type":"${type}","symbol":"${symbol}"},"packet":{"len":98,"capture_len":42,"data":"${PING}"},"skb":{"meta":{"len":98,"data_len":0,"priority":6}},"netns":{"cookie":3,"inum":4026532741},"dev":{"name":"veth0","ifindex":11,"rx_ifindex":10},"skb-tracking":{"orig_head":${data},"skb":${skb},"timestamp":23868643385999}${more}}`;
const DROP = ',"skb-drop":{"drop_reason":"NO_SOCKET"}';
const imported = (...lines: readonly string[]) => importAll(new RetisImporter(), lines);

describe('events of Retis', () => {
  it('have their place, their time of day and their headers', () => {
    const { hello, names, paths } = imported(STARTUP, event());
    const [hop] = paths.get(1)?.hops ?? [];
    expect(hop).toMatchObject({ cpu: 3, pid: 1360, netns: 4026532741, ifindex: 11, skb: 'ffff8c03b1dc0500' });
    expect(hop?.state).toMatchObject({
      device: 'veth0',
      iif: 10,
      comm: 'ping',
      meta: { len: 98, priority: 6 },
      eth: { src: '02:00:00:00:00:02', dst: '02:00:00:00:00:03' },
      ip: { saddr: '10.1.0.2', daddr: '10.1.0.3', ttl: 64, id: 0x1234, length: 84 },
      l4: { icmpType: 8, icmpId: 22, icmpSeq: 1 },
    });
    expect(names.interfaceName(hop?.netns ?? (0 as never), 11)).toBe('veth0');
    expect(hello).toMatchObject({ kernel: '6.12.9', architecture: 'x86_64', hostname: '' });
    expect(unixNs(hello.baseUnixMs, hop?.timeNs ?? 0)).toBe(1_742_309_146_500_000_000n + 23_868_643_385_999n);
  });

  it('are one packet’s by the data that skbs share, and clones by the skb', () => {
    const clone = '18446616546229618176';
    const { names, paths } = imported(
      event(),
      event({ symbol: 'ip_rcv', type: 'kprobe', at: 23868643386000 }),
      event({ symbol: 'packet_rcv', type: 'kprobe', skb: clone, at: 23868643386001 }),
      event({ symbol: 'icmp_rcv', type: 'kretprobe', at: 23868643386002 }),
    );
    expect([...paths.values()].map((path) => waysOf(path, names))).toEqual([
      ['net:netif_receive_skb', 'ip_rcv', 'icmp_rcv+return'],
      ['packet_rcv'],
    ]);
    expect(paths.get(2)).toMatchObject({ parent: 1, relation: RELATION.clone });
  });

  it('tell drops with their reason, and ends', () => {
    const { names, rows, paths } = imported(
      event({ symbol: 'tcp_v4_rcv', type: 'kprobe' }),
      event({ symbol: 'skb:kfree_skb', more: DROP, at: 23868643386009 }),
      event({ symbol: 'ip_rcv', type: 'kprobe', skb: '18446616546229618176', data: '18446616568293939712' }),
      event({ symbol: 'skb:consume_skb', skb: '18446616546229618176', data: '18446616568293939712' }),
    );
    expect([...rows.values()].map(({ verdict }) => verdict)).toEqual([VERDICT.dropped, VERDICT.consumed]);
    expect(names.reasonName(rows.get(1)?.reason ?? 0)).toBe('NO_SOCKET');
    expect(paths.get(1)?.free?.dropped).toBe(true);
  });

  it('tell the reason of a subsystem under its name', () => {
    const drop = ',"skb-drop":{"subsys":"openvswitch","drop_reason":"LAST_ACTION"}';
    const { names, rows } = imported(event({ symbol: 'skb:kfree_skb', more: drop }));
    expect(names.reasonName(rows.get(1)?.reason ?? 0)).toBe('openvswitch/LAST_ACTION');
  });

  it('have conntrack, nftables’ verdicts and stacks', () => {
    const more =
      ',"ct":{"state":"established","zone_id":0,"zone_dir":"Default","ct_status":398,"mark":5},"nft":{"table_name":"filter","chain_name":"input","verdict":"drop","table_handle":1,"chain_handle":2,"rule_handle":7,"policy":false}';
    const stack = event({ more }).replace(
      '"symbol"',
      '"stack_trace":["nft_do_chain+0x5","nf_hook_slow+0x41"],"symbol"',
    );
    const { names, paths } = imported(stack);
    const path = paths.get(1);
    expect(path?.hops[0]?.state.conntrack).toMatchObject({ info: 0, status: 398, mark: 5 });
    expect(path?.decisions).toMatchObject([
      { decision: DECISION_KIND.table, value: 0, rule: { table: 'filter', chain: 'input', handle: 7 } },
    ]);
    expect(names.stackFrames(path?.hops[0]?.stack ?? 0)).toEqual(['nft_do_chain+0x5', 'nf_hook_slow+0x41']);
  });

  it('may come sorted, a packet a line, and not in the order of time', () => {
    const later = event({ at: 23868643399999, data: '18446616568293939712' });
    const { hello, paths } = imported(STARTUP, `[${later}]`, `[${event()},${event({ at: 23868643386000 })}]`);
    expect([...paths.values()].map(({ hops }) => hops.length)).toEqual([1, 2]);
    const first = paths.get(2)?.hops[0]?.timeNs ?? 0;
    expect(unixNs(hello.baseUnixMs, first)).toBe(1_742_309_146_500_000_000n + 23_868_643_385_999n);
  });

  it('of 1.5 have theirs in the section skb', () => {
    const old = `{"common":{"timestamp":5},"kernel":{"probe_type":"kprobe","symbol":"ip_rcv"},"skb":{"packet":{"len":98,"capture_len":42,"packet":"${PING}"},"ns":{"netns":4026531840},"dev":{"name":"eth0","ifindex":2}},"skb-tracking":{"orig_head":1,"skb":2,"timestamp":5}}`;
    const [hop] = imported(old).paths.get(1)?.hops ?? [];
    expect(hop).toMatchObject({ netns: 4026531840, ifindex: 2, state: { ip: { saddr: '10.1.0.2' } } });
  });

  it('that are of no packet are left out, and counted', () => {
    const importer = new RetisImporter();
    importAll(importer, [event(), '{"common":{"timestamp":9},"userspace":{"symbol":"x"}}']);
    expect(importer.leftOut).toBe('1 events are of no packet that Retis tracked, and are left out');
    const none = new RetisImporter();
    none.take('{"common":{"timestamp":9},"kernel":{"symbol":"ip_rcv","probe_type":"kprobe"}}');
    expect(() => none.end()).toThrow('none of its events says which packet it is about: collect with');
  });

  it.each([
    ['{"kernel":{"symbol":"x"}}', 'common is missing'],
    [event().replace('"smp_id":3', '"smp_id":-3'), 'common.smp_id: expected a whole number'],
    [event({ skb: '18446744073709551616' }), 'skb-tracking.skb: expected a whole number of 64 bits'],
    [event().replace(PING, '§'), 'the bytes of its packet are no base64'],
    ['7', 'expected Object'],
  ])('are refused where they are none: %s', (line, problem) => {
    expect(() => new RetisImporter().take(line)).toThrow(problem);
  });

  it('are known by what each of them has', () => {
    expect([JSON.parse(STARTUP), [JSON.parse(event())], {}, []].map(isRetis)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
