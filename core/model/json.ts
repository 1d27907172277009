/** Events as JSON objects, one a line, for `--json`: names and meaning are a promise, see docs/json-output.md. */
import { L4_KIND, RELATION, SECTION } from '../wire/layout.gen.ts';
import type { Free, Hop, Lineage, PacketState } from './hop.ts';
import type { NameBook } from './names.ts';
import { stageOf } from './stages.ts';

type Json = Record<string, string | number | boolean | readonly string[]>;

const RELATION_NAMES = new Map<number, string>([
  [RELATION.clone, 'clone'],
  [RELATION.copy, 'copy'],
]);

/**
 * One hop or drop. Header fields appear at the packet's first event, and again whenever one of their group
 * (`meta`, `eth`, `ip`, `l4`) changed; `changed` lists which fields differ from the packet's event before.
 */
export function hopToJson(hop: Hop, names: NameBook, baseUnixMs: number): Json {
  const func = hop.kind === 'hop' ? names.function(hop.func) : undefined;
  const name = hop.kind === 'hop' ? names.functionName(hop.func) : '';
  return {
    kind: hop.kind,
    ...stepToJson(hop, baseUnixMs),
    packet: hop.packet,
    skb: `0x${hop.skb}`,
    ...(hop.kind === 'hop' && { func: name, stage: stageOf(name) }),
    ...(func && func.module !== '' && { module: func.module }),
    ...(hop.kind === 'drop' && {
      reason: names.reasonName(hop.reason),
      reason_code: hop.reason,
      location: names.locationName(hop.location),
    }),
    ...(hop.netns !== 0 && { netns: hop.netns, netns_name: names.netnsName(hop.netns) }),
    ...(hop.ifindex !== 0 && {
      ifindex: hop.ifindex,
      ifname: hop.state.device ?? names.interfaceName(hop.netns, hop.ifindex),
    }),
    pid: hop.pid,
    comm: hop.state.comm ?? '',
    ...((hop.pidMatch.owner || hop.pidMatch.current) && {
      pid_match: hop.pidMatch.owner ? 'owner' : 'current',
    }),
    depth: hop.depth,
    ...headers(hop),
    ...(hop.changes.length > 0 && { changed: hop.changes.map(({ field }) => field) }),
  };
}

/** The packet's end. */
export function freeToJson(free: Free, baseUnixMs: number): Json {
  return { kind: 'free', ...stepToJson(free, baseUnixMs), packet: free.packet, dropped: free.dropped };
}

/** `packet` came out of `parent`. */
export function lineageToJson(lineage: Lineage, baseUnixMs: number): Json {
  return {
    kind: 'lineage',
    ...stepToJson(lineage, baseUnixMs),
    packet: lineage.packet,
    parent: lineage.parent,
    relation: RELATION_NAMES.get(lineage.relation) ?? `relation ${lineage.relation}`,
  };
}

function stepToJson(step: Hop | Free | Lineage, baseUnixMs: number): Json {
  return {
    time_ns: step.timeNs,
    unix_ms: Math.round((baseUnixMs + step.timeNs / 1e6) * 1000) / 1000,
    delta_ns: step.deltaNs,
    cpu: step.cpu,
    seq: step.seq,
  };
}

/** The header fields of the groups that are new with this hop. */
function headers(hop: Hop): Json {
  const { state, carried } = hop;
  return {
    ...((carried & SECTION.meta) !== 0 && metaToJson(state)),
    ...((carried & SECTION.eth) !== 0 && ethToJson(state)),
    ...((carried & SECTION.ip) !== 0 && ipToJson(state)),
    ...((carried & SECTION.l4) !== 0 && l4ToJson(state)),
  };
}

function metaToJson({ meta }: PacketState): Json {
  if (meta === undefined) return {};
  return {
    len: meta.len,
    mark: meta.mark,
    priority: meta.priority,
    protocol: `0x${meta.protocol.toString(16).padStart(4, '0')}`,
    pkt_type: meta.pktType,
    ...(meta.vlanProto !== 0 && { vlan: meta.vlanTci & 0xfff }),
  };
}

function ethToJson({ eth }: PacketState): Json {
  if (eth === undefined) return {};
  return { eth_dst: eth.dst, eth_src: eth.src, ...(eth.vlanTci !== 0 && { vlan: eth.vlanTci & 0xfff }) };
}

function ipToJson({ ip }: PacketState): Json {
  if (ip === undefined) return {};
  if (ip.version === 0) return { saddr: ip.saddr, daddr: ip.daddr };
  return {
    l3_version: ip.version,
    saddr: ip.saddr,
    daddr: ip.daddr,
    l4_proto: ip.protocol,
    ip_len: ip.length,
    ip_id: ip.id,
    ttl: ip.ttl,
    ...(ip.tos !== 0 && { tos: ip.tos }),
    ...(ip.frag !== 0 && { ip_frag: ip.frag }),
  };
}

function l4ToJson({ l4 }: PacketState): Json {
  switch (l4?.kind) {
    case L4_KIND.tcp:
      return {
        sport: l4.sport,
        dport: l4.dport,
        tcp_flags: l4.tcpFlags,
        tcp_seq: l4.tcpSeq,
        tcp_ack: l4.tcpAck,
        tcp_window: l4.tcpWindow,
      };
    case L4_KIND.udp:
    case L4_KIND.sctp:
      return { sport: l4.sport, dport: l4.dport };
    case L4_KIND.icmp:
    case L4_KIND.icmp6:
      return { icmp_type: l4.icmpType, icmp_code: l4.icmpCode, icmp_id: l4.icmpId, icmp_seq: l4.icmpSeq };
    case L4_KIND.arp:
      return { arp_op: l4.arpOp };
    default:
      return {};
  }
}
