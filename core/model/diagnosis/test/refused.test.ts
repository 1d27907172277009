/** Given this end of a packet, this is said: firewalls, routes, neighbours, headers, programs, IPsec. */
import { describe, expect, it } from 'vitest';
import { asKernelAddress, asNetnsInode } from '../../../base/units.ts';
import type { Change, PacketState } from '../../hop.ts';
import { diagnose } from '../index.ts';
import { BOX, build, fact, HOST, icmp6, ip, meta, type Story, tcp, udp } from './build.ts';
import { REASONS_6_1, REASONS_SINCE } from './reasons.ts';

type Case = readonly [what: string, story: Story, rule: string, certainty: 'known' | 'likely', title: string];

const NFT = { table: 'sample', chain: 'input', handle: 7 };
const IPT = { table: 'filter', chain: '', handle: 0 };
const HOOK_BY = asKernelAddress('ffffffff81000010');
const dropped = (...drop: readonly [string, string]) => ({ drop });
const silent = (symbol: string) => ({ drop: ['NOT_SPECIFIED', symbol] as const });
const at = 'nf_hook_slow';

/** To fd00::3, with a route that stands for an error. */
const v6 = (error: number): PacketState => ({
  ip: ip({ version: 6, saddr: 'fe80::1', daddr: 'fd00::3' }),
  route: { dst: HOOK_BY, ifindex: 2, gateway: '', type: 0, error },
});

