/** What a hop's record carried, as fields of its JSON object; see docs/json-output.md. */
import { BUFFER_BIT, L4_KIND, SECTION } from '../wire/layout.gen.ts';
import { tcpFlagsText } from './format.ts';
import type { Hop, Ip, L4, Owner, PacketState, SkBuffer } from './hop.ts';
import {
  checksumName, conntrackInfoName, conntrackStatusNames, ecnName, errnoName, lower, routeTypeName, tunnelName,
} from './kernel-names.ts'; // biome-ignore format: a list
import type { NameBook } from './names.ts';
import { isHeaderUntold, isTcpUntold, PKT_TYPE_UNTOLD } from './untold.ts';

type Plain = string | number | boolean;
export type JsonObject = { readonly [field: string]: Json };
/** An object that is being made. */
export type JsonFields = { [field: string]: Json };
export type Json = Plain | readonly Json[] | JsonObject;

const NO_ADDRESS = '0'.repeat(16);
/** CHECKSUM_PARTIAL: `csum` then says where the sum starts and where it goes. */
const CHECKSUM_PARTIAL = 3;

/** The fields of every group that is new, or changed, with this hop. */
export function sectionsToJson({ state, carried, netns }: Hop, names: NameBook): JsonObject {
  const has = (section: number) => (carried & section) !== 0;
  return {
    ...(has(SECTION.dev) && deviceToJson(state)),
    ...(has(SECTION.meta) && metaToJson(state)),
    ...(has(SECTION.eth) && ethToJson(state)),
    ...(has(SECTION.meta | SECTION.eth) && vlansToJson(state)),
    ...(has(SECTION.ip) && ipToJson(state.ip)),
    ...(has(SECTION.l4) && l4ToJson(state.l4)),
    ...(has(SECTION.buffer) && bufferToJson(state.buffer)),
    ...(has(SECTION.route) && routeToJson(state, (ifindex) => names.interfaceName(netns, ifindex))),
    ...(has(SECTION.conntrack) && conntrackToJson(state)),
    ...(has(SECTION.inner) && innerToJson(state)),
    ...(has(SECTION.owner) && ownerToJson(state.owner, names)),
    ...(has(SECTION.control) && state.control),
  };
}

/** `owner`, with the names of its control group; nothing when the owner is not known. */
export function ownerToJson(owner: Owner | undefined, names: NameBook): JsonObject {
  if (owner === undefined || (owner.pid === 0 && owner.cgroup === 0)) return {};
  const group = names.cgroup(owner.cgroup);
  return {
    owner: {
      ...(owner.pid !== 0 && { pid: owner.pid, uid: owner.uid, comm: owner.comm }),
      ...(owner.cgroup !== 0 && { cgroup_id: owner.cgroup }),
      ...(group && { cgroup: group.path }),
      ...(group?.kind === 'unit' && { unit: group.name }),
      ...(group?.kind === 'container' && {
        container: group.name,
        runtime: group.runtime,
        ...(group.container !== '' && { container_id: group.container }),
      }),
      ...(group && group.pod !== '' && { pod_uid: group.pod, qos: group.qos }),
      ...(group && group.podName !== '' && { pod: group.podName }),
    },
  };
}

function deviceToJson({ mtu, iif }: PacketState): JsonObject {
  return { ...(mtu !== undefined && mtu !== 0 && { mtu }), ...(iif !== undefined && iif !== 0 && { iif }) };
}

function metaToJson({ meta }: PacketState): JsonObject {
  if (meta === undefined) return {};
  return {
    len: meta.len,
    mark: meta.mark,
    ...((meta.pktType !== PKT_TYPE_UNTOLD || meta.priority !== 0) && { priority: meta.priority }),
    protocol: `0x${meta.protocol.toString(16).padStart(4, '0')}`,
    ...(meta.pktType !== PKT_TYPE_UNTOLD && { pkt_type: meta.pktType }),
  };
}

function ethToJson({ eth }: PacketState): JsonObject {
  return eth === undefined ? {} : { eth_dst: eth.dst, eth_src: eth.src };
}

