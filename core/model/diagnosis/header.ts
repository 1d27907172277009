/** What stands in the headers: TTL, size against MTU, addresses of the link, protocols nobody speaks. */
import type { FactQuery } from '../../messages/facts.ts';
import { RELATION } from '../../wire/layout.gen.ts';
import { formatCount } from '../format.ts';
import { isHeaderUntold } from '../untold.ts';
import {
  advise, destination, diedIn, inPlace, isV6, look, onDevice, type Scene, setting, settingText, source,
} from './scene.ts'; // biome-ignore format: a list
import { byReason } from './table.ts';
import type { DiagnosisRule } from './types.ts';

const link = ({ netns, device }: Scene): readonly FactQuery[] =>
  device === '' ? [] : [{ kind: 'interface', netns, device }];

/** The interface that its route leads to, where it has one; else the one that it is at. */
function nextLink(scene: Scene): readonly FactQuery[] {
  const { names, netns, state } = scene;
  const ifindex = state.route?.ifindex ?? 0;
  const device = names.interfaceName(netns, ifindex);
  const isNamed = ifindex !== 0 && device !== `if${ifindex}`;
  return !isNamed ? link(scene) : [{ kind: 'interface', netns, device }];
}

const ttl: DiagnosisRule = {
  id: 'header.ttl',
  category: 'header',
  explain(scene) {
    const { state, symbol, reason, isUnspecified } = scene;
    if (!/^ip6?_forward$/.test(symbol) || !(isUnspecified || reason === 'IP_INHDR')) return undefined;
    if (state.ip === undefined || isHeaderUntold(state.ip) || state.ip.ttl > 1) return undefined;
    const name = isV6(scene) ? 'hop limit' : 'TTL';
    return {
      title: `Its ${name} ${isUnspecified ? 'probably ' : ''}ran out${inPlace(scene)} on the way to ${destination(scene)}.`,
      certainty: isUnspecified ? 'likely' : 'known',
      advice: [
        advise(
          scene,
          'A traceroute does this on purpose. Otherwise look for a routing loop.',
          ...(isV6(scene) ? ['traceroute', '-6'] : ['traceroute']),
          destination(scene),
        ),
      ],
    };
  },
};

const USUAL_TUNNEL_MTU = 1400;
const [PING_HEADERS, PING6_HEADERS] = [28, 48];

const mtu: DiagnosisRule = {
  id: 'header.mtu',
  category: 'header',
  explain(scene) {
    const { state, symbol } = scene;
    const length = state.meta?.len ?? state.ip?.length ?? 0;
    const limit = state.mtu ?? 0;
    const isTooLong = limit > 0 && length > limit;
    const diedForwarding =
      diedIn(
        scene,
        /^(ip_forward|ip6_forward|ip_fragment|ip_do_fragment|ip6_fragment|ip_finish_output|ip6_finish_output|__ip_finish_output|is_skb_forwardable|__dev_forward_skb|br_dev_queue_push_xmit|dev_forward_skb)$/,
      ) &&
      isTooLong &&
      !scene.path.children.some(({ relation }) => relation === RELATION.fragment);
    if (scene.reason !== 'PKT_TOO_BIG' && !diedForwarding) return undefined;
    const isSure = scene.reason === 'PKT_TOO_BIG';
    const size =
      length > 0
        ? ` (${formatCount(length)} bytes${isTooLong ? `, MTU ${formatCount(limit)}${onDevice(scene)}` : ''})`
        : '';
    const may = symbol.startsWith('br_') || isV6(scene) ? '' : ' and may not be fragmented';
    return {
      title: `It is ${isSure ? '' : 'probably '}too big for the next link${inPlace(scene)}${may}${size}.`,
      certainty: isSure ? 'known' : 'likely',
      facts: [{ kind: 'route', netns: scene.netns, to: destination(scene) }, ...nextLink(scene)],
      advice: [
        advise(
          scene,
          'Find the largest size that passes.',
          'ping',
          ...(isV6(scene) ? ['-6'] : []),
          '-M',
          'do',
          '-s',
          String((isTooLong ? limit : USUAL_TUNNEL_MTU) - (isV6(scene) ? PING6_HEADERS : PING_HEADERS)),
          destination(scene),
        ),
        advise(
          scene,
          isV6(scene)
            ? 'Its sender is told by ICMPv6: see that no firewall drops "packet too big".'
            : 'Its sender is told by ICMP: see that no firewall drops "fragmentation needed".',
        ),
        advise(
          scene,
          'For TCP over tunnels, lower the MSS.',
          'nft',
          'add',
          'rule',
          'inet',
          'mangle',
          'forward',
          'tcp',
          'flags',
          'syn',
          'tcp',
          'option',
          'maxseg',
          'size',
          'set',
          'rt',
          'mtu',
        ),
      ],
    };
  },
};

const otherHost: DiagnosisRule = {
  id: 'header.other-host',
  category: 'header',
  explain(scene) {
    const isNotUs = scene.state.meta?.pktType === 3;
    const isSure = scene.reason === 'OTHERHOST';
    if (!isSure && !(isNotUs && diedIn(scene, /^(ip_rcv|ip_rcv_core|ip6_rcv_core|ipv6_rcv|ip_forward)$/)))
      return undefined;
    const mac = scene.state.eth?.dst ?? '';
    return {
      title: `The frame is ${isSure ? '' : 'probably '}for another machine${mac === '' ? '' : ` (${mac})`}, not for ${scene.device || 'this interface'}${inPlace(scene)}.`,
      certainty: isSure ? 'known' : 'likely',
      facts: link(scene),
      advice: [
        ...link(scene).map((query) =>
          look(
            scene,
            'Compare with the address of the interface; PROMISC there is why such frames come at all.',
            query,
          ),
        ),
        advise(
          scene,
          'If it should be for this machine, its sender has an old neighbour entry.',
          'ip',
          'neigh',
          'flush',
          'to',
          destination(scene),
        ),
      ],
    };
  },
};