const CASES: readonly Case[] = [
  ['an nftables rule', { state: udp(9999), ...dropped('NETFILTER_DROP', at), decisions: [{ what: 'table', pf: 1, hook: 1, rule: NFT }] }, 'netfilter.table', 'known', 'The firewall dropped it in db: nftables inet sample input rule 7.'],
  ['a rule of a chain with a name of its own', { netns: HOST, ...dropped('NETFILTER_DROP', 'nft_do_chain'), decisions: [{ what: 'table', value: 0x10002, pf: 2, hook: 2, rule: { ...NFT, chain: 'cali-fw' } }] }, 'netfilter.table', 'known', 'The firewall dropped it on the host: nftables ip sample cali-fw rule 7, at FORWARD.'],
  ['a legacy iptables rule, without a reason', { netns: BOX, ...silent(at), decisions: [{ what: 'table', pf: 2, hook: 2, rule: IPT }] }, 'netfilter.table', 'known', 'The firewall dropped it in nginx(4711): iptables filter FORWARD.'],
  ['an ebtables rule', { ...silent(at), decisions: [{ what: 'table', pf: 7, hook: 2, rule: IPT }] }, 'netfilter.table', 'known', 'The firewall dropped it in db: ebtables filter FORWARD.'],
  ['connection tracking', { ...dropped('NETFILTER_DROP', at), decisions: [{ what: 'conntrack', value: 0 }, { what: 'hook', value: -1, pf: 2 }] }, 'conntrack.drop', 'known', 'Connection tracking dropped it in db.'],
  ['NAT', { ...dropped('NETFILTER_DROP', at), decisions: [{ what: 'nat', value: 0, used: 1 }] }, 'nat.failed', 'known', 'NAT could not rewrite its destination in db, so it was dropped.'],
  ['a hook', { ...dropped('NETFILTER_DROP', at), decisions: [{ what: 'hook', value: -1, pf: 2, hook: 4, by: HOOK_BY }], symbols: { [HOOK_BY]: 'my_hook' } }, 'netfilter.hook', 'known', 'Netfilter dropped it in db at ip POSTROUTING, in my_hook.'],
  ['a hook of conntrack', { ...dropped('NETFILTER_DROP', at), decisions: [{ what: 'hook', value: -1, pf: 2, hook: 4, by: HOOK_BY }], symbols: { [HOOK_BY]: 'nf_confirm' } }, 'netfilter.hook', 'likely', 'Netfilter dropped it in db at ip POSTROUTING, in nf_confirm: two packets probably began the same connection at once.'],
  ['netfilter, with no decision recorded', dropped('NETFILTER_DROP', 'nft_do_chain'), 'netfilter.unnamed', 'known', 'Netfilter dropped it in db; which rule did was not recorded.'],
  ['a queue to a program', { decisions: [{ what: 'table', value: 0x70003, pf: 1, hook: 1, rule: NFT }, { what: 'hook', value: 0 }] }, 'netfilter.taken', 'known', 'A firewall rule gave it to a program in db, through NFQUEUE 7.'],
  ['a hook that keeps fragments', { decisions: [{ what: 'hook', value: 0, pf: 2, hook: 0 }] }, 'netfilter.taken', 'known', 'Netfilter kept it in db at ip PREROUTING: a hook stole or queued it.'],
  ['the reverse path filter', { state: { ...udp(), iif: 2 }, ...dropped('IP_RPFILTER', 'ip_rcv_finish_core'), decisions: [{ what: 'source', value: -18 }] }, 'routing.rp-filter', 'known', 'The reverse path filter refused it in db: the way back to 10.1.0.2 does not lead over eth0.'],
  ['the reverse path filter of a kernel that gives no reason', { state: udp(), ...silent('ip_rcv_finish_core'), decisions: [{ what: 'source', value: -18 }] }, 'routing.rp-filter', 'known', 'The reverse path filter refused it in db: the way back to 10.1.0.2 does not lead over eth0.'],
  ['a martian source', { state: udp(), ...silent('ip_rcv_finish_core'), decisions: [{ what: 'source', value: -22 }] }, 'routing.source', 'known', 'The kernel does not accept 10.1.0.2 as a source on eth0 in db (martian).'],
  ['a martian address of a lookup', { state: udp(), ...silent('ip_rcv_finish_core'), decisions: [{ what: 'route', value: -22 }] }, 'routing.source', 'known', 'The kernel does not accept one of its addresses, 10.1.0.2 and 10.1.0.3, on eth0 in db (martian).'],
  ['the reverse path filter, by the lookup', { state: udp(), ...silent('ip_rcv_finish_core'), decisions: [{ what: 'route', value: -18 }] }, 'routing.rp-filter', 'known', 'The reverse path filter refused it in db: the way back to 10.1.0.2 does not lead over eth0.'],
  ['its own address coming in', { state: udp(), ...dropped('IP_LOCAL_SOURCE', 'ip_rcv_finish_core') }, 'routing.address', 'known', 'It arrived in db with 10.1.0.2 as its source, which is an address of this host.'],
  ['no route out', { state: udp(), ...dropped('IP_OUTNOROUTES', '__ip_queue_xmit') }, 'routing.no-route', 'known', 'There is no route to 10.1.0.3 in db.'],
  ['no route in, without a reason', { state: udp(), ...silent('ip_error'), decisions: [{ what: 'route', value: -113 }] }, 'routing.no-route', 'known', 'There is no route to 10.1.0.3 in db.'],
  ['a prohibiting route', { state: { ...udp(), route: { dst: HOOK_BY, ifindex: 2, gateway: '', type: 8, error: 13 } }, ...silent('ip_error'), decisions: [{ what: 'route', value: -13 }] }, 'routing.no-route', 'known', 'A route forbids 10.1.0.3 in db.'],
  ['a blackhole', { state: { ...udp(), route: { dst: HOOK_BY, ifindex: 2, gateway: '', type: 6, error: 22 } }, ...silent('dst_discard') }, 'routing.no-route', 'known', 'A blackhole route takes 10.1.0.3 in db.'],
  ['a place where routes end', { state: udp(), ...silent('ip6_pkt_discard') }, 'routing.no-route', 'likely', 'There is probably no route to 10.1.0.3 in db.'],
  ['a blackhole of IPv6, which is no martian', { state: v6(22), ...silent('dst_discard'), decisions: [{ what: 'route', pf: 10, value: -22 }] }, 'routing.no-route', 'known', 'A blackhole route takes fd00::3 in db.'],
  ['an unreachable route of IPv6', { state: v6(113), ...dropped('IP_INNOROUTES', 'ip6_pkt_drop'), decisions: [{ what: 'route', pf: 10, value: -113 }] }, 'routing.no-route', 'known', 'A route says that fd00::3 is unreachable in db.'],
  ['no route of IPv6', { state: v6(101), ...dropped('IP_INNOROUTES', 'ip6_pkt_drop'), decisions: [{ what: 'route', pf: 10, value: -101 }] }, 'routing.no-route', 'known', 'There is no route to fd00::3 in db.'],
  ['IPv6 forwarding that is off, with a reason', { state: v6(0), ...dropped('IP_INADDRERRORS', 'ip6_forward') }, 'routing.forwarding', 'likely', 'It was to be forwarded to fd00::3, but IPv6 forwarding is probably off in db.'],
  ['forwarding that is off', { state: udp(), ...dropped('IP_INADDRERRORS', 'ip_error') }, 'routing.forwarding', 'known', '10.1.0.3 is not an address here, and forwarding is off on eth0 in db.'],
  ['IPv6 forwarding that is off', { state: { ip: ip({ version: 6, daddr: 'fd00::3' }) }, ...silent('ip6_forward') }, 'routing.forwarding', 'likely', 'It was to be forwarded to fd00::3, but IPv6 forwarding is probably off in db.'],
  ['a neighbour that does not answer', { state: udp(), ...dropped('NEIGH_FAILED', 'arp_error_report') }, 'neighbour.failed', 'known', '10.1.0.3 did not answer ARP on eth0 in db.'],
  ['a gateway that does not answer', { state: { ...udp(), route: { dst: HOOK_BY, ifindex: 2, gateway: '10.1.0.1', type: 1, error: 0 } }, ...silent('arp_error_report') }, 'neighbour.failed', 'likely', '10.1.0.1, the gateway on its way, probably did not answer ARP on eth0 in db.'],
  ['a neighbour with a full queue', { state: udp(), ...dropped('NEIGH_QUEUEFULL', '__neigh_event_send') }, 'neighbour.reason', 'known', 'Too many packets wait for the link-layer address of 10.1.0.3 in db.'],
  ['a TTL that ran out', { state: { ip: ip({ ttl: 1 }) }, ...dropped('IP_INHDR', 'ip_forward') }, 'header.ttl', 'known', 'Its TTL ran out in db on the way to 10.1.0.3.'],
  ['a TTL that ran out, without a reason', { state: { ip: ip({ ttl: 1 }) }, ...silent('ip_forward') }, 'header.ttl', 'likely', 'Its TTL probably ran out in db on the way to 10.1.0.3.'],
  ['a packet too big', { state: { ip: ip({ length: 1500 }), mtu: 1400 }, ...dropped('PKT_TOO_BIG', 'ip_forward') }, 'header.mtu', 'known', 'It is too big for the next link in db and may not be fragmented (1,500 bytes, MTU 1,400 on eth0).'],
  ['a frame for another', { state: { eth: { dst: '02:00:00:00:00:09', src: '', type: 0x800, vlanTci: 0, innerVlanTci: 0 } }, ...dropped('OTHERHOST', 'ip_rcv_core') }, 'header.other-host', 'known', 'The frame is for another machine (02:00:00:00:00:09), not for eth0 in db.'],
  ['an echo request to all', { ...dropped('INVALID_PROTO', 'icmp_rcv') }, 'header.reason', 'known', 'It is an ICMP message to a broadcast or multicast address, which is not answered in db.'],
  ['IPv6 that is off', dropped('IPV6DISABLED', 'ip6_rcv_core'), 'header.reason', 'known', 'IPv6 is switched off on eth0 in db.'],
  ['an XDP program', { ...dropped('XDP', 'do_xdp_generic'), decisions: [{ what: 'xdp', value: 1, rule: { table: '', chain: 'shield', handle: 0 } }] }, 'xdp.drop', 'known', 'The XDP program shield on eth0 in db dropped it.'],
  ['an XDP program of veth', silent('veth_xdp_rcv_skb'), 'xdp.drop', 'likely', 'Probably the XDP program on eth0 in db dropped it.'],
  ['an XDP program that redirects', { decisions: [{ what: 'xdp', value: 4, rule: { table: '', chain: 'lb', handle: 0 } }], ended: 'in order' }, 'xdp-tc.elsewhere', 'known', 'The XDP program lb on eth0 in db redirected it to another interface, CPU or socket (XDP_REDIRECT).'],
  ['an XDP program that answers', { decisions: [{ what: 'xdp', value: 3 }] }, 'xdp-tc.elsewhere', 'known', 'The XDP program on eth0 in db sent it back out of the same interface (XDP_TX).'],
  ['a tc program', { ...dropped('TC_INGRESS', 'sch_handle_ingress'), decisions: [{ what: 'tc', value: 2, rule: { table: '', chain: 'deny', handle: 0 } }] }, 'tc.drop', 'known', 'The tc program deny dropped it at ingress on eth0 in db.'],
  ['filters of tc that a program answered for', { ...dropped('TC_EGRESS', '__dev_queue_xmit'), decisions: [{ what: 'tc', value: 2, rule: { table: '', chain: 'deny', handle: 0 } }, { what: 'tc', value: 2 }] }, 'tc.drop', 'known', 'The tc program deny dropped it at egress on eth0 in db.'],
  ['a tc program that redirects to nowhere', { ...silent('skb_do_redirect'), decisions: [{ what: 'tc', value: 7, rule: { table: '', chain: 'lb', handle: 0 } }] }, 'tc.redirect', 'likely', 'The tc program lb on eth0 in db redirected it to an interface that is probably not there, or down.'],
  ['a kernel that frees ICMPv6 so', { ...silent('icmpv6_rcv'), state: icmp6 }, 'ending.icmp6', 'likely', 'It was probably delivered to 10.1.0.3 in db: this kernel frees every ICMPv6 message as if it was dropped.'],
  ['a cgroup program', dropped('BPF_CGROUP_EGRESS', 'ip_finish_output'), 'program.egress', 'known', "A BPF program of its sender's cgroup did not let it out in db."],
  ['a security module', dropped('SECURITY_HOOK', 'sk_filter_trim_cap'), 'program.security', 'known', 'A security module forbade it in db.'],
  ['an IPsec policy', { state: tcp(2), ...dropped('XFRM_POLICY', 'tcp_v4_rcv'), decisions: [{ what: 'policy', value: 0, used: 0 }] }, 'ipsec.policy', 'known', 'An IPsec policy does not allow it from 10.1.0.2 to 10.1.0.3:80 in db.'],
  ['an IPsec state', silent('xfrm_input'), 'ipsec.state', 'likely', 'IPsec refused it on arrival in db: probably no security association fits, or it is a replay.'],
]; // biome-ignore format: a table

