/** What is seen and what is not: filters are evaluated in the kernel, on real packets. */
import { execFileSync } from 'node:child_process';
import { check, equal } from './check.ts';
import { untilDetached } from './holders.ts';
import { tool } from './network.ts';
import { firstSaid, originals, staysOf } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { endShared, trace } from './shared.ts';
import { trace as command, inNamespace, netnsInode, noPacket, type Packet } from './trace.ts';

const PEERS = tool('peers');
const ping = (namespace: string, ...args: string[]) => inNamespace(namespace, 'ping', '-W5', ...args);

interface Case {
  readonly name: string;
  readonly args: () => readonly string[];
  readonly traffic: () => void;
  readonly expect: (packets: readonly Packet[]) => void;
}

const pingBoth = () => {
  inNamespace('web', PEERS, 'echo', '10.1.0.3', '4242');
  inNamespace('web', PEERS, 'echo', '10.1.0.3', '4243');
};

const cases: readonly Case[] = [
  {
    name: '-N takes the name of a namespace and sees only what is in it',
    args: () => ['-N', 'db', 'icmp'],
    traffic: pingBoth,
    expect(packets) {
      check(packets.length > 0, 'packets are seen');
      for (const packet of packets) equal(staysOf(packet), ['db'], 'namespaces without --keep');
    },
  },
  {
    name: '-N takes an inode, and --keep follows out of the namespace',
    args: () => ['--keep', '-N', String(netnsInode('web')), 'icmp[icmptype] = icmp-echo'],
    traffic: pingBoth,
    expect(packets) {
      equal(packets.length, 2, 'requests');
      for (const packet of packets) equal(staysOf(packet), ['web', 'host', 'db'], 'namespaces with --keep');
    },
  },
  {
    name: '--mark sees marked packets only',
    args: () => ['--keep', '--mark', '0x20/0xf0'],
    traffic() {
      ping('web', '-c1', '-m', '36', '10.1.0.3');
      ping('web', '-c1', '-m', '64', '10.1.0.3');
    },
    expect(packets) {
      equal(packets.length, 1, 'packets with the mark');
      equal(firstSaid(packets[0] ?? noPacket(0), 'mark'), 36, 'mark');
    },
  },
  {
    name: '-i sees packets on that interface only',
    args: () => ['-i', 'br0', 'icmp'],
    traffic() {
      ping('web', '-c1', '10.1.0.1');
    },
    expect(packets) {
      check(packets.length > 0, 'packets are seen');
      for (const hop of packets.flatMap((packet) => packet.hops)) equal(hop.ifname, 'br0', 'interface');
    },
  },
  {
    name: 'a tag of a VLAN is seen, in and beside the data, and a filter may ask for it',
    args: () => ['--keep', 'vlan 7 and icmp'],
    traffic() {
      withVlan(7, () => {
        ping('web', '-c1', '10.7.0.3');
      });
    },
    expect(packets) {
      check(packets.length > 0, 'tagged packets are seen');
      for (const packet of packets)
        check(
          packet.hops.some((hop) => hop.vlan === 7),
          'the tag is told',
          packet.hops[0],
        );
    },
  },
];

/** Gives web and db an interface in a VLAN (10.ID.0.2 and .3) while `use` runs. */
function withVlan(id: number, use: () => void): void {
  const ends = [
    ['web', 2],
    ['db', 3],
  ] as const;
  const ip = (...args: string[]) => execFileSync('ip', args);
  for (const [namespace, host] of ends) {
    const device = `eth0.${id}`;
    ip('-n', namespace, 'link', 'add', 'link', 'eth0', 'name', device, 'type', 'vlan', 'id', String(id));
    ip('-n', namespace, 'addr', 'add', `10.${id}.0.${host}/24`, 'dev', device);
    ip('-n', namespace, 'link', 'set', device, 'up');
  }
  try {
    use();
  } finally {
    for (const [namespace] of ends) ip('-n', namespace, 'link', 'del', `eth0.${id}`);
  }
}

const INNER_MAC = '02:00:00:00:50:02';

/** A datagram through VXLAN, which puts eight bytes before the MAC header: as many as two tags have. */
async function throughTunnel(): Promise<void> {
  const ip = (...args: string[]) => execFileSync('ip', ['-n', 'web', ...args]);
  // before the trace: its functions are probed when the module is there
  ip(...'link add vx0 type vxlan id 9 remote 10.1.0.3 dstport 4789 dev eth0'.split(' '));
  try {
    ip('addr', 'add', '10.50.0.1/24', 'dev', 'vx0');
    ip('link', 'set', 'vx0', 'up');
    ip('neigh', 'add', '10.50.0.2', 'lladdr', INNER_MAC, 'dev', 'vx0');
    const { packets } = await trace({
      args: ['--keep', 'udp and dst host 10.50.0.2'],
      traffic() {
        inNamespace('web', 'bash', '-c', 'echo x > /dev/udp/10.50.0.2/9');
      },
    });
    const [packet] = originals(packets.values());
    const hops = packet?.hops ?? [];
    const wrapped = hops.findIndex((hop) => hop.func === 'udp_tunnel_xmit_skb');
    check(wrapped > 0, 'the datagram enters the tunnel', hops);
    const told = hops.slice(0, wrapped + 1).flatMap((hop) => hop.eth_dst ?? []);
    equal([...new Set(told)], [INNER_MAC], 'destinations told until the outer header is there');
  } finally {
    ip('link', 'del', 'vx0');
  }
}

const inTunnel: Scenario = {
  name: 'the header of a tunnel is not taken for MAC addresses',
  run: throughTunnel,
};

const WANTED = 9998;
const OTHER = 9997;
const DATAGRAMS = 100;

/** A datagram's memory was another's: what its headers say there before they are written must not be believed. */
const unwritten: readonly Scenario[] = (['default', 'all'] as const).map((group) => ({
  name: `no port or length is read before it is written (--group ${group})`,
  async run() {
    await endShared();
    await untilDetached(); // the shared capture's probes, and those of the command before
    const { packets } = await command({
      args: ['--keep', '--group', group, `udp dst port ${WANTED}`],
      async traffic(_running, output) {
        const both = [WANTED, OTHER].map(
          (port) => `echo x > /dev/udp/127.0.0.1/${port}; echo x > /dev/udp/::1/${port};`,
        );
        let ended = 0;
        const allEnded = output.line(({ kind }) => kind === 'free' && ++ended === 2 * DATAGRAMS);
        inNamespace('web', 'bash', '-c', `for i in {1..${DATAGRAMS}}; do ${both.join(' ')} done 2>/dev/null`);
        await allEnded;
      },
    });
    const seen = originals(packets.values());
    for (const version of [4, 6])
      equal(
        seen.filter((packet) => firstSaid(packet, 'l3_version') === version).length,
        DATAGRAMS,
        `datagrams of IPv${version} to the port that is wanted`,
      );
    for (const packet of seen) {
      equal(packet.hops[0]?.dport, WANTED, 'port at the first hop');
      for (const hop of packet.hops)
        check(!hop.changed?.includes('ip.length'), 'the length is known from the first hop on', hop);
    }
  },
}));

const byTable: readonly Scenario[] = cases.map(({ name, args, traffic, expect }) => ({
  name,
  async run() {
    const { packets } = await trace({ args: args(), traffic });
    expect(originals(packets.values()));
  },
}));

export const filters: readonly Scenario[] = [...byTable, ...unwritten, inTunnel];