const reasons = byReason('header.reason', 'header', {
  IP_INHDR: { title: (s) => `Its IP header is malformed${inPlace(s)}.`, advice: 'Look at the bytes with tcpdump -xx: length, version, options.' },
  HDR_TRUNC: { title: (s) => `It ends before its headers do${inPlace(s)}.`, advice: 'Look at what made or cut it: snap length, a tunnel, a driver.' },
  PKT_TOO_SMALL: { title: (s) => `It is shorter than its headers say${inPlace(s)}.`, advice: 'Look at the bytes with tcpdump -xx: padding, length field, a cut tunnel.' },
  // icmp_rcv() says so of what was sent to many
  INVALID_PROTO: {
    title: (s) =>
      s.symbol.startsWith('icmp')
        ? `It is an ICMP message to a broadcast or multicast address, which is not answered${inPlace(s)}.`
        : `It does not keep to the rules of its protocol${onDevice(s)}${inPlace(s)}.`,
    advice: 'A protection against amplification; echo requests to broadcast addresses can be allowed.',
    facts: (s) => [setting(s, 'ipv4/icmp_echo_ignore_broadcasts')],
  },
  IP_NOPROTO: {
    title: (s) => `No one speaks IP protocol ${s.state.ip?.protocol ?? '?'}${inPlace(s)}.`,
    advice: 'Load the module of that protocol (ip_gre, sctp, …), or open a raw socket for it.',
  },
  UNHANDLED_PROTO: {
    title: (s) =>
      s.symbol.startsWith('icmp')
        ? `This host does not know ICMP type ${s.state.l4?.icmpType ?? '?'}${inPlace(s)}.`
        : `No one handles EtherType 0x${(s.state.meta?.protocol ?? 0).toString(16).padStart(4, '0')}${onDevice(s)}${inPlace(s)}.`,
    advice:
      'Frames of such protocols (LLDP, STP, EAPOL) are usual; a VLAN without its interface ends here, too.',
  },
  UNICAST_IN_L2_MULTICAST: {
    title: (s) => `It has a unicast address, but came in a broadcast or multicast frame${onDevice(s)}${inPlace(s)}.`,
    advice: (s) => [
      advise(s, 'This is a protection that can be switched off.', 'sysctl', '-w', `${settingText(`net/${isV6(s) ? 'ipv6' : 'ipv4'}/conf/${s.device || 'all'}/drop_unicast_in_l2_multicast`)}=0`),
    ],
    facts: (s) => [setting(s, `${isV6(s) ? 'ipv6' : 'ipv4'}/conf/${s.device || 'all'}/drop_unicast_in_l2_multicast`)],
  },
  IPV6DISABLED: {
    title: (s) => `IPv6 is switched off${onDevice(s)}${inPlace(s)}.`,
    advice: (s) => [advise(s, 'Switch it on.', 'sysctl', '-w', `${settingText(`net/ipv6/conf/${s.device || 'all'}/disable_ipv6`)}=0`)],
    facts: (s) => [setting(s, `ipv6/conf/${s.device || 'all'}/disable_ipv6`), setting(s, 'ipv6/conf/all/disable_ipv6')],
  },
  IPV6_BAD_EXTHDR: { title: (s) => `It has an IPv6 extension header that is malformed or not allowed${inPlace(s)}.`, advice: 'Look at what sends it.' },
  IPV6_NDISC_FRAG: { title: 'A neighbour discovery message came in fragments, which is forbidden (RFC 6980).', advice: 'Look at what sends it: it may be an attack.' },
  IPV6_NDISC_HOP_LIMIT: { title: 'A neighbour discovery message came over a router: its hop limit is not 255.', advice: 'Look at what sends it: it may be an attack, or a tunnel that decrements.' },
  IPV6_NDISC_BAD_CODE: { title: 'A neighbour discovery message has a code that is not 0.', advice: 'Look at what sends it.' },
  IPV6_NDISC_BAD_OPTIONS: { title: 'A neighbour discovery message has malformed options.', advice: 'Look at what sends it.' },
  IPV6_NDISC_NS_OTHERHOST: { title: 'A neighbour solicitation is for another machine.', advice: 'Usual on an interface in promiscuous mode.' },
  MAC_INVALID_SOURCE: { title: (s) => `The frame's source address ${s.state.eth?.src ?? ''} is no address of a machine${onDevice(s)}${inPlace(s)}.`, advice: 'Look at what sends it.' },
  MAC_IEEE_MAC_CONTROL: { title: (s) => `It is a MAC control frame (PAUSE), which bridges do not forward${onDevice(s)}${inPlace(s)}.`, advice: 'Usual with flow control on the link.' },
  LOCAL_MAC: { title: (s) => `It came from the tunnel with a source address of this host's own${onDevice(s)}${inPlace(s)}.`, advice: 'Look for a loop between the ends of the tunnel.' },
  ARP_PVLAN_DISABLE: { title: (s) => `An ARP request for ${destination(s)} from ${source(s)} is not answered for others${onDevice(s)}${inPlace(s)}.`, advice: 'proxy_arp_pvlan is off there.' },
}); // biome-ignore format: a table

export const headerRules: readonly DiagnosisRule[] = [ttl, mtu, otherHost, reasons];