describe('a packet refused by', () => {
  it.each(CASES)('%s', (_, story, rule, certainty, title) => {
    const { path, names } = build(story);
    expect(diagnose(path, names)).toMatchObject({ rule, certainty, title });
  });
});

it('knows a source that IPv6 does not forward by forwarding that is on, and speaks of IPv6 only', () => {
  const source = build({ state: v6(0), ...dropped('IP_INADDRERRORS', 'ip6_forward') });
  const query = { kind: 'sysctl', netns: 2, name: 'net/ipv6/conf/all/forwarding' } as const;
  expect(diagnose(source.path, source.names, [fact(query, '1')])).toMatchObject({
    rule: 'routing.forwarding',
    title: 'It is not forwarded in db: its source fe80::1 is probably an address of the link alone.',
  });
  const stories: readonly Story[] = [
    { state: v6(101), ...dropped('IP_INNOROUTES', 'ip6_pkt_drop') },
    {
      state: { ...v6(0), mtu: 1280, meta: { ...meta(0), len: 1400 } },
      ...dropped('PKT_TOO_BIG', 'ip6_forward'),
    },
    { state: v6(0), ...dropped('NEIGH_QUEUEFULL', '__neigh_event_send') },
    { state: v6(0), ...silent('neigh_invalidate') },
    { state: { ...udp(), ...v6(0) }, ...dropped('UDP_CSUM', '__udp6_lib_rcv') },
  ];
  const told = stories.map((story) => {
    const { path, names } = build(story);
    const { title, advice, evidence, wants } = diagnose(path, names) ?? {};
    return JSON.stringify([title, advice, evidence, wants]);
  });
  expect(told.filter((text) => /ipv4|ARP|arping|UNSPEC|fragmentation|"Udp\.|"Icmp\./.test(text))).toEqual([]);
  expect(told[1]).toContain('ping -6 -M do -s 1232 fd00::3'); // 1,280 less 48 of headers
});

