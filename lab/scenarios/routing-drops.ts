/**
 * Ways to die in a router, from left over router to right:
 *
 *   left ── 10.20.0.0/24 ── router ── 10.21.0.0/24, MTU 400 ── right
 *     └──── 10.22.0.0/24 ─────┘  forwarding is off on this one
 *
 * Each packet has its IP id, and 7000 + id as its port. Kernel 6.1 lets no program be at fib_validate_source (eight
 * arguments): there, only the lookup says what was wrong with a source.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { equal, only } from './check.ts';
import { checkDeath, type Death, isOnePacket, packetWithId } from './deaths.ts';
import { ip, run, shell, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { type SharedTrace, trace } from './shared.ts';
import { together } from './together.ts';
import type { Packet } from './trace.ts';

const NAMESPACES = ['left', 'router', 'right'];
const LEFT = '10.20.0.2:4000';
const MAX_BACKLOG = '/proc/sys/net/core/netdev_max_backlog';
const FRAGMENTED = 20;

interface Case {
  readonly name: string;
  readonly id: number;
  readonly to?: string;
  readonly from?: string;
  /** More words for `packet`. */
  readonly with?: string;
  readonly death: Omit<Death, 'netns'>;
}

const cases: readonly Case[] = [
  {
    name: 'a packet whose TTL runs out ends in ip_forward',
    id: 1,
    with: 'ttl=1',
    death: {
      reason: 'IP_INHDR',
      at: 'ip_forward',
      decisions: ['route OK'],
      told: { rule: 'header.ttl', title: 'Its TTL ran out in router on the way to 10.21.0.2.' },
    },
  },
  {
    name: 'a packet too big for the next link ends with PKT_TOO_BIG, and the link is told',
    id: 2,
    with: 'df,len=1000',
    death: {
      reason: 'PKT_TOO_BIG',
      at: 'ip_forward',
      decisions: ['route OK'],
      told: {
        rule: 'header.mtu',
        title: 'It is too big for the next link in router and may not be fragmented (1,028 bytes).',
        evidence: ['route to 10.21.0.2: 10.21.0.2 dev rr', 'rr@', 'mtu 400'],
      },
    },
  },
  {
    name: 'a packet without a route ends with IP_INNOROUTES',
    id: 3,
    to: '10.99.0.1',
    death: {
      reason: 'IP_INNOROUTES',
      at: 'ip_error',
      told: {
        rule: 'routing.no-route',
        title: 'There is no route to 10.99.0.1 in router.',
        evidence: [
          'its route is UNREACHABLE, network unreachable (ENETUNREACH)',
          'route to 10.99.0.1: unreachable (Network is unreachable)',
        ],
      },
    },
  },
  {
    name: 'a blackhole route is told from no route',
    id: 4,
    to: '10.90.0.1',
    death: {
      reason: 'NOT_SPECIFIED',
      at: 'ip_error',
      told: {
        rule: 'routing.no-route',
        title: 'A blackhole route takes 10.90.0.1 in router.',
        evidence: ['invalid (EINVAL)', 'route to 10.90.0.1: unreachable (Invalid argument)'],
      },
    },
  },
  {
    name: 'an unreachable route is told from no route and from forwarding that is off',
    id: 5,
    to: '10.91.0.1',
    death: {
      reason: 'NOT_SPECIFIED',
      at: 'ip_error',
      told: {
        rule: 'routing.no-route',
        title: 'A route says that 10.91.0.1 is unreachable in router.',
        evidence: ['no route to host (EHOSTUNREACH)', 'route to 10.91.0.1: unreachable (No route to host)'],
      },
    },
  },
  {
    name: 'a prohibiting route is told from no route',
    id: 6,
    to: '10.92.0.1',
    death: {
      reason: 'NOT_SPECIFIED',
      at: 'ip_error',
      told: {
        rule: 'routing.no-route',
        title: 'A route forbids 10.92.0.1 in router.',
        evidence: ['prohibited (EACCES)', 'route to 10.92.0.1: unreachable (Permission denied)'],
      },
    },
  },
  {
    name: 'the reverse path filter refuses a source that is elsewhere, and its setting is told',
    id: 7,
    from: '10.21.0.77:4000',
    death: {
      reason: 'IP_RPFILTER',
      at: 'ip_rcv_finish_core',
      decisions: { on61: ['route EXDEV'], on612: ['source EXDEV', 'route EXDEV'] },
      told: {
        rule: 'routing.rp-filter',
        title:
          'The reverse path filter refused it in router: the way back to 10.21.0.77 does not lead over rl.',
        evidence: [
          'net.ipv4.conf.all.rp_filter is 0 (off)',
          'net.ipv4.conf.rl.rp_filter is 1 (strict)',
          'route to 10.21.0.77: 10.21.0.77 dev rr',
        ],
      },
    },
  },
  {
    name: "a packet with the router's own address as its source is a martian",
    id: 8,
    from: '10.21.0.1:4000',
    death: {
      reason: 'NOT_SPECIFIED',
      at: 'ip_rcv_finish_core',
      decisions: { on61: ['route EINVAL'], on612: ['source EINVAL', 'route EINVAL'] },
      told: {
        on61: {
          rule: 'routing.source',
          title:
            'The kernel does not accept one of its addresses, 10.21.0.1 and 10.21.0.2, on rl in router (martian).',
          evidence: ['rr@', '10.21.0.1/24'],
        },
        on612: {
          rule: 'routing.source',
          title: 'The kernel does not accept 10.21.0.1 as a source on rl in router (martian).',
          evidence: ['source address: refused (EINVAL)', '10.21.0.1/24'],
        },
      },
    },
  },
  {
    name: 'a loopback address from outside is a martian',
    id: 9,
    from: '127.0.0.5:4000',
    death: {
      reason: 'NOT_SPECIFIED',
      at: 'ip_rcv_finish_core',
      decisions: ['route EINVAL'],
      told: {
        rule: 'routing.source',
        title:
          'The kernel does not accept one of its addresses, 127.0.0.5 and 10.21.0.2, on rl in router (martian).',
      },
    },
  },
  {
    name: 'a packet that is not for a host that does not forward ends with IP_INADDRERRORS',
    id: 10,
    to: '10.98.0.1',
    from: '10.22.0.2:4000',
    death: {
      reason: 'IP_INADDRERRORS',
      at: 'ip_error',
      told: {
        rule: 'routing.forwarding',
        title: '10.98.0.1 is not an address here, and forwarding is off on r2 in router.',
        evidence: ['net.ipv4.conf.r2.forwarding is 0 (off)'],
      },
    },
  },
  {
    name: 'a next hop that does not answer ARP ends with NEIGH_FAILED',
    id: 11,
    to: '10.21.0.50',
    death: {
      reason: 'NEIGH_FAILED',
      at: 'neigh_invalidate',
      decisions: ['route OK', 'neighbour UNKNOWN INCOMPLETE'],
      told: {
        rule: 'neighbour.failed',
        title: '10.21.0.50 did not answer ARP on rr in router.',
        evidence: ['neighbour: not known (INCOMPLETE)', 'neighbour 10.21.0.50', 'FAILED', 'rr@'],
      },
    },
  },
  {
    name: 'of too many packets that wait for a neighbour the oldest ends with NEIGH_QUEUEFULL',
    id: 12,
    to: '10.21.0.51',
    death: {
      reason: 'NEIGH_QUEUEFULL',
      at: '__neigh_event_send',
      decisions: ['neighbour UNKNOWN INCOMPLETE'],
      told: {
        rule: 'neighbour.reason',
        title: 'Too many packets wait for the link-layer address of 10.21.0.51 in router.',
        evidence: ['net.ipv4.neigh.rr.unres_qlen_bytes is 1000'],
      },
    },
  },
  {
    name: 'the packet that took its place in the queue ends with NEIGH_FAILED',
    id: 13,
    to: '10.21.0.51',
    death: {
      reason: 'NEIGH_FAILED',
      at: 'neigh_invalidate',
      told: { rule: 'neighbour.failed', title: '10.21.0.51 did not answer ARP on rr in router.' },
    },
  },
];

