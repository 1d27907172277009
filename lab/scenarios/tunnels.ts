/** What is inside a tunnel and what is outside, while the packet stays one; and tags of VLANs. */
import { check, equal, inOrder, only } from './check.ts';
import { ip, run, shell, tool, wire, withNamespaces } from './network.ts';
import { originals, staysOf } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { begins, droppedAs, type Expected, endedInOrder, erasOf, explained, functionsOf } from './story.ts';
import { kernelVersion, type Packet } from './trace.ts';

const PEERS = tool('peers');
const [LEFT, MIDDLE, RIGHT] = ['t-left', 't-middle', 't-right'];

interface Tunnel {
  /** As traces say it. */
  readonly kind: string;
  readonly device: string;
  readonly type: string;
  /** VNI or key. */
  readonly id: number;
  /** Number of the network in it, and the echo id of the ping through it. */
  readonly net: number;
  readonly protocol: number;
  /** Destination port outside, of those in UDP. */
  readonly port?: number;
  /** It carries Ethernet frames. */
  readonly carriesFrames?: boolean;
  readonly inside?: 6;
  readonly outside?: 6;
}

const TUNNELS: readonly Tunnel[] = [
  { kind: 'vxlan', device: 'vx1', type: 'vxlan id 4201 dstport 4789', id: 4201, net: 71, protocol: 17, port: 4789, carriesFrames: true },
  { kind: 'geneve', device: 'gn1', type: 'geneve id 4202', id: 4202, net: 72, protocol: 17, port: 6081, carriesFrames: true },
  { kind: 'gre', device: 'gr1', type: 'gre key 4203', id: 4203, net: 73, protocol: 47 },
  { kind: 'gre', device: 'gt1', type: 'gretap key 4204 csum', id: 4204, net: 74, protocol: 47, carriesFrames: true },
  { kind: 'ipip', device: 'ip1', type: 'ipip', id: 0, net: 75, protocol: 4 },
  { kind: 'ipip', device: 'st1', type: 'sit', id: 0, net: 76, protocol: 41, inside: 6 },
  { kind: 'ipip', device: 'tn1', type: 'ip6tnl mode any', id: 0, net: 77, protocol: 4, outside: 6 },
]; // biome-ignore format: a table

const [OUTSIDE_LEFT, OUTSIDE_RIGHT] = [61, 62];
const address = (version: number | undefined, net: number, host: number) =>
  version === 6 ? `fd00:${net}::${host}` : `10.${net}.0.${host}`;

/** One end of every tunnel, over the network `own` to `other`. */
function ends(netns: string, own: number, other: number, host: number): void {
  const lines = TUNNELS.flatMap(({ device, type, net, carriesFrames, inside, outside }) => {
    const mac = (of: number) => `02:00:00:00:${net}:0${of}`;
    const local = type.startsWith('geneve') ? '' : `local ${address(outside, own, 2)}`;
    return [
      `link add ${device} ${carriesFrames ? `address ${mac(host)}` : ''} type ${type} ${local} remote ${address(outside, other, 2)}`,
      `link set ${device} addrgenmode none`,
      `link set ${device} up`,
      `addr add ${address(inside, net, host)}/${inside === 6 ? 64 : 24} dev ${device} ${inside === 6 ? 'nodad' : ''}`,
      ...(carriesFrames
        ? [`neigh add ${address(inside, net, 3 - host)} lladdr ${mac(3 - host)} dev ${device}`]
        : []),
    ];
  });
  ip(netns, `route add default via 10.${own}.0.1`, `route add default via fd00:${own}::1`, ...lines);
}

/** Two namespaces with every kind of tunnel between them, and one in the middle that routes. */
const withTunnels = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([LEFT, MIDDLE, RIGHT], async () => {
    wire(
      { netns: LEFT, device: 'under', host: 2 },
      { netns: MIDDLE, device: 'left', host: 1 },
      { net: OUTSIDE_LEFT },
    );
    wire(
      { netns: RIGHT, device: 'under', host: 2 },
      { netns: MIDDLE, device: 'right', host: 1 },
      { net: OUTSIDE_RIGHT },
    );
    shell(
      MIDDLE,
      'echo 1 > /proc/sys/net/ipv4/ip_forward',
      'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
    );
    ends(LEFT, OUTSIDE_LEFT, OUTSIDE_RIGHT, 1);
    ends(RIGHT, OUTSIDE_RIGHT, OUTSIDE_LEFT, 2);
    await use();
  });

