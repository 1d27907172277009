/**
 * Why a container gets every datagram twice: a bridge that is promiscuous, and a service address (DNAT) that leads
 * to a container on the same bridge. The frame is for the bridge's MAC address, so it becomes PACKET_HOST; DNAT then
 * gives it the MAC address of the other container. The bridge forwards a clone to there and, being promiscuous,
 * passes the frame itself up; IP, to which PACKET_HOST says that it is ours, routes it to the same container again.
 */
import { check, equal, inOrder, only } from './check.ts';
import { childrenOf, ends, functionsOf, hopIn, originsOf, said, saidAt, steady, WHY } from './expect.ts';
import { address, ip, mac, nft, Running, run, shell, tool, wire, withNamespaces } from './network.ts';
import { originals, staysOf } from './paths.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './shared.ts';
import type { Packet } from './trace.ts';

const PEERS = tool('peers');
const NODE = 'dup-node';
const PODS = ['dup-a', 'dup-b'];
const NET = 80;
const BRIDGE = 254;
const SERVICE = '10.96.0.10';
const DATAGRAMS = 3;

async function withNode(use: () => Promise<void>): Promise<void> {
  await withNamespaces([NODE, ...PODS], async () => {
    ip(
      NODE,
      `link add cni0 address ${mac(NET, BRIDGE)} type bridge mcast_snooping 0`,
      `addr add ${address(NET, BRIDGE)}/24 dev cni0`,
      'link set cni0 up promisc on',
    );
    for (const [i, netns] of PODS.entries()) {
      const host = i + 1;
      const device = `pod${host}`;
      wire({ netns: NODE, device, host: 100 + host }, { netns, device: `p${host}`, host }, { net: NET });
      ip(
        NODE,
        `addr flush dev ${device}`,
        `link set ${device} master cni0`,
        `link set ${device} type bridge_slave hairpin on`,
        `neigh add ${address(NET, host)} lladdr ${mac(NET, host)} dev cni0`,
      );
      // known, so that the bridge has no need to flood
      run(NODE, 'bridge', 'fdb', 'replace', mac(NET, host), 'dev', device, 'master', 'static');
      ip(
        netns,
        `neigh add ${address(NET, BRIDGE)} lladdr ${mac(NET, BRIDGE)} dev p${host}`,
        `route add default via ${address(NET, BRIDGE)}`,
      );
    }
    shell(
      NODE,
      'echo 1 > /proc/sys/net/ipv4/ip_forward',
      'echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables',
    );
    nft(
      NODE,
      `table ip services {
        chain prerouting {
          type nat hook prerouting priority dstnat
          ip daddr ${SERVICE} udp dport 53 dnat to ${address(NET, 2)}:7053
        }
      }`,
    );
    await use();
  });
}

async function duplicated(): Promise<void> {
  await withNode(async () => {
    // ends when it has got twice as many as were sent
    const reader = await Running.start('dup-b', PEERS, 'udp-take', '7053', String(2 * DATAGRAMS));
    const { packets } = await trace({
      args: [...WHY, 'udp and (dst port 53 or dst port 7053)'],
      async traffic() {
        run('dup-a', PEERS, 'udp-send', SERVICE, '53', String(DATAGRAMS), '100');
        await reader.ended();
      },
    });
    steady(packets.values(), 'ip_id', 'sport', 'saddr');
    const sent = originals(packets.values());
    equal(sent.length, DATAGRAMS, 'datagrams');
    equal(new Set(sent.map((packet) => said(packet, 'ip_id')[0])).size, DATAGRAMS, 'IP ids');
    equal(packets.size, 2 * DATAGRAMS, 'packets: each datagram twice');
    for (const original of sent) twice(packets, original);
  });
}

function twice(packets: ReadonlyMap<number, Packet>, original: Packet): void {
  const copy = only(childrenOf(packets, original, 'clone'), () => true, 'clone');
  equal(originsOf(copy), [`clone of ${original.id}`], 'origin of the copy');
  equal(said(copy, 'ip_id'), said(original, 'ip_id'), 'IP id of the copy');

  // where they split
  const split = copy.origins[0]?.time_ns ?? 0;
  check(hopIn(original, 'br_handle_frame_finish').time_ns <= split, 'they part after br_handle_frame_finish');
  check(split <= hopIn(original, 'br_pass_frame_up').time_ns, 'and before br_pass_frame_up', copy.origins);
  equal(functionsOf(copy)[0], '__br_forward', 'where the copy goes');
  inOrder(
    functionsOf(original),
    [
      'br_handle_frame',
      'br_handle_frame_finish',
      'br_pass_frame_up',
      'ip_rcv',
      'ip_forward',
      'br_dev_xmit',
      '__br_forward',
    ],
    'the original is bridged up, and routed back',
  );
  equal(staysOf(original), ['dup-a', NODE, 'dup-b'], 'namespaces of the original');
  equal(staysOf(copy), [NODE, 'dup-b'], 'namespaces of the copy');

  // why
  const types = original.hops.flatMap((hop) => {
    const changes = Array.isArray(hop.changes) ? hop.changes : [];
    return changes
      .filter(({ field }) => field === 'meta.pktType')
      .map(({ before, after }) => `${before} > ${after} at ${hop.func}`);
  });
  check(types.includes('3 > 0 at br_nf_pre_routing'), 'PACKET_OTHERHOST becomes PACKET_HOST', types);
  const up = hopIn(original, 'br_pass_frame_up');
  equal(saidAt(original, up, 'pkt_type'), 0, 'PACKET_HOST when it is passed up');
  equal(saidAt(original, up, 'eth_dst'), mac(NET, 2), 'although its address is that of the container');

  const translated = only(original.decisions, ({ decision }) => decision === 'nat', 'translation');
  equal(
    [translated.verdict, translated.used, translated.netns_name],
    ['ACCEPT', 1, NODE],
    'of the destination',
  );
  const change = only(
    original.hops,
    (hop) => hop.changed?.includes('ip.daddr') === true,
    'change of address',
  );
  equal([change.daddr, change.dport], [address(NET, 2), 7053], 'the address it became');
  for (const packet of [original, copy])
    ends(packet, {
      verdict: 'delivered',
      rule: 'ending.ordinary',
      tone: 'ordinary',
      title: /delivered to 10\.80\.0\.2:7053/,
    });
  const evidence = JSON.stringify(original.diagnosis?.evidence);
  check(
    evidence.includes(`${SERVICE} to ${address(NET, 2)}`),
    'the translation is among the evidence',
    evidence,
  );
}

export const duplicates: readonly Scenario[] = [
  {
    name: 'every datagram to a service on the same promiscuous bridge arrives twice, and is seen to split',
    run: duplicated,
  },
];