const words = ({ id, to = '10.21.0.2', from = LEFT, with: more }: Case): string =>
  ['udp', `from=${from}`, `to=${to}:${7000 + id}`, `id=${id}`, ...(more ? [more] : [])].join(',');

function makeNetwork(): void {
  wire({ netns: 'left', device: 'lr', host: 2 }, { netns: 'router', device: 'rl', host: 1 }, { net: 20 });
  wire({ netns: 'router', device: 'rr', host: 1 }, { netns: 'right', device: 'r', host: 2 }, { net: 21 });
  wire({ netns: 'left', device: 'l2', host: 2 }, { netns: 'router', device: 'r2', host: 1 }, { net: 22 });
  ip('left', 'route add default via 10.20.0.1', 'route add 10.98.0.0/24 via 10.22.0.1');
  ip('right', 'route add default via 10.21.0.1');
  ip(
    'router',
    'link set rr mtu 400',
    'route add blackhole 10.90.0.0/24',
    'route add unreachable 10.91.0.0/24',
    'route add prohibit 10.92.0.0/24',
  );
  shell(
    'router',
    'cd /proc/sys/net/ipv4',
    'echo 1 > ip_forward',
    'echo 0 > conf/r2/forwarding',
    'echo 0 > conf/all/rp_filter',
    'echo 1 > conf/rl/rp_filter',
    'echo 1 > neigh/rr/mcast_solicit',
    'echo 100 > neigh/rr/retrans_time_ms',
    'echo 1000 > neigh/rr/unres_qlen_bytes', // room for one
  );
}