/** An echo request and its reply through each tunnel. */
function ping(): void {
  shell(LEFT, ...TUNNELS.map(({ net, inside }) => `${PEERS} echo ${address(inside, net, 2)} ${net}`));
}

const REQUESTS = '(icmp and icmp[icmptype] = icmp-echo) or (icmp6 and ip6[40] = 128)';
const FIELDS = ['saddr', 'daddr', 'l4_proto', 'tunnel', 'vni', 'inner_saddr', 'inner_daddr', 'inner_icmp_id'];

/** What FIELDS are outside of the tunnel, and in it. */
function pictures({ kind, id, net, protocol, inside, outside }: Tunnel) {
  const [from, to] = [address(inside, net, 1), address(inside, net, 2)];
  const bare = [from, to, inside === 6 ? 58 : 1, null, null, null, null, null];
  const wrapped = [
    address(outside, OUTSIDE_LEFT, 2), address(outside, OUTSIDE_RIGHT, 2), protocol, kind, id, from, to, net,
  ]; // biome-ignore format: a row
  return { bare, wrapped };
}

/** 6.1 frees ICMPv6 as dropped, with no reason, when it has answered it; then it is a guess. */
function ending(
  packet: Packet,
  { device, inside }: Tunnel,
): Pick<Expected, 'verdict' | 'rule' | 'certainty'> {
  if (inside === 6 && kernelVersion().startsWith('6.1.')) {
    droppedAs(packet, 'NOT_SPECIFIED', /^icmpv6_rcv/, device);
    return { verdict: 'dropped', rule: 'ending.icmp6', certainty: 'likely' };
  }
  endedInOrder(packet, device);
  return { verdict: 'delivered', rule: 'ending.ordinary' };
}

function throughTunnel(packet: Packet, tunnel: Tunnel): void {
  const { device, kind, port } = tunnel;
  const { bare, wrapped } = pictures(tunnel);
  equal(staysOf(packet), [LEFT, MIDDLE, RIGHT], `${device}: namespaces`);
  equal(erasOf(packet, FIELDS), [bare, wrapped, bare], `${device}: before, in and after the tunnel`);
  const ports = new Set(
    erasOf(packet, ['tunnel', 'dport']).flatMap(([within, dport]) => (within ? [dport] : [])),
  );
  equal([...ports], [port ?? null], `${device}: port outside`);
  if (tunnel.inside !== 6) {
    const ids = erasOf(packet, ['ip_id', 'inner_ip_id', 'tunnel']).map(([own, inner, within]) =>
      within ? inner : own,
    );
    equal(new Set(ids).size, 1, `${device}: IP ids of the packet itself`);
  }
  explained(
    packet,
    {
      ...ending(packet, tunnel),
      title: new RegExp(`delivered to ${bare[1]} in ${RIGHT}`),
      evidence: [
        new RegExp(`^it went into a tunnel \\(${kind}\\) from ${wrapped[0]} to ${wrapped[1]}$`),
        new RegExp(`^it came out of the tunnel \\(${kind}\\) at ${wrapped[1]}$`),
      ],
    },
    device,
  );
}

/** Only what is in a tunnel when it is first seen. */
function firstSeenInTunnel(packet: Packet, tunnel: Tunnel): void {
  const { bare, wrapped } = pictures(tunnel);
  equal(erasOf(packet, FIELDS), [wrapped, bare], `${tunnel.device}: in the tunnel, and after`);
  equal(staysOf(packet), [LEFT, MIDDLE, RIGHT], `${tunnel.device}: namespaces`);
}