it('asks for the next hop of IPv6 before it names one', () => {
  const { path, names } = build({ state: v6(0), ...dropped('NEIGH_FAILED', 'neigh_invalidate') });
  const first = diagnose(path, names);
  expect(first?.title).toBe(
    'The next hop on its way to fd00::3 did not answer neighbour discovery on eth0 in db.',
  );
  expect(first?.wants.map(({ kind }) => kind)).toEqual(['route', 'interface']);
  const route = { kind: 'route', netns: 2, to: 'fd00::3' } as const;
  const told = (line: string) => diagnose(path, names, [fact(route, line)]);
  const over = told('fd00::3 from :: via fe80::9 dev eth0 src fd00::1 metric 1024 pref medium');
  expect(over?.title).toBe(
    'fe80::9, the gateway on its way, did not answer neighbour discovery on eth0 in db.',
  );
  expect(over?.wants).toContainEqual({ kind: 'neighbour', netns: 2, address: 'fe80::9', device: 'eth0' });
  expect(over?.advice.at(-1)?.command).toBe('ip netns exec db ping -6 -c1 fe80::9%eth0');
  expect(told('fd00::3 from :: dev eth0 src fd00::1 metric 256 pref medium')?.title).toBe(
    'fd00::3 did not answer neighbour discovery on eth0 in db.',
  );
});

