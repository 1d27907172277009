/**
 * Ways to die where a packet should have arrived, from client (10.30.0.1) to server (10.30.0.2), and at server's queue
 * on its way to client (10.31.0.0/24). Each packet that is sent by hand has its IP id.
 *
 * Kernel 6.1 lets no program be at the functions that look for a socket (nine and ten arguments): there is no decision
 * `listener` there; NO_SOCKET says it as well.
 */
import { check, equal, only } from './check.ts';
import { AT_NFT, checkDeath, checkTold, type Death, isOnePacket, packetWithId } from './deaths.ts';
import { nft, Running, run, shell, tool, wire, withNamespaces } from './network.ts';
import type { Scenario } from './scenario.ts';
import { type SharedTrace, trace } from './shared.ts';
import { type Part, together } from './together.ts';
import type { Line } from './trace.ts';

const CLIENT = '10.30.0.1';
const SERVER = '10.30.0.2';
const SOCKETS = [
  'udp:7031:rcvbuf=2304',
  'udp:7032:refuse',
  'udp:7034',
  'tcp:7033:backlog=1',
  'tcp:7035',
  'tcp:7021',
];

interface Case {
  readonly name: string;
  readonly id: number;
  readonly port: number;
  /** What `packet` is to send besides; udp unless it says tcp. */
  readonly with?: string;
  readonly death: Omit<Death, 'netns'>;
}

const nobody = { on61: [], on612: ['listener NONE'] } as const;

const cases: readonly Case[] = [
  {
    name: 'a datagram to a closed port ends with NO_SOCKET, and the host says that nobody listens',
    id: 1,
    port: 7001,
    death: {
      reason: 'NO_SOCKET',
      at: '__udp4_lib_rcv',
      decisions: nobody,
      told: {
        rule: 'socket.none',
        title:
          'Nobody listens on UDP 10.30.0.2:7001 in server; its sender is told by ICMP (port unreachable).',
        evidence: ['nobody listens on udp 7001 in server'],
      },
    },
  },
  {
    name: 'a SYN to a closed port ends with NO_SOCKET, and the host says that nobody listens',
    id: 2,
    port: 7002,
    with: 'tcp,flags=S,len=0',
    death: {
      reason: 'NO_SOCKET',
      at: 'tcp_v4_rcv',
      decisions: nobody,
      told: {
        rule: 'socket.none',
        title:
          'Nobody listens on TCP 10.30.0.2:7002 in server; its sender gets a reset (connection refused).',
        evidence: ['nobody listens on tcp 7002 in server'],
      },
    },
  },
  {
    name: 'a datagram with a wrong checksum ends with UDP_CSUM, and is counted by the host',
    id: 3,
    port: 7034,
    with: 'badsum',
    death: {
      reason: 'UDP_CSUM',
      at: '__udp4_lib_rcv',
      told: {
        rule: 'checksum.bad',
        title: 'Its UDP checksum is wrong in server: it was changed or damaged on its way from 10.30.0.1.',
        evidence: ['counter Udp.InCsumErrors is 1'],
      },
    },
  },
  {
    name: 'a segment with a wrong checksum ends with TCP_CSUM, and is counted by the host',
    id: 4,
    port: 7035,
    with: 'tcp,flags=S,len=0,badsum',
    death: {
      reason: 'TCP_CSUM',
      at: 'tcp_v4_rcv',
      told: {
        rule: 'checksum.bad',
        title: 'Its TCP checksum is wrong in server: it was changed or damaged on its way from 10.30.0.1.',
        evidence: ['counter Tcp.InCsumErrors is 1'],
      },
    },
  },
  {
    name: "a datagram that the socket's filter refuses ends with SOCKET_FILTER, and the socket is named",
    id: 5,
    port: 7032,
    death: {
      reason: 'SOCKET_FILTER',
      at: 'udp_queue_rcv_one_skb',
      decisions: ['filter EPERM'],
      told: {
        rule: 'socket.filter',
        title: 'A BPF filter of the receiving socket or of its cgroup refused it in server.',
        evidence: ['socket filter: refused (EPERM)', 'a socket is bound to 0.0.0.0:7032 (idle, pid '],
      },
    },
  },
  {
    name: 'a frame to another MAC address ends with OTHERHOST, and both addresses are told',
    id: 6,
    port: 7034,
    with: 'dev=c,mac=02:00:00:00:00:99',
    death: {
      reason: 'OTHERHOST',
      at: 'ip_rcv_core',
      told: {
        rule: 'header.other-host',
        title: 'The frame is for another machine (02:00:00:00:00:99), not for s in server.',
        evidence: ['link/ether 02:00:00:00:1e:02'],
      },
    },
  },
  {
    name: 'a segment out of nowhere is INVALID for conntrack, and the rule that drops it is told',
    id: 7,
    port: 7020,
    with: 'tcp,flags=A,seq=5,ack=9,len=0',
    death: {
      reason: 'NETFILTER_DROP',
      at: AT_NFT,
      decisions: ['conntrack ACCEPT INVALID', 'table DROP', 'hook DROP'],
      told: {
        rule: 'netfilter.table',
        title: /^The firewall dropped it in server: nftables inet fw input rule \d+\.$/,
        evidence: [
          'conntrack: INVALID',
          'ct state invalid drop',
          'net.netfilter.nf_conntrack_tcp_be_liberal is 0',
        ],
      },
    },
  },
];

