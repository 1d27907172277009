/** Copies of one packet: a tree, in which each goes its own way and comes to its own end. */
import { check, equal, inOrder, only } from './check.ts';
import { childrenOf, ends, functionsOf, originsOf, said, steady, WHY } from './expect.ts';
import { address, ip, mac, Running, run, shell, tool, wire, withNamespaces } from './network.ts';
import { originals, staysOf } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import type { Packet } from './trace.ts';

const PEERS = tool('peers');
const SWITCH = 'lin-sw';
const HOSTS = ['lin-1', 'lin-2', 'lin-3'];
const LAN = 71;
const CABLE = 72;
const UNKNOWN = 9; // a host that nobody has

/** Three hosts at the ports of a bridge, which has an address as well; netfilter leaves the bridge alone. */
async function withSwitch(use: () => Promise<void>): Promise<void> {
  await withNamespaces([SWITCH, ...HOSTS], async () => {
    shell(SWITCH, 'for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 > $f; done');
    ip(SWITCH, 'link add br0 type bridge mcast_snooping 0', `addr add ${address(LAN, 100)}/24 brd + dev br0`);
    ip(SWITCH, 'link set br0 addrgenmode none', 'link set br0 up');
    for (const [i, netns] of HOSTS.entries()) {
      const host = i + 1;
      wire(
        { netns: SWITCH, device: `p${host}`, host: 100 + host },
        { netns, device: `h${host}`, host },
        { net: LAN },
      );
      ip(SWITCH, `addr flush dev p${host}`, `link set p${host} master br0`);
      ip(netns, `addr change ${address(LAN, host)}/24 brd + dev h${host}`);
    }
    ip('lin-1', `neigh add ${address(LAN, UNKNOWN)} lladdr ${mac(LAN, UNKNOWN)} dev h1`);
    await use();
  });
}

const delivered = {
  verdict: 'delivered',
  rule: 'ending.ordinary',
  tone: 'ordinary',
  title: /delivered to/,
} as const;
const inNamespaceOf = (packets: readonly Packet[], netns: string) =>
  only(packets, (packet) => staysOf(packet).at(-1) === netns, `packet that ends in ${netns}`);

async function flood(): Promise<void> {
  await withSwitch(async () => {
    const readers = [
      await Running.start('lin-2', PEERS, 'udp-take', '7101', '1'),
      await Running.start('lin-3', PEERS, 'udp-take', '7101', '1'),
    ];
    const { packets } = await trace({
      args: [...WHY, 'udp and (dst port 7101 or dst port 7110)'],
      async traffic() {
        run('lin-1', PEERS, 'udp-send', '10.71.0.255', '7101', '1', '100');
        run('lin-1', PEERS, 'udp-send', address(LAN, UNKNOWN), '7110', '1', '100');
        for (const reader of readers) await reader.ended();
      },
    });
    steady(packets.values(), 'ip_id', 'sport', 'dport', 'saddr', 'daddr');
    const trees = originals(packets.values());
    equal(trees.length, 2, 'datagrams');
    broadcast(
      packets,
      only(trees, (packet) => said(packet, 'dport')[0] === 7101, 'broadcast'),
    );
    unknownUnicast(
      packets,
      only(trees, (packet) => said(packet, 'dport')[0] === 7110, 'unicast'),
    );
  });
}

/** The bridge's own stack gets the original; the other ports, and the sender itself, a clone each. */
function broadcast(packets: ReadonlyMap<number, Packet>, original: Packet): void {
  const clones = childrenOf(packets, original, 'clone');
  equal(clones.length, 3, 'clones');
  for (const clone of clones) {
    equal(originsOf(clone), [`clone of ${original.id}`], 'origin of a clone');
    equal(said(clone, 'ip_id'), said(original, 'ip_id'), 'IP id of a clone');
  }
  const unread = {
    verdict: 'dropped',
    reason: 'NOT_SPECIFIED', // __udp4_lib_mcast_deliver gives none, on every kernel so far
    location: /^__udp4_lib_(rcv|mcast_deliver)$/,
    rule: 'socket.no-reader',
    tone: 'notice',
    title: /for everyone or for a group, and no program takes UDP 10\.71\.0\.255:7101/,
  } as const;
  equal(staysOf(original), ['lin-1', SWITCH], 'namespaces of the original');
  inOrder(
    functionsOf(original),
    ['br_handle_frame', 'br_flood', 'br_pass_frame_up', 'udp_rcv'],
    'the original',
  );
  ends(original, unread);
  const own = inNamespaceOf(clones, 'lin-1');
  equal(staysOf(own), ['lin-1'], 'the copy that loops back to the sender');
  ends(own, unread);
  for (const netns of ['lin-2', 'lin-3']) {
    const copy = inNamespaceOf(clones, netns);
    equal(staysOf(copy), [SWITCH, netns], 'namespaces of a copy');
    inOrder(functionsOf(copy), ['__br_forward', 'br_dev_queue_push_xmit', 'ip_rcv', 'udp_rcv'], 'a copy');
    ends(copy, delivered);
  }
}