describe('facts', () => {
  const byRule = build({
    state: udp(9999),
    drop: ['NETFILTER_DROP', at],
    decisions: [{ what: 'table', pf: 1, hook: 1, rule: NFT }],
  });

  it('are asked for, told as evidence once they are there, and not asked for again', () => {
    const before = diagnose(byRule.path, byRule.names);
    expect(before?.wants).toEqual([{ kind: 'nftRule', netns: 2, families: ['inet'], ...NFT }]);
    const facts = (before?.wants ?? []).map((query) =>
      fact(
        query,
        'table inet sample {',
        '\tchain input { # handle 1',
        '\t\tudp dport 9999 counter drop # handle 7',
      ),
    );
    const after = diagnose(byRule.path, byRule.names, facts);
    expect(after?.wants).toEqual([]);
    expect(after?.evidence.map(({ text }) => text)).toEqual([
      'nftables inet sample input rule 7: DROP',
      'rule 7: udp dport 9999 counter drop',
      'the kernel says NETFILTER_DROP, in nf_hook_slow+0x7a',
    ]);
    expect(
      after?.evidence.map(({ decision, hop, fact: told }) => [decision, told === facts[0], hop]),
    ).toEqual([
      [0, false, undefined],
      [undefined, true, undefined],
      [undefined, false, 1],
    ]);
    expect(after?.advice.map(({ command }) => command)).toEqual([
      'ip netns exec db nft -a list chain inet sample input',
      'ip netns exec db nft delete rule inet sample input handle 7',
    ]);
  });

  it('tell a reject from a drop', () => {
    const [query] = diagnose(byRule.path, byRule.names)?.wants ?? [];
    const lines = [
      'table inet sample {',
      '\tchain input { # handle 1',
      '\t\treject with tcp reset # handle 7',
    ];
    expect(diagnose(byRule.path, byRule.names, query && [fact(query, ...lines)])?.title).toBe(
      'The firewall rejected it in db: nftables inet sample input rule 7.',
    );
  });

  it('that could not be read say why', () => {
    const [query] = diagnose(byRule.path, byRule.names)?.wants ?? [];
    const facts = query && [
      { query, readAtUnixMs: 1, answer: { ok: false as const, reason: 'nft is not installed' } },
    ];
    const told = diagnose(byRule.path, byRule.names, facts)?.evidence.map(({ text }) => text);
    expect(told).toContain('chain input of table sample could not be read: nft is not installed');
  });

  it('explain a reverse path filter', () => {
    const { path, names } = build({
      state: { ...udp(), iif: 2 },
      drop: ['IP_RPFILTER', 'ip_rcv_finish_core'],
    });
    const answers = ['0', '1', 'unreachable: Network is unreachable'];
    const facts = (diagnose(path, names)?.wants ?? []).map((query, i) => fact(query, answers[i] ?? ''));
    expect(
      diagnose(path, names, facts)
        ?.evidence.map(({ text }) => text)
        .slice(0, 3),
    ).toEqual([
      'net.ipv4.conf.all.rp_filter is 0 (off)',
      'net.ipv4.conf.eth0.rp_filter is 1 (strict)',
      'route to 10.1.0.2: unreachable (Network is unreachable)',
    ]);
  });

  it('make a full table of connections the likely cause', () => {
    const { path, names } = build({
      drop: ['NETFILTER_DROP', at],
      decisions: [{ what: 'conntrack', value: 0 }],
    });
    const facts = [fact({ kind: 'conntrack', netns: 2 }, '262144', '262144')];
    expect(diagnose(path, names, facts)).toMatchObject({
      certainty: 'likely',
      title: 'Connection tracking dropped it in db, probably because its table is full.',
    });
  });

  it('name the interface to enter by process where the namespace has no name, and none on the host', () => {
    const command = (netns: number) => {
      const { path, names } = build({ netns, state: udp(), drop: ['IP_OUTNOROUTES', '__ip_queue_xmit'] });
      return diagnose(path, names)?.advice[0]?.command;
    };
    expect(command(BOX)).toBe('nsenter --net=/proc/4711/ns/net ip route get 10.1.0.3');
    expect(command(HOST)).toBe('ip route get 10.1.0.3');
  });

  it('are not asked for about what cannot be named', () => {
    const { path, names } = build({
      drop: ['NETFILTER_DROP', at],
      decisions: [{ what: 'table', pf: 1, hook: 1, rule: { ...NFT, chain: 'a b;c' } }],
    });
    expect(diagnose(path, names)?.wants).toEqual([]);
  });
});