const BEYOND_WINDOW = 8;
const FULL_BUFFER = [31, 32, 33, 34];
const ACCEPT_QUEUE = 41;
const QDISC = [61, 62, 63, 64, 65];

function makeNetwork(): void {
  wire({ netns: 'client', device: 'c', host: 1 }, { netns: 'server', device: 's', host: 2 }, { net: 30 });
  wire({ netns: 'client', device: 'c2', host: 1 }, { netns: 'server', device: 's2', host: 2 }, { net: 31 });
  nft(
    'server',
    `table inet fw {
      chain input {
        type filter hook input priority 0; policy accept;
        tcp dport { 7020, 7021 } ct state invalid drop
      }
    }`,
  );
  shell(
    'server',
    'echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose', // does not take up connections half way
    'tc qdisc add dev s2 root tbf rate 8kbit burst 1600 limit 3000',
  );
}

/** Connects and holds what it has. */
const connect = (...ports: readonly number[]): Promise<Running> =>
  Running.start(
    'client',
    'bash',
    '-c',
    `${ports.map((port) => `exec {fd}<>/dev/tcp/${SERVER}/${port}; `).join('')}echo connected; exec sleep 600`,
  );

function words({ id, port, with: more = 'udp' }: Pick<Case, 'id' | 'port' | 'with'>): string {
  const kind = /^(tcp|udp)\b/.test(more) ? [] : ['udp'];
  const from = more.includes('from=') ? [] : [`from=${CLIENT}:4000`];
  return [...kind, more, ...from, `to=${SERVER}:${port}`, `id=${id}`].join(',');
}

async function make(): Promise<SharedTrace> {
  const running: Running[] = [];
  let made: SharedTrace | undefined;
  await withNamespaces(['client', 'server'], async () => {
    makeNetwork();
    try {
      running.push(await Running.start('server', tool('idle'), ...SOCKETS));
      running.push(await connect(7033, 7033)); // an accept queue of one takes two
      made = await trace({
        args: ['--route', '--why', '--keep', 'udp or tcp'],
        async traffic(output) {
          const synAck = output.line(
            ({ kind, sport, tcp_flags_text }) =>
              kind === 'hop' && sport === 7021 && tcp_flags_text === 'SYN,ACK',
          );
          running.push(await connect(7021));
          sendAll(await synAck);
        },
      });
    } finally {
      for (const one of running) await one.stop();
    }
  });
  if (made === undefined) throw new Error('no trace');
  return made;
}

function sendAll({ dport, tcp_seq, tcp_ack }: Line): void {
  const beyond = (Number(tcp_ack) + 0x10000000) >>> 0; // of what the server has room for
  const acknowledged = (Number(tcp_seq) + 1) >>> 0;
  run(
    'client',
    tool('packet'),
    ...cases.map(words),
    words({
      id: BEYOND_WINDOW,
      port: 7021,
      with: `tcp,from=${CLIENT}:${String(dport)},flags=A,seq=${beyond},ack=${acknowledged},len=0`,
    }),
    ...FULL_BUFFER.map((id) => words({ id, port: 7031, with: 'udp,len=1000' })),
    words({ id: ACCEPT_QUEUE, port: 7033, with: 'tcp,flags=S,len=0' }),
  );
  run(
    'server',
    tool('packet'),
    ...QDISC.map((id) => `udp,from=10.31.0.2:4000,to=10.31.0.1:7050,id=${id},len=1200`),
  );
}