/** Tags from the outermost on: one kept beside the data comes before those in it. */
function vlansToJson({ meta, eth }: PacketState): JsonObject {
  const tags = [eth?.vlanTci ?? 0, eth?.innerVlanTci ?? 0].filter((tci) => tci !== 0);
  if (meta !== undefined && meta.vlanProto !== 0) tags.unshift(meta.vlanTci);
  const [outer, inner] = tags.map((tci) => tci & 0xfff);
  return { ...(outer !== undefined && { vlan: outer }), ...(inner !== undefined && { vlan_inner: inner }) };
}

function ipToJson(ip: Ip | undefined): JsonObject {
  if (ip === undefined) return {};
  if (ip.version === 0) return { saddr: ip.saddr, daddr: ip.daddr };
  return {
    l3_version: ip.version,
    saddr: ip.saddr,
    daddr: ip.daddr,
    l4_proto: ip.protocol,
    ...(!isHeaderUntold(ip) && { ip_len: ip.length, ip_id: ip.id, ttl: ip.ttl }),
    ...(ip.tos !== 0 && { tos: ip.tos, dscp: ip.tos >> 2, ecn: lower(ecnName(ip.tos)) }),
    ...(ip.frag !== 0 && { ip_frag: ip.frag }),
  };
}

function l4ToJson(l4: L4 | undefined): JsonObject {
  switch (l4?.kind) {
    case L4_KIND.tcp:
      return {
        sport: l4.sport,
        dport: l4.dport,
        tcp_flags: l4.tcpFlags,
        tcp_flags_text: tcpFlagsText(l4.tcpFlags),
        ...(!isTcpUntold(l4) && { tcp_seq: l4.tcpSeq, tcp_ack: l4.tcpAck, tcp_window: l4.tcpWindow }),
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

function bufferToJson(buffer: SkBuffer | undefined): JsonObject {
  if (buffer === undefined) return {};
  const bit = (mask: number) => (buffer.bits & mask) !== 0;
  return {
    hash: hex32(buffer.hash),
    truesize: buffer.truesize,
    ip_summed: lower(checksumName(buffer.ipSummed)),
    csum: hex32(buffer.csum),
    ...(buffer.ipSummed === CHECKSUM_PARTIAL && {
      csum_start: buffer.csum & 0xffff,
      csum_offset: buffer.csum >>> 16,
    }),
    ...(buffer.csumLevel !== 0 && { csum_level: buffer.csumLevel }),
    ...(buffer.gsoSize !== 0 && {
      gso_type: buffer.gsoType,
      gso_size: buffer.gsoSize,
      gso_segs: buffer.gsoSegs,
    }),
    nr_frags: buffer.nrFrags,
    queue_mapping: buffer.queueMapping,
    cloned: bit(BUFFER_BIT.cloned),
    nohdr: bit(BUFFER_BIT.nohdr),
    fclone: bit(BUFFER_BIT.fclone),
    frag_list: bit(BUFFER_BIT.fragList),
  };
}

function routeToJson({ route }: PacketState, ifname: (ifindex: number) => string): JsonObject {
  if (route === undefined || route.dst === NO_ADDRESS) return {};
  return {
    route: {
      ifindex: route.ifindex,
      ifname: ifname(route.ifindex),
      ...(route.gateway !== '' && { gateway: route.gateway }),
      ...(route.type !== 0 && { type: lower(routeTypeName(route.type)) }),
      ...(route.error !== 0 && { error: errnoName(route.error) }),
    },
  };
}

function conntrackToJson({ conntrack }: PacketState): JsonObject {
  // untracked on purpose has no entry, but says so
  if (conntrack === undefined || (conntrack.ct === NO_ADDRESS && conntrack.info !== UNTRACKED)) return {};
  return {
    conntrack: {
      info: lower(conntrackInfoName(conntrack.info)),
      status: conntrackStatusNames(conntrack.status).map(lower),
      mark: conntrack.mark,
    },
  };
}
/** IP_CT_UNTRACKED. */
const UNTRACKED = 7;

function innerToJson({ inner }: PacketState): JsonObject {
  if (inner === undefined || inner.tunnel === 0) return {};
  const fields = { ...ipToJson(inner.ip), ...l4ToJson(inner.l4) };
  return {
    tunnel: tunnelName(inner.tunnel),
    vni: inner.vni,
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [`inner_${name}`, value])),
  };
}

const hex32 = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
