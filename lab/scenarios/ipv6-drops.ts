/**
 * The ways to die of IPv6, where they differ in the kernel from IPv4's (routing-drops.ts, socket-drops.ts, rules.ts):
 *
 *   left ── fd00:131::/64 ── router ── fd00:132::/64, MTU 1280 ── right
 *
 * Each packet has its port, and goes to an address of its own where its route must not be another's.
 */
import { equal, only } from './check.ts';
import { AT_NFT, checkDeath, type Death, isOnePacket } from './deaths.ts';
import { originsOf } from './expect.ts';
import { address6, ip, nft, run, shell, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { type SharedTrace, trace } from './shared.ts';
import { together } from './together.ts';
import type { Packet } from './trace.ts';

const [LEFT, ROUTER, RIGHT] = ['six-left', 'six-router', 'six-right'];
const [NEAR, FAR] = [131, 132];
const RIGHT_ADDRESS = address6(FAR, 2);
const GATEWAY = address6(NEAR, 1);

interface Case {
  readonly name: string;
  readonly port: number;
  readonly to?: string;
  readonly isTcp?: boolean;
  /** Bytes of the datagram's payload. */
  readonly bytes?: number;
  readonly death: Death;
}

const cases: readonly Case[] = [
  {
    name: 'an IPv6 packet whose hop limit runs out ends in ip6_forward',
    port: 7401,
    to: address6(FAR, 3),
    death: {
      reason: 'IP_INHDR',
      at: 'ip6_forward',
      netns: ROUTER,
      decisions: ['route OK'],
      told: { rule: 'header.ttl', title: `Its hop limit ran out in ${ROUTER} on the way to fd00:132::3.` },
    },
  },
  {
    name: 'an IPv6 packet too big for the next link ends with PKT_TOO_BIG, and the link is told',
    port: 7402,
    bytes: 1352,
    death: {
      reason: 'PKT_TOO_BIG',
      at: 'ip6_forward',
      netns: ROUTER,
      decisions: ['route OK'],
      told: {
        rule: 'header.mtu',
        title: `It is too big for the next link in ${ROUTER} (1,400 bytes, MTU 1,280 on rr).`,
        evidence: ['route to fd00:132::2: fd00:132::2', 'rr@', 'mtu 1280'],
      },
    },
  },
  {
    name: 'an IPv6 packet without a route ends in ip6_pkt_drop',
    port: 7403,
    to: 'fd00:99::1',
    death: {
      reason: 'IP_INNOROUTES',
      at: 'ip6_pkt_drop',
      netns: ROUTER,
      decisions: ['route ENETUNREACH'],
      told: {
        rule: 'routing.no-route',
        title: `There is no route to fd00:99::1 in ${ROUTER}.`,
        evidence: [
          'its route is network unreachable (ENETUNREACH)',
          'route to fd00:99::1: unreachable (Network is unreachable)',
        ],
      },
    },
  },
  {
    name: 'a blackhole route of IPv6 is told from no route',
    port: 7404,
    to: 'fd00:90::1',
    death: {
      reason: 'NOT_SPECIFIED',
      at: 'dst_discard_out',
      netns: ROUTER,
      decisions: ['route EINVAL'],
      told: { rule: 'routing.no-route', title: `A blackhole route takes fd00:90::1 in ${ROUTER}.` },
    },
  },
  {
    name: 'an unreachable route of IPv6 is told from no route',
    port: 7405,
    to: 'fd00:91::1',
    death: {
      reason: 'IP_INNOROUTES',
      at: 'ip6_pkt_drop',
      netns: ROUTER,
      decisions: ['route EHOSTUNREACH'],
      told: { rule: 'routing.no-route', title: `A route says that fd00:91::1 is unreachable in ${ROUTER}.` },
    },
  },
  {
    name: 'a prohibiting route of IPv6 is told from no route',
    port: 7406,
    to: 'fd00:92::1',
    death: {
      reason: 'IP_INNOROUTES',
      at: 'ip6_pkt_drop',
      netns: ROUTER,
      decisions: ['route EACCES'],
      told: { rule: 'routing.no-route', title: `A route forbids fd00:92::1 in ${ROUTER}.` },
    },
  },
  {
    name: 'an IPv6 packet that is not for a host that does not forward ends in ip6_forward',
    port: 7407,
    to: 'fd00:98::1',
    death: {
      reason: 'IP_INADDRERRORS',
      at: 'ip6_forward',
      netns: RIGHT,
      decisions: ['route OK'],
      told: {
        rule: 'routing.forwarding',
        certainty: 'likely',
        title: `It was to be forwarded to fd00:98::1, but IPv6 forwarding is probably off in ${RIGHT}.`,
        evidence: ['net.ipv6.conf.all.forwarding is 0 (off)'],
      },
    },
  },
  {
    name: 'a packet whose next hop does not answer neighbour discovery ends in neigh_invalidate',
    port: 7408,
    to: address6(FAR, 50),
    death: {
      reason: 'NOT_SPECIFIED', // ndisc_error_report has none, arp_error_report has
      at: 'neigh_invalidate',
      netns: ROUTER,
      decisions: ['route OK', 'neighbour UNKNOWN INCOMPLETE'],
      told: {
        rule: 'neighbour.failed',
        certainty: 'likely',
        title: `fd00:132::50 probably did not answer neighbour discovery on rr in ${ROUTER}.`,
        evidence: ['neighbour: not known (INCOMPLETE)', 'neighbour fd00:132::50', 'FAILED'],
      },
    },
  },
  {
    name: 'of a gateway that does not answer neighbour discovery the host is asked, and it is named',
    port: 7414,
    to: 'fd00:97::1',
    death: {
      reason: 'NOT_SPECIFIED',
      at: 'neigh_invalidate',
      netns: ROUTER,
      decisions: ['route OK', 'neighbour UNKNOWN INCOMPLETE'],
      told: {
        rule: 'neighbour.failed',
        certainty: 'likely',
        title: `fd00:132::51, the gateway on its way, probably did not answer neighbour discovery on rr in ${ROUTER}.`,
        evidence: [
          'route to fd00:97::1: fd00:97::1 from :: via fd00:132::51',
          'neighbour fd00:132::51',
          'FAILED',
        ],
      },
    },
  },
  {
    name: 'an IPv6 datagram to a closed port ends with NO_SOCKET, and the host says that nobody listens',
    port: 7409,
    death: {
      reason: 'NO_SOCKET',
      at: '__udp6_lib_rcv',
      netns: RIGHT,
      decisions: { on61: [], on612: ['listener NONE'] },
      told: {
        rule: 'socket.none',
        title: `Nobody listens on UDP [fd00:132::2]:7409 in ${RIGHT}; its sender is told by ICMP (port unreachable).`,
        evidence: [`nobody listens on udp 7409 in ${RIGHT}`],
      },
    },
  },
  {
    name: 'an IPv6 SYN to a closed port ends with NO_SOCKET, and the host says that nobody listens',
    port: 7410,
    isTcp: true,
    death: {
      reason: 'NO_SOCKET',
      at: 'tcp_v6_rcv',
      netns: RIGHT,
      decisions: { on61: [], on612: ['listener NONE'] },
      told: {
        rule: 'socket.none',
        title: `Nobody listens on TCP [fd00:132::2]:7410 in ${RIGHT}; its sender gets a reset (connection refused).`,
        evidence: [`nobody listens on tcp 7410 in ${RIGHT}`],
      },
    },
  },
  {
    name: "a rule of nftables' family ip6 that drops a packet is told with its text",
    port: 7411,
    death: {
      reason: 'NETFILTER_DROP',
      at: AT_NFT,
      netns: RIGHT,
      decisions: ['table DROP', 'hook DROP'],
      told: {
        rule: 'netfilter.table',
        title: new RegExp(`^The firewall dropped it in ${RIGHT}: nftables ip6 wall input rule \\d+\\.$`),
        evidence: ['udp dport 7411 drop'],
      },
    },
  },
  {
    name: "a rule of ip6tables, which makes nftables' rules, is told with its text",
    port: 7412,
    death: {
      reason: 'NETFILTER_DROP',
      at: AT_NFT,
      netns: ROUTER,
      decisions: ['route OK', 'table DROP', 'hook DROP'],
      told: {
        rule: 'netfilter.table',
        title: new RegExp(`^The firewall dropped it in ${ROUTER}: nftables ip6 filter FORWARD rule \\d+\\.$`),
        evidence: ['7412'],
      },
    },
  },
  {
    name: 'a rule of legacy ip6tables is told by its table and hook',
    port: 7413,
    death: {
      reason: 'NETFILTER_DROP',
      at: 'nf_hook_slow',
      netns: RIGHT,
      decisions: ['table DROP', 'hook DROP'],
      told: {
        rule: 'netfilter.table',
        title: `The firewall dropped it in ${RIGHT}: ip6tables filter INPUT.`,
        evidence: ['--dport 7413 -j DROP'],
      },
    },
  },
];

function makeNetwork(): void {
  wire({ netns: LEFT, device: 'lr', host: 2 }, { netns: ROUTER, device: 'rl', host: 1 }, { net: NEAR });
  wire({ netns: ROUTER, device: 'rr', host: 1 }, { netns: RIGHT, device: 'r', host: 2 }, { net: FAR });
  // the hop limit of what a socket sends is its route's
  ip(LEFT, `route add default via ${GATEWAY}`, `route add ${address6(FAR, 3)} via ${GATEWAY} hoplimit 1`);
  ip(RIGHT, `route add default via ${address6(FAR, 1)}`);
  ip(
    ROUTER,
    'link set rr mtu 1280',
    'route add blackhole fd00:90::/64',
    'route add unreachable fd00:91::/64',
    'route add prohibit fd00:92::/64',
    `route add fd00:98::/64 via ${RIGHT_ADDRESS}`,
    `route add fd00:97::/64 via ${address6(FAR, 51)}`,
  );
  shell(
    ROUTER,
    'cd /proc/sys/net/ipv6',
    'echo 1 > conf/all/forwarding',
    'echo 1 > neigh/rr/mcast_solicit',
    'echo 100 > neigh/rr/retrans_time_ms',
    'ip6tables-nft -A FORWARD -p udp --dport 7412 -j DROP',
  );
  nft(
    RIGHT,
    'table ip6 wall { chain input { type filter hook input priority 10; policy accept; udp dport 7411 drop; }; }',
  );
  run(RIGHT, 'ip6tables-legacy', '-A', 'INPUT', '-p', 'udp', '--dport', '7413', '-j', 'DROP');
}

function send(): void {
  const words = cases.map(({ port, to = RIGHT_ADDRESS, isTcp, bytes = 16 }) =>
    isTcp
      ? `(exec 3<>/dev/tcp/${to}/${port}) || true`
      : `${tool('peers')} udp-send ${to} ${port} 1 ${bytes} || true`,
  );
  shell(LEFT, 'exec 2> /dev/null', ...words);
}

async function make(): Promise<SharedTrace> {
  let made: SharedTrace | undefined;
  await withNamespaces([LEFT, ROUTER, RIGHT], async () => {
    makeNetwork();
    made = await trace({
      args: ['--route', '--why', '--keep', 'ip6 and dst portrange 7401-7449'],
      async traffic(output) {
        const failed = ['fd00:132::50', 'fd00:132::51'].map((neighbour) =>
          output.line(({ kind, title }) => kind === 'diagnosis' && String(title).startsWith(neighbour)),
        );
        send();
        await Promise.all(failed);
      },
    });
  });
  if (made === undefined) throw new Error('no trace');
  return made;
}

const to = ({ packets }: SharedTrace, port: number): Packet =>
  only(
    [...packets.values()],
    (packet) => packet.hops.some(({ dport }) => dport === port),
    `packet to port ${port}`,
  );

export const ipv6Drops: readonly Scenario[] = together(make, [
  {
    name: 'every IPv6 packet that dies is one packet, and there is no other',
    check(made) {
      // a neighbour is asked with a clone of what waits for it
      const asked = [...made.packets.values()].filter(({ parent }) => parent !== 0);
      equal(
        asked.map(originsOf),
        [7408, 7414].map((port) => [`clone of ${to(made, port).id}`]),
        'packets that neighbours are asked with',
      );
      equal(made.packets.size, cases.length + asked.length, 'packets');
    },
  },
  ...cases.map(({ name, port, to: target = RIGHT_ADDRESS, death }) => ({
    name,
    check(made: SharedTrace) {
      const packet = to(made, port);
      isOnePacket(packet, { dport: port, daddr: target, l3_version: 6 });
      checkDeath(packet, death);
    },
  })),
]);