const others: readonly Part<SharedTrace>[] = [
  {
    name: 'a segment beyond the window of its connection is INVALID, too',
    check(made) {
      const packet = packetWithId(made, BEYOND_WINDOW);
      checkDeath(packet, {
        reason: 'NETFILTER_DROP',
        at: AT_NFT,
        netns: 'server',
        decisions: ['conntrack ACCEPT INVALID', 'table DROP'],
        told: {
          rule: 'netfilter.table',
          title: /^The firewall dropped it in server: nftables inet fw input rule \d+\.$/,
          evidence: ['conntrack: INVALID', 'ct state invalid drop'],
        },
      });
    },
  },
  {
    name: 'a datagram that finds the receive buffer full ends with SOCKET_RCVBUFF; those before it are in flight',
    check(made) {
      const packets = FULL_BUFFER.map((id) => packetWithId(made, id));
      const last = packets.at(-1);
      check(last !== undefined, 'the last is seen');
      for (const packet of packets.slice(0, -1)) {
        equal([packet.drops.length, packet.frees.length], [0, 0], 'drops and ends of one that was not read');
        equal(packet.diagnosis?.verdict ?? 'in flight', 'in flight', 'verdict');
      }
      checkDeath(last, {
        reason: 'SOCKET_RCVBUFF',
        at: 'udp_queue_rcv_one_skb',
        netns: 'server',
        decisions: ['receive ENOMEM'],
        told: {
          rule: 'socket.buffer',
          title:
            /^The receive buffer of the socket on 10\.30\.0\.2:7031 in server is full \([\d,]+ of 4,608 bytes\): its program reads too slowly\.$/,
          evidence: ['a socket is bound to 0.0.0.0:7031 (idle, pid ', 'counter Udp.RcvbufErrors is 1'],
        },
      });
      const full = only(last.decisions, ({ decision }) => decision === 'receive', 'receive decision');
      check(Number(full.used) >= Number(full.limit) && full.limit === 4608, 'used and limit', full);
    },
  },
  {
    name: 'a SYN to a full accept queue ends without a drop, and is told with its numbers',
    check(made) {
      const packet = packetWithId(made, ACCEPT_QUEUE);
      equal(packet.drops.length, 0, 'drops');
      equal(
        packet.frees.map((free) => free.dropped),
        [false],
        'ends',
      );
      const full = only(packet.decisions, ({ decision }) => decision === 'accept', 'accept decision');
      equal([full.used, full.limit], [2, 1], 'used and limit');
      checkTold(packet.diagnosis, 'consumed', {
        rule: 'tcp.accept-queue',
        title:
          'The accept queue of 10.30.0.2:7033 in server is full (2 of 1), so the connection was refused in silence.',
        evidence: ['accept queue: full, 2 of 1', 'TcpExt.ListenOverflows is ', 'net.core.somaxconn is '],
      });
    },
  },
  {
    name: 'what a full qdisc refuses ends with QDISC_DROP, and what it let through does not',
    check(made) {
      const packets = QDISC.map((id) => packetWithId(made, id));
      // one is sent at once, two wait
      for (const packet of packets.slice(0, 3))
        check(
          packet.drops.every((drop) => drop.reason === 'NO_SOCKET' && drop.netns_name === 'client'),
          'those that fit are not dropped by the qdisc',
          packet.drops,
        );
      for (const packet of packets.slice(3))
        checkDeath(packet, {
          reason: 'QDISC_DROP',
          at: { on61: 'kfree_skb_list_reason', on612: '__dev_queue_xmit' },
          netns: 'server',
          decisions: ['transmit DROP'],
          told: {
            rule: 'queue.qdisc',
            title: 'The queueing discipline on s2 in server dropped it.',
            evidence: ['transmission: DROP', 'qdisc tbf', 'rate 8Kbit', 'dropped '],
          },
        });
    },
  },
];

export const socketDrops: readonly Scenario[] = together(make, [
  ...cases.map((one) => ({
    name: one.name,
    check(made: SharedTrace) {
      const packet = packetWithId(made, one.id);
      isOnePacket(packet, { ip_id: one.id, dport: one.port });
      checkDeath(packet, { ...one.death, netns: 'server' });
    },
  })),
  ...others,
]);
