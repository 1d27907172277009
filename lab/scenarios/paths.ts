/** Where packets go: one packet id from sender to receiver, through namespaces, bridge and NAT. */
import { check, equal, inOrder, only } from './check.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import { inNamespace, type Line, type Packet } from './trace.ts';

const functionsOf = (packet: Packet) => packet.hops.map((hop) => hop.func ?? '');

/** Namespaces in the order of the path, each once per stay; a hop that belongs to none is passed over. */
export const staysOf = (packet: Packet): string[] => {
  const stays: string[] = [];
  for (const hop of packet.hops) {
    const name = hop.netns_name;
    if (name !== undefined && stays.at(-1) !== name) stays.push(name);
  }
  return stays;
};

export const interfacesOf = (packet: Packet): string[] => [
  ...new Set(packet.hops.map((hop) => hop.ifname ?? '')),
];

/** The first hop that says it, as every field is said when it changes. */
export const firstSaid = (packet: Packet, field: string): unknown =>
  packet.hops.find((hop) => hop[field] !== undefined)?.[field];

/** The field differs from the packet's hop before. */
const changed = (hop: Line, field: string) => hop.changed?.includes(field) === true;

/** Packets that are no clones. */
export const originals = (packets: Iterable<Packet>) => [...packets].filter((packet) => packet.parent === 0);

export const paths: readonly Scenario[] = [
  {
    name: 'a ping over the bridge is one packet from the sender to the receiver, and its reply another',
    async run() {
      const { packets } = await trace({
        args: ['--keep', 'icmp and host 10.1.0.2 and host 10.1.0.3'],
        traffic: () => {
          inNamespace('web', 'ping', '-c1', '-W5', '10.1.0.3');
        },
      });
      const all = originals(packets.values());
      equal(all.length, 2, 'packets: a request and a reply');
      const request = only(all, (packet) => firstSaid(packet, 'icmp_type') === 8, 'echo request');
      const reply = only(all, (packet) => firstSaid(packet, 'icmp_type') === 0, 'echo reply');
      equal(staysOf(request), ['web', 'host', 'db'], 'namespaces of the request');
      equal(staysOf(reply), ['db', 'host', 'web'], 'namespaces of the reply');
      inOrder(
        functionsOf(request),
        ['ip_output', 'br_handle_frame', 'br_forward', 'ip_rcv', 'ip_local_deliver', 'icmp_rcv'],
        'the request, from IP output over the bridge to ICMP input',
      );
      equal(request.hops.at(-1)?.netns_name, 'db', 'where the request ends');
      equal(request.drops.length, 0, 'drops of the request');
      // ping's raw socket gets a clone of the reply; the kernel then finds no other socket for the reply itself
      equal(
        reply.drops.map((drop) => drop.reason),
        ['NO_SOCKET'],
        'drops of the reply',
      );
      const clone = only([...packets.values()], (packet) => packet.parent === reply.id, 'clone of the reply');
      equal(functionsOf(clone).at(0), 'raw_rcv', 'where the clone goes');
      for (const packet of all) {
        equal(packet.frees.length, 1, 'ends');
        checkTimes(packet.hops);
      }
    },
  },
  {
    name: 'TCP through DNAT keeps its packet id, and the hop where the address changed says so',
    async run() {
      const { packets } = await trace({
        args: ['--keep', 'tcp and host 192.0.2.2'],
        traffic: () => {
          inNamespace('outside', 'bash', '-c', 'exec 3<>/dev/tcp/192.0.2.1/8080; echo GET / >&3; exec 3>&-');
        },
      });
      const translated = originals(packets.values()).filter(
        (packet) =>
          packet.hops.some((hop) => hop.daddr === '192.0.2.1') &&
          packet.hops.some((hop) => hop.daddr === '10.1.0.3'),
      );
      check(translated.length >= 3, 'at least SYN, ACK and data are translated', translated.length);
      for (const packet of translated) {
        const change = only(packet.hops, (hop) => changed(hop, 'ip.daddr'), 'hop where the address changed');
        equal(change.daddr, '10.1.0.3', 'the new address');
        equal(change.dport, 80, 'the port changes with it');
        check(typeof change.func === 'string' && change.func !== '', 'the hop names its function', change);
        equal(staysOf(packet), ['outside', 'host', 'db'], 'namespaces of a translated packet');
        inOrder(
          functionsOf(packet),
          ['ip_output', 'ip_rcv', 'ip_forward', 'br_dev_xmit', 'ip_rcv', 'tcp_v4_rcv'],
          'path',
        );
      }
    },
  },
  {
    name: 'a packet through MASQUERADE keeps its id while its source changes',
    async run() {
      const { packets } = await trace({
        args: ['--keep', 'icmp and src host 10.1.0.2'],
        traffic: () => {
          inNamespace('web', 'ping', '-c1', '-W5', '192.0.2.2');
        },
      });
      const [request] = originals(packets.values());
      check(request !== undefined, 'the request is seen');
      const change = only(request.hops, (hop) => changed(hop, 'ip.saddr'), 'hop where the source changed');
      equal(change.saddr, '192.0.2.1', 'the new source');
      equal(change.netns_name, 'host', 'where it changed');
      equal(staysOf(request), ['web', 'host', 'outside'], 'namespaces');
    },
  },
  {
    name: 'an IPv6 ping with extension headers is seen with its addresses, type and echo id',
    async run() {
      const { packets } = await trace({
        args: ['--keep', 'ip6 and host fd00:1::3'],
        traffic: () => {
          // larger than the MTU: every piece has a fragment header before ICMPv6
          inNamespace('web', 'ping', '-6', '-c1', '-W5', '-s', '3000', 'fd00:1::3');
        },
      });
      const echoes = [...packets.values()].filter((packet) =>
        packet.hops.some((hop) => hop.icmp_type === 128),
      );
      check(echoes.length > 0, 'an echo request is seen');
      const pieces = [...packets.values()].filter((packet) =>
        packet.hops.some((hop) => hop.ip_frag !== undefined),
      );
      check(pieces.length > 0, 'fragments are recognised behind the fragment header', pieces.length);
      for (const packet of echoes) equal(firstSaid(packet, 'l3_version'), 6, 'IP version');
    },
  },
];

/** Event time never runs backwards within a path on one CPU. */
function checkTimes(hops: readonly Line[]): void {
  const last = new Map<number, number>();
  for (const hop of hops) {
    check(hop.time_ns >= (last.get(hop.cpu) ?? 0), 'times go forward', hop);
    last.set(hop.cpu, hop.time_ns);
  }
}