/** The router cuts the datagram into four in one softirq, and a CPU has room for two (one more than the setting). */
function overflowBacklog(): void {
  const before = readFileSync(MAX_BACKLOG, 'utf8');
  writeFileSync(MAX_BACKLOG, '1');
  try {
    run(
      'left',
      tool('packet'),
      `udp,from=${LEFT},to=10.21.0.2:${7000 + FRAGMENTED},id=${FRAGMENTED},len=1400`,
    );
  } finally {
    writeFileSync(MAX_BACKLOG, before);
  }
}

async function make(): Promise<SharedTrace> {
  let made: SharedTrace | undefined;
  await withNamespaces(NAMESPACES, async () => {
    makeNetwork();
    made = await trace({
      args: ['--route', '--why', '--keep', 'udp'],
      async traffic(output) {
        const failed = ['10.21.0.50', '10.21.0.51'].map((unknown) =>
          output.line(
            ({ kind, title }) =>
              kind === 'diagnosis' && String(title).startsWith(`${unknown} did not answer`),
          ),
        );
        overflowBacklog(); // before left learns the path's MTU and cuts it itself
        run('left', tool('packet'), ...cases.map(words));
        await Promise.all(failed);
      },
    });
  });
  if (made === undefined) throw new Error('no trace');
  return made;
}

export const routingDrops: readonly Scenario[] = together(make, [
  ...cases.map((one) => ({
    name: one.name,
    check(made: SharedTrace) {
      const packet = packetWithId(made, one.id);
      isOnePacket(packet, { ip_id: one.id, dport: 7000 + one.id });
      checkDeath(packet, { ...one.death, netns: 'router' });
    },
  })),
  {
    name: 'a full backlog of a CPU drops a fragment with CPU_BACKLOG, and the rest of the datagram with it',
    check(made) {
      const pieces = [...made.packets.values()].filter((packet) =>
        packet.origins.some((origin) => origin.relation === 'fragment'),
      );
      equal(pieces.length, 3, 'fragments: the fourth is not made any more');
      const whole = only(
        [...made.packets.values()],
        (packet) => packet.hops.some((hop) => hop.dport === 7000 + FRAGMENTED) && packet.parent === 0,
        'whole datagram',
      );
      for (const piece of pieces) equal(piece.parent, whole.id, 'parent of a fragment');
      // a machine that is busy gets as far as half a minute, when the others are given up; 6.1 has no reason for that
      const isGivenUp = (piece: Packet) =>
        piece.drops.every(
          ({ reason, location }) =>
            reason === 'FRAG_REASM_TIMEOUT' || /^(ip_expire|inet_frag)/.test(String(location)),
        );
      const dropped = only(pieces, (piece) => !isGivenUp(piece), 'dropped fragment');
      equal(dropped.id, pieces.at(-1)?.id, 'which is the last');
      checkDeath(dropped, {
        reason: 'CPU_BACKLOG',
        at: 'enqueue_to_backlog',
        netns: 'right',
        decisions: ['backlog FULL'],
        told: {
          rule: 'queue.backlog',
          title: 'The queue of packets that a CPU has yet to take in is full.',
          evidence: ['CPU backlog: full, 2 of 1', 'net.core.netdev_max_backlog is '],
        },
      });
      const full = only(dropped.decisions, ({ decision }) => decision === 'backlog', 'backlog decision');
      equal([full.used, full.limit], [2, 1], 'used and limit');
      equal(
        dropped.decisions.filter(({ decision }) => decision === 'transmit').map(({ verdict }) => verdict),
        ['DROP'],
        'what the sender was told',
      );
      checkDeath(whole, {
        reason: 'NOT_SPECIFIED',
        at: 'ip_do_fragment',
        netns: 'router',
        told: {
          rule: 'fragment.unsent',
          certainty: 'likely',
          title: `It was being cut into fragments in router, of which packet ${dropped.id} probably could not be sent: what was left is dropped.`,
        },
      });
    },
  },
]);