const throughTunnels: readonly Scenario[] = [
  {
    name: 'an echo request through a tunnel of any kind is one packet, with what is outside and inside',
    run: () =>
      withTunnels(async () => {
        const { packets } = await trace({ args: ['--keep', '--route', '--why', REQUESTS], traffic: ping });
        const all = originals(packets.values());
        equal(all.length, TUNNELS.length, 'packets');
        for (const tunnel of TUNNELS)
          throughTunnel(
            only(all, (packet) => begins(packet, 'icmp_id', tunnel.net), tunnel.device),
            tunnel,
          );
      }),
  },
  {
    name: '--inner sees packets by what a tunnel carries, and an outer filter by what carries it',
    run: () =>
      withTunnels(async () => {
        const inner = await trace({ args: ['--keep', '--inner', REQUESTS], traffic: ping });
        equal(inner.packets.size, TUNNELS.length, 'packets: requests, and only within tunnels');
        for (const tunnel of TUNNELS)
          firstSeenInTunnel(
            only(
              [...inner.packets.values()],
              (packet) => begins(packet, 'inner_icmp_id', tunnel.net),
              tunnel.device,
            ),
            tunnel,
          );
        const both = await trace({
          args: ['--keep', '--inner', `dst host ${address(4, 71, 2)}`, 'udp port 4789'],
          traffic: ping,
        });
        const [vxlan] = TUNNELS;
        check(vxlan !== undefined, 'there is VXLAN');
        firstSeenInTunnel(
          only([...both.packets.values()], () => true, 'packet that both expressions hold for'),
          vxlan,
        );
        const outer = await trace({ args: ['--keep', 'ip proto 47'], traffic: ping });
        equal(
          originals(outer.packets.values()).map((packet) => packet.hops[0]?.inner_icmp_id),
          [73, 73, 74, 74],
          'what GRE carries: requests and replies',
        );
      }),
  },
];

const [TAG, INNER_TAG, TAGGED] = [100, 7, 64];

/** A VLAN in a VLAN (802.1ad, 802.1Q) over a veth pair; 10.64.0.1 and .2 are in the inner one. */
const withVlans = (use: () => Promise<void>): Promise<void> =>
  withNamespaces([LEFT, RIGHT], async () => {
    wire({ netns: LEFT, device: 'wire', host: 1 }, { netns: RIGHT, device: 'wire', host: 2 }, { net: 63 });
    for (const [netns, host] of [
      [LEFT, 1],
      [RIGHT, 2],
    ] as const)
      ip(
        netns,
        `link add link wire name s${TAG} type vlan proto 802.1ad id ${TAG}`,
        `link add link s${TAG} name c${INNER_TAG} type vlan id ${INNER_TAG}`,
        `link set s${TAG} up`,
        `link set c${INNER_TAG} up`,
        `addr add 10.${TAGGED}.0.${host}/24 dev c${INNER_TAG}`,
        `neigh add 10.${TAGGED}.0.${3 - host} lladdr 02:00:00:00:3f:0${3 - host} dev c${INNER_TAG}`,
      );
    await use();
  });

const vlans: Scenario = {
  name: 'tags of a VLAN in a VLAN are told from where they are put on to where they are taken off',
  run: () =>
    withVlans(async () => {
      const pingOnce = () => {
        run(LEFT, PEERS, 'echo', `10.${TAGGED}.0.2`, '64');
      };
      const whole = await trace({
        args: ['--keep', '--route', '--why', 'icmp[icmptype] = icmp-echo'],
        traffic: pingOnce,
      });
      const request = only(originals(whole.packets.values()), () => true, 'request');
      const none = [null, null];
      equal(
        erasOf(request, ['vlan', 'vlan_inner']),
        // __netif_receive_skb_core takes off both, and calls nothing between that has a probe
        [none, [INNER_TAG, null], [TAG, INNER_TAG], none],
        'tags along the path',
      );
      equal(staysOf(request), [LEFT, RIGHT], 'namespaces');
      inOrder(functionsOf(request), ['ip_output', 'veth_xmit', 'ip_rcv', 'icmp_rcv'], 'path');
      equal(new Set(erasOf(request, ['ip_id'])).size, 1, 'IP ids');
      endedInOrder(request, 'the request');
      explained(request, { verdict: 'delivered', rule: 'ending.ordinary' }, 'the request');
      const tagged = await trace({
        args: [`vlan ${TAG} and vlan ${INNER_TAG} and icmp[icmptype] = icmp-echo`],
        traffic: pingOnce,
      });
      const seen = only([...tagged.packets.values()], () => true, 'packet that the filter is for');
      equal(erasOf(seen, ['vlan', 'vlan_inner']), [[TAG, INNER_TAG]], 'tags where the filter holds');
      check(functionsOf(seen).includes('veth_xmit'), 'it holds on the wire', functionsOf(seen));
    }),
};

export const tunnels: readonly Scenario[] = [...throughTunnels, vlans];