it('tells how addresses changed before', () => {
  const { path, names } = build({
    drop: ['NETFILTER_DROP', at],
    changes: [{ field: 'ip.daddr', before: '192.0.2.1', after: '10.1.0.3' }],
  });
  expect(diagnose(path, names)?.evidence.at(-1)).toEqual({
    text: 'its destination address was changed from 192.0.2.1 to 10.1.0.3',
    hop: 0,
  });
});

it('takes no header that is being written for a translation, and knows where it was seen last', () => {
  const { path, names } = build({
    through: ['udp_send_skb', 'skb_consume_udp'],
    state: udp(),
    ended: 'in order',
    changes: [{ field: 'l4.sport', before: 0, after: 40000 }, { field: 'ip.saddr', before: '', after: '10.1.0.2' }],
  }); // biome-ignore format: short
  const hops = path.hops.map((hop, i) => (i === 1 ? { ...hop, netns: asNetnsInode(0) } : hop));
  expect(diagnose({ ...path, hops }, names)).toMatchObject({
    title: 'It was delivered to 10.1.0.3:9998 in db.',
    evidence: [],
  });
});

it('takes what a tunnel that encrypts puts around a packet for no translation, and NAT of that for one', () => {
  const { path, names } = build({
    through: [
      'wg_xmit',
      'iptunnel_xmit',
      'ip_output',
      'ip_output',
      'wg_receive',
      'napi_gro_receive',
      'udp_rcv',
    ],
    state: udp(),
    ended: 'in order',
  });
  const [inner, outer, translated] = ['10.1.0.2', '192.0.2.1', '198.51.100.1'].map((saddr) =>
    ip({ saddr, daddr: `${saddr}00` }),
  );
  const ips = [inner, inner, outer, translated, translated, inner, inner];
  const changes = new Map<number, readonly Change[]>([
    [1, [{ field: 'l4.sport', before: 40000, after: 0 }]],
    [2, [{ field: 'ip.saddr', before: '10.1.0.2', after: '192.0.2.1' }]],
    [3, [{ field: 'ip.saddr', before: '192.0.2.1', after: '198.51.100.1' }]],
    [5, [{ field: 'ip.saddr', before: '198.51.100.1', after: '10.1.0.2' }]],
  ]);
  const hops = path.hops.map((hop, i) => ({
    ...hop,
    state: { ...hop.state, ip: ips[i] ?? ip() },
    changes: changes.get(i) ?? [],
  }));
  expect(diagnose({ ...path, hops }, names)?.evidence).toEqual([
    { text: 'it went into a tunnel (wireguard) from 192.0.2.1 to 192.0.2.100', hop: 2 },
    { text: 'its source address was changed from 192.0.2.1 to 198.51.100.1', hop: 3 },
    { text: 'it came out of the tunnel (wireguard) at 198.51.100.100', hop: 5 },
  ]);
});

it('advises settings by their whole name, for the namespace or the host', () => {
  const reasons = [...REASONS_6_1, ...REASONS_SINCE].map(
    (reason): Story => ({ drop: [reason, 'a_function'] }),
  );
  const commands = [...CASES.map(([, story]) => story), ...reasons].flatMap((story) => {
    const { path, names } = build(story);
    return diagnose(path, names)?.advice.flatMap(({ command }) => command ?? []) ?? [];
  });
  const settings = commands.flatMap((command) => /\bsysctl (?:-w )?(\S+)/.exec(command)?.[1] ?? []);
  expect(settings.length).toBeGreaterThan(5);
  for (const setting of settings) expect(setting).toMatch(/^net[./]/);
});

describe('a kernel that names forwarding that is off', () => {
  const story: Story = {
    state: { ...udp(), route: { dst: HOOK_BY, ifindex: 1, gateway: '', type: 7, error: 113 } },
    ...silent('ip_error'),
  };

  it('means an unreachable route where it gives no reason', () => {
    const { path, names } = build(story);
    expect(diagnose(path, names)?.rule).toBe('routing.forwarding');
    names.take({ reasons: [...names.reasons, { value: 78, name: 'IP_INADDRERRORS' }] });
    expect(diagnose(path, names)).toMatchObject({
      rule: 'routing.no-route',
      certainty: 'known',
      title: 'A route says that 10.1.0.3 is unreachable in db.',
    });
  });
});
