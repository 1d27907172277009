/** One becomes many and many become one: fragments, segments, retransmissions, and data that is moved. */
import { check, equal, inOrder, only } from './check.ts';
import { IS_6_1 } from './deaths.ts';
import {
  childrenOf,
  type Ending,
  ends,
  functionsOf,
  hopIn,
  originsOf,
  said,
  saidAt,
  steady,
  WHY,
} from './expect.ts';
import {
  address,
  address6,
  ip,
  mac,
  nft,
  Running,
  run,
  shell,
  tool,
  wire,
  withNamespaces,
} from './network.ts';
import { originals, staysOf } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import type { Packet } from './trace.ts';

type Packets = ReadonlyMap<number, Packet>;

const PEERS = tool('peers');
const [A, ROUTER, B] = ['seg-a', 'seg-r', 'seg-b'];
const NEAR = 73;
const FAR = 74;

/** a ─ router ─ b; jumbo frames fit between a and the router. */
const withRouter = (use: () => Promise<void>) =>
  withNamespaces([A, ROUTER, B], async () => {
    wire(
      { netns: A, device: 'sa', host: 1 },
      { netns: ROUTER, device: 'ra', host: 2 },
      { net: NEAR, mtu: 9000 },
    );
    wire({ netns: ROUTER, device: 'rb', host: 2 }, { netns: B, device: 'sb', host: 1 }, { net: FAR });
    shell(ROUTER, 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    ip(A, `route add default via ${address(NEAR, 2)}`);
    await use();
  });

const withCable = (net: number, use: () => Promise<void>) =>
  withNamespaces([A, B], async () => {
    wire({ netns: A, device: 'sa', host: 1 }, { netns: B, device: 'sb', host: 2 }, { net });
    await use();
  });

const delivered: Ending = {
  verdict: 'delivered',
  rule: 'ending.ordinary',
  tone: 'ordinary',
  title: /delivered to/,
};
const passedOn = (verdict: Ending['verdict'], title: RegExp): Ending => ({
  verdict,
  rule: 'ending.passed-on',
  tone: 'ordinary',
  title,
});

const PAYLOAD = 4000;

/** One 4,000-byte datagram each: cut by a router, and by hosts whose sockets make lists of fragments. */
async function fragments(): Promise<void> {
  await withRouter(async () => {
    const readers: Running[] = [];
    for (const port of ['7104', '7105', '7106'])
      readers.push(await Running.start(B, PEERS, 'udp-take', port, '1'));
    const { packets } = await trace({
      args: [
        ...WHY,
        `src host ${address(NEAR, 1)} or src host ${address(FAR, 2)} or (src host ${address6(FAR, 2)} and not icmp6)`,
      ],
      async traffic() {
        run(A, PEERS, 'udp-send', address(FAR, 1), '7104', '1', String(PAYLOAD));
        run(ROUTER, PEERS, 'udp-send', address(FAR, 1), '7105', '1', String(PAYLOAD));
        run(ROUTER, PEERS, 'udp-send', address6(FAR, 1), '7106', '1', String(PAYLOAD));
        for (const reader of readers) await reader.ended();
      },
    });
    const roots = originals(packets.values());
    equal(roots.length, 3, 'datagrams that were sent');
    const from = (port: number) =>
      only(roots, (packet) => said(packet, 'dport').includes(port), `to port ${port}`);
    const v4 = { lengths: [1500, 1500, 1068], places: [0x2000, 0x2000 | 185, 370] };
    const routed = from(7104);
    const cut = childrenOf(packets, routed, 'fragment');
    steady([routed], 'ip_id');
    equal(staysOf(routed), [A, ROUTER], 'the routed datagram ends where it is cut');
    equal(functionsOf(routed).at(-1), 'ip_do_fragment', 'by');
    ends(routed, passedOn('forwarded', /cut into 3 fragments, the first of them packet/));
    reassembled(packets, routed, cut, v4, ROUTER);
    // the first fragment of a list is the packet itself
    const host = from(7105);
    reassembled(packets, host, [host, ...childrenOf(packets, host, 'fragment')], v4, ROUTER);
    const host6 = from(7106);
    const v6 = { lengths: [1496, 1496, 1160], places: [1, 1448 | 1, 2896] };
    reassembled(packets, host6, [host6, ...childrenOf(packets, host6, 'fragment')], v6, ROUTER);
  });
}

interface Cut {
  readonly lengths: readonly number[];
  /** Flags and offset, as the header has them. */
  readonly places: readonly number[];
}

/** The fragments of a datagram, in order, and what they become in b. */
function reassembled(
  packets: Packets,
  root: Packet,
  parts: readonly Packet[],
  cut: Cut,
  sender: string,
): void {
  equal(parts.length, 3, 'fragments');
  const sent = parts.map((part) =>
    part.hops.findIndex((hop) => /^ip6?_finish_output2$/.test(hop.func ?? '')),
  );
  check(
    sent.every((at) => at >= 0),
    'each is sent on its own',
    sent,
  );
  const says = (field: string) =>
    parts.map((part, i) => saidAt(part, part.hops[sent[i] ?? 0] ?? hopIn(part, ''), field));
  equal(says('len'), [...cut.lengths], 'lengths of the fragments');
  equal(says('ip_frag'), [...cut.places], 'places of the fragments');
  equal(new Set(says('ip_id')).size, 1, 'IP ids of the fragments');
  for (const part of parts) {
    if (part !== root) equal(originsOf(part), [`fragment of ${root.id}`], 'origin of a fragment');
    equal(staysOf(part), [sender, B], 'namespaces of a fragment');
  }
  const [first, , last] = parts;
  check(first !== undefined && last !== undefined, 'there is a first and a last');
  // the last to come takes over what the first is (skb_morph), and a clone of it stands in its place
  const whole = only(childrenOf(packets, first, 'morph'), () => true, 'datagram');
  equal(
    originsOf(whole),
    [`morph of ${first.id}`, ...parts.map((part) => `reassembly of ${part.id}`)],
    'what the datagram came out of',
  );
  for (const part of parts)
    ends(part, passedOn('consumed', new RegExp(`fragment, and was put together .* packet ${whole.id}\\.`)));
  const standIn = only(childrenOf(packets, last, 'clone'), () => true, 'clone of the last fragment');
  equal([standIn.hops.length, standIn.drops.length, standIn.frees.length], [0, 0, 1], 'its short life');
  equal(staysOf(whole), [B], 'where the datagram is');
  equal(saidAt(whole, hopIn(whole, '__udp_enqueue_schedule_skb'), 'len'), PAYLOAD, 'bytes for the socket');
  ends(whole, delivered);
}

const STREAM = 8000;

async function segments(): Promise<void> {
  await withCable(75, async () => {
    run(A, PEERS, 'offload', 'sa', 'tso', 'off');
    run(B, PEERS, 'offload', 'sb', 'gro', 'on');
    const reader = await Running.start(B, PEERS, 'tcp-take', '7107', String(STREAM));
    const { packets } = await trace({
      args: [...WHY, 'tcp dst port 7107'],
      async traffic() {
        run(A, PEERS, 'tcp-send', address(75, 2), '7107', String(STREAM));
        await reader.ended();
      },
    });
    steady(packets.values(), 'ip_id', 'sport', 'dport');
    check(
      [...packets.values()].every((packet) =>
        packet.origins.every(({ relation }) => relation !== 'retransmit'),
      ),
      'nothing is sent twice: a segment is no retransmission of what it was cut from',
      [...packets.values()].map(originsOf),
    );
    const large = originals(packets.values()).filter(
      (packet) => Number(said(packet, 'gso_segs')[0] ?? 0) > 1,
    );
    check(large.length > 0, 'TCP makes packets of more than one segment', packets.size);
    const merged = large.map((packet) => cutAndMerged(packets, packet));
    const small = originals(packets.values()).filter((packet) => !large.includes(packet));
    const read = [...merged, ...small].map((packet) =>
      packet.hops
        .filter(({ func }) => func === 'tcp_queue_rcv')
        .map((hop) => Number(saidAt(packet, hop, 'len'))),
    );
    equal(
      read.flat().reduce((sum, length) => sum + length, 0),
      STREAM,
      'bytes that reach the socket, all packets together',
    );
  });
}

/** A packet that the sender cuts into segments and the receiver's GRO merges again; returns what that became. */
function cutAndMerged(packets: Packets, large: Packet): Packet {
  const parts = childrenOf(packets, large, 'segment');
  equal(parts.length, Number(said(large, 'gso_segs')[0]), 'segments');
  equal(functionsOf(large).at(-1), 'validate_xmit_skb', 'where it is cut');
  equal(staysOf(large), [A], 'where it stays');
  ends(large, passedOn('consumed', new RegExp(`cut into ${parts.length} segments \\(GSO\\)`)));
  const [first, ...others] = parts;
  check(first !== undefined, 'there is a first segment');
  equal(
    originsOf(first),
    [`segment of ${large.id}`, ...others.map((part) => `merge of ${part.id}`)],
    'what the first segment came out of, and took in',
  );
  for (const part of others) {
    equal(originsOf(part), [`segment of ${large.id}`], 'origin of a segment');
    inOrder(functionsOf(part), ['veth_xmit', 'napi_gro_receive', 'dev_gro_receive'], 'path of a segment');
    ends(part, passedOn('consumed', new RegExp(`merged into packet ${first.id},`)));
  }
  const arrived = hopIn(first, 'ip_rcv_core');
  equal(saidAt(first, arrived, 'gso_segs'), parts.length, 'segments in what GRO made');
  ends(first, delivered);
  return first;
}

interface Call {
  readonly port: number;
  readonly to: string;
  /** Bytes of IP and UDP header. */
  readonly headers: number;
  readonly segment: number;
  /** Bytes of each datagram. */
  readonly parts: readonly number[];
}

const NET = 78;
/** As many as a call may have: 64 until 6.10 (1382e3b6a350 "net: change maximum number of UDP segments to 128"). */
const MOST = IS_6_1 ? 64 : 128;
const CALLS: readonly Call[] = [
  { port: 7110, to: address(NET, 2), headers: 28, segment: 1000, parts: [1000, 1000, 1000, 500] },
  { port: 7111, to: address6(NET, 2), headers: 48, segment: 1000, parts: [1000, 1000, 1000, 500] },
  { port: 7112, to: address(NET, 2), headers: 28, segment: 20, parts: Array(MOST).fill(20) },
];

/** One sendmsg of several datagrams each, which the device does not cut itself. */
async function datagrams(): Promise<void> {
  await withCable(NET, async () => {
    ip(A, 'link set sa gso_max_segs 1');
    const readers: Running[] = [];
    for (const { port, parts } of CALLS)
      readers.push(await Running.start(B, PEERS, 'udp-take', String(port), String(parts.length)));
    const { packets } = await trace({
      args: [...WHY, 'udp dst portrange 7110-7112'],
      async traffic() {
        for (const { port, to, segment, parts } of CALLS)
          run(A, PEERS, 'udp-send', to, String(port), '1', String(sum(parts)), String(segment));
        for (const reader of readers) await reader.ended();
      },
    });
    equal(
      packets.size,
      sum(CALLS.map(({ parts }) => 1 + parts.length)),
      'packets, and what they were cut into',
    );
    steady(packets.values(), 'saddr', 'daddr', 'sport', 'dport', 'ip_id');
    for (const call of CALLS)
      datagramsOf(
        packets,
        only(originals(packets.values()), (packet) => said(packet, 'dport').includes(call.port), 'packet'),
        call,
      );
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

function datagramsOf(packets: Packets, large: Packet, { headers, segment, parts }: Call): void {
  const children = childrenOf(packets, large, 'segment');
  equal(children.length, parts.length, 'segments');
  equal(
    [said(large, 'gso_segs'), said(large, 'gso_size')],
    [[parts.length], [segment]],
    'what it says of them',
  );
  equal(functionsOf(large).at(-1), 'validate_xmit_skb', 'where it is cut');
  equal(staysOf(large), [A], 'where it stays');
  ends(
    large,
    passedOn('consumed', new RegExp(`cut into ${parts.length} segments \\(GSO\\), the first of them`)),
  );
  const [id] = said(large, 'ip_id');
  children.forEach((child, i) => {
    equal(originsOf(child), [`segment of ${large.id}`], 'what it came out of');
    equal(said(child, 'sport'), said(large, 'sport'), 'source port');
    equal(said(child, 'gso_segs'), [], 'it is no GSO packet itself');
    // IPv6 has no ids
    if (headers === 28) equal(said(child, 'ip_id'), [(Number(id) + i) % 65536], 'IP id');
    equal(said(child, 'ip_len'), [headers + (parts[i] ?? 0)], 'IP length');
    equal(staysOf(child), [A, B], 'namespaces of a segment');
    inOrder(functionsOf(child), ['veth_xmit', '__udp_enqueue_schedule_skb'], 'path of a segment');
    const arrived = hopIn(child, '__udp_enqueue_schedule_skb');
    equal(saidAt(child, arrived, 'len'), parts[i], 'bytes for the socket');
    ends(child, delivered);
  });
}

async function retransmission(): Promise<void> {
  await withCable(76, async () => {
    // the first packet that pushes data, and no other on that day
    nft(
      B,
      `table inet once {
        chain input {
          type filter hook input priority 0
          tcp dport 7108 tcp flags & psh == psh limit rate 1/day burst 1 packets drop
        }
      }`,
    );
    const handle = Number(
      /drop # handle (\d+)/.exec(run(B, 'nft', '-a', 'list', 'chain', 'inet', 'once', 'input'))?.[1],
    );
    const reader = await Running.start(B, PEERS, 'tcp-take', '7108', '500');
    const { packets } = await trace({
      args: [...WHY, 'tcp dst port 7108'],
      async traffic() {
        run(A, PEERS, 'tcp-send', address(76, 2), '7108', '500');
        await reader.ended();
      },
    });
    steady(packets.values(), 'ip_id', 'sport', 'tcp_seq');
    const data = [...packets.values()].filter((packet) => said(packet, 'ip_len').includes(552));
    equal(data.length, 2, 'segments with data: one, and again');
    const again = only(data, (packet) => packet.origins.length > 0, 'retransmission');
    const first = only(data, (packet) => packet !== again, 'first');
    equal(originsOf(again), [`retransmit of ${first.id}`], 'what it is of');
    equal(said(again, 'tcp_seq'), said(first, 'tcp_seq'), 'sequence number');
    const verdict = only(
      first.decisions,
      ({ decision, verdict }) => decision === 'table' && verdict === 'DROP',
      'verdict',
    );
    equal(
      [verdict.hook, verdict.table, verdict.chain, verdict.rule_handle, verdict.netns_name],
      ['INPUT', 'once', 'input', handle, B],
      'whose it is',
    );
    ends(first, {
      verdict: 'dropped',
      reason: 'NETFILTER_DROP',
      location: /^(nft_do_chain|nf_hook_slow)$/,
      rule: 'netfilter.table',
      tone: 'problem',
      title: /firewall dropped it in seg-b: nftables inet once input/,
    });
    ends(again, {
      verdict: 'delivered',
      rule: 'tcp.retransmission',
      tone: 'notice',
      title: new RegExp(`retransmission: what packet ${first.id} carried was not acknowledged`),
    });
    for (const packet of packets.values())
      if (packet !== again) equal(packet.origins, [], `packet ${packet.id} came out of none`);
  });
}

async function tunnel(): Promise<void> {
  await withRouter(async () => {
    const [outer, inner] = [FAR, 77];
    const vxlan = (netns: string, device: string, own: number, other: number) =>
      ip(
        netns,
        `link add vx0 address ${mac(inner, own)} type vxlan id 77 local ${address(outer, own)} remote ${address(outer, other)} dstport 4789 dev ${device}`,
        `addr add ${address(inner, own)}/24 dev vx0`,
        'link set vx0 up',
        `neigh add ${address(inner, other)} lladdr ${mac(inner, other)} dev vx0`,
      );
    vxlan(ROUTER, 'rb', 2, 1);
    vxlan(B, 'sb', 1, 2);
    ip(B, `route add ${address(NEAR, 0)}/24 via ${address(inner, 2)}`);
    const reader = await Running.start(B, PEERS, 'udp-take', '7109', '1');
    const { packets } = await trace({
      args: [...WHY, 'udp dst port 7109'],
      async traffic() {
        run(A, PEERS, 'udp-send', address(inner, 1), '7109', '1', '100');
        await reader.ended();
      },
    });
    const packet = only([...packets.values()], () => true, 'packet');
    equal(staysOf(packet), [A, ROUTER, B], 'namespaces');
    // no room for another header in what came over the cable: its data moves, and it is the same packet
    equal(originsOf(packet), [`head of ${packet.id}`], 'what it came out of');
    inOrder(
      functionsOf(packet),
      [
        'ip_forward',
        'vxlan_xmit',
        'iptunnel_xmit',
        'ip_local_out',
        'veth_xmit',
        'udp_rcv',
        'vxlan_rcv',
        'udp_rcv',
      ],
      'in and out of the tunnel',
    );
    const out = hopIn(packet, 'ip_local_out');
    const field = (name: string) => saidAt(packet, out, name);
    equal([field('tunnel'), field('vni')], ['vxlan', 77], 'the tunnel');
    equal(
      [field('saddr'), field('daddr'), field('dport')],
      [address(outer, 2), address(outer, 1), 4789],
      'outside',
    );
    equal(
      [field('inner_saddr'), field('inner_daddr'), field('inner_dport')],
      [address(NEAR, 1), address(inner, 1), 7109],
      'inside',
    );
    const end = hopIn(packet, '__udp_enqueue_schedule_skb');
    equal(
      [saidAt(packet, end, 'saddr'), saidAt(packet, end, 'dport')],
      [address(NEAR, 1), 7109],
      'what arrives',
    );
    ends(packet, { ...delivered, title: /delivered to 10\.77\.0\.1:7109/ });
    equal(
      packet.diagnosis?.evidence,
      [
        `it went into a tunnel (vxlan) from ${address(outer, 2)} to ${address(outer, 1)}`,
        `it came out of the tunnel (vxlan) at ${address(outer, 1)}`,
      ],
      'the tunnel, and no translation',
    );
  });
}

export const segmentation: readonly Scenario[] = [
  {
    name: 'fragments of a router and of hosts, IPv4 and IPv6, are children, and the datagram a child of all of them',
    run: fragments,
  },
  { name: 'segments of a large TCP packet are its children, and GRO merges them into one', run: segments },
  {
    name: 'one call that sends several datagrams (UDP GSO) makes one packet, and each datagram is its child',
    run: datagrams,
  },
  { name: 'a TCP segment that a rule drops once is sent again as a child of the first', run: retransmission },
  { name: 'a packet whose data moves to make room for a VXLAN header stays the same packet', run: tunnel },
];