/** The last port gets the original, the one before it a clone; nobody knows the address. */
function unknownUnicast(packets: ReadonlyMap<number, Packet>, original: Packet): void {
  const clone = only(childrenOf(packets, original, 'clone'), () => true, 'clone');
  equal(
    [original, clone].map((packet) => staysOf(packet).at(-1)).sort(),
    ['lin-2', 'lin-3'],
    'where the two end',
  );
  for (const packet of [original, clone])
    ends(packet, {
      verdict: 'dropped',
      reason: 'OTHERHOST',
      location: /^ip_rcv(_core)?$/,
      rule: 'header.other-host',
      title: new RegExp(`for another machine \\(${mac(LAN, UNKNOWN)}\\)`),
    });
}

const withCable = (use: () => Promise<void>) =>
  withNamespaces(['lin-1', 'lin-2'], async () => {
    wire(
      { netns: 'lin-1', device: 'h1', host: 1 },
      { netns: 'lin-2', device: 'h2', host: 2 },
      { net: CABLE },
    );
    await use();
  });

async function multicast(): Promise<void> {
  await withCable(async () => {
    ip('lin-1', 'route add 239.0.0.0/8 dev h1');
    ip('lin-2', 'route add 239.0.0.0/8 dev h2');
    const readers = await Running.start('lin-2', PEERS, 'udp-take', '7102', '1', '239.1.2.3', '2');
    const { packets } = await trace({
      args: [...WHY, 'udp dst port 7102'],
      async traffic() {
        run('lin-1', PEERS, 'udp-send', '239.1.2.3', '7102', '1', '100');
        await readers.ended();
      },
    });
    steady(packets.values(), 'ip_id', 'sport', 'daddr');
    equal(packets.size, 2, 'packets: one for each reader');
    const original = only(originals(packets.values()), () => true, 'original');
    const clone = only(childrenOf(packets, original, 'clone'), () => true, 'clone');
    equal(staysOf(original), ['lin-1', 'lin-2'], 'namespaces of the original');
    equal(functionsOf(clone)[0], 'udp_queue_rcv_one_skb', 'where the clone begins');
    for (const packet of [original, clone]) {
      inOrder(functionsOf(packet), ['udp_queue_rcv_one_skb', '__udp_enqueue_schedule_skb'], 'into a socket');
      ends(packet, { ...delivered, title: /delivered to 239\.1\.2\.3:7102/ });
    }
  });
}

async function taps(): Promise<void> {
  await withCable(async () => {
    const reader = await Running.start('lin-2', PEERS, 'udp-take', '7103', '1');
    const sniffers = [
      await Running.start('lin-1', PEERS, 'tap', 'h1', '7103'),
      await Running.start('lin-2', PEERS, 'tap', 'h2', '7103'),
    ];
    const { packets } = await trace({
      args: [...WHY, 'udp dst port 7103'],
      async traffic() {
        run('lin-1', PEERS, 'udp-send', address(CABLE, 2), '7103', '1', '100');
        for (const one of [reader, ...sniffers]) await one.ended();
      },
    });
    steady(packets.values(), 'ip_id', 'sport', 'dport');
    equal(packets.size, 3, 'packets: the datagram, and one for each tap');
    const original = only(originals(packets.values()), () => true, 'original');
    equal(staysOf(original), ['lin-1', 'lin-2'], 'the original goes on');
    inOrder(functionsOf(original), ['packet_rcv', 'ip_rcv', 'udp_rcv', '__udp_enqueue_schedule_skb'], 'it');
    ends(original, { ...delivered, title: /delivered to 10\.72\.0\.2:7103/ });
    const [out, back] = childrenOf(packets, original, 'clone');
    check(out !== undefined && back !== undefined, 'both taps have a clone', [...packets.keys()]);
    // on the way out the kernel clones for all taps; on the way in, packet_rcv does for each
    equal(
      functionsOf(out),
      ['packet_rcv', 'skb_copy_datagram_iter'],
      'path of the copy for the tap of the sender',
    );
    equal(staysOf(out), ['lin-1'], 'where it is');
    ends(out, { ...delivered, title: /packet socket \(tcpdump, say\) got this copy/ });
    equal(functionsOf(back), ['skb_copy_datagram_iter'], 'path of the copy for the tap of the receiver');
    equal(staysOf(back), ['lin-2'], 'where that is');
    ends(back, { ...delivered, certainty: 'likely', title: /read this copy .* packet socket/ });
  });
}

export const lineage: readonly Scenario[] = [
  {
    name: 'a broadcast through a bridge, and a frame to an address that it does not know, are trees of clones',
    run: flood,
  },
  { name: 'a multicast datagram to two sockets is two packets, one out of the other', run: multicast },
  { name: 'a packet socket gets a child that ends there, while the packet goes on', run: taps },
];
