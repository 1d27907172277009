/** What a packet is and where it goes, in the words that several chapters need. */
import { packetDetail, protocolName, stateEndpoints } from '../format.ts';
import type { PacketState, Path } from '../hop.ts';
import { tunnelName } from '../kernel-names.ts';
import { firstDevice, lastDevice, type Scene, stateAt } from './scene.ts';
import type { Segment } from './types.ts';

/** `UDP 10.1.0.2:40000 → 10.1.0.3:9999`, `ICMP echo request id 7 seq 1, 10.1.0.2 → …`; `a packet` when nothing is known. */
export function packetText(state: PacketState): string {
  const { ip, l4, meta } = state;
  const { source, destination } = stateEndpoints(state);
  if (ip === undefined && (meta === undefined || meta.protocol === 0)) return 'a packet';
  const protocol = protocolName({
    l4Kind: l4?.kind ?? 0,
    ipVersion: ip?.version ?? 0,
    ipProtocol: ip?.protocol ?? 0,
    protocol: meta?.protocol ?? 0,
  });
  const detail = l4 === undefined ? '' : packetDetail({ ...l4, l4Kind: l4.kind });
  const ends = source === '' ? '' : ` ${source} → ${destination}`;
  return `${protocol}${detail === '' ? '' : ` ${detail},`}${ends}`.replace(/,$/, '');
}

/** `VXLAN VNI 42`, `GRE`; '' when it is in no tunnel that is known. */
export function tunnelText({ inner }: PacketState): string {
  if (inner === undefined || inner.tunnel === 0) return '';
  const name = tunnelName(inner.tunnel);
  if (name === 'vxlan' || name === 'geneve') return `${name.toUpperCase()} VNI ${inner.vni}`;
  return name === 'gre' && inner.vni !== 0 ? `GRE key ${inner.vni}` : name.toUpperCase();
}

/** Where a segment's packet is going: the interface that is not the one that it came by, or what its route says. */
export function outDevice(scene: Scene, { from, to }: Segment): string {
  const first = firstDevice(scene, from, to);
  const last = lastDevice(scene, from, to);
  const { route } = stateAt(scene, to);
  const hop = scene.path.hops[to];
  if (last !== first || route === undefined || route.ifindex === 0 || hop === undefined) return last;
  return scene.names.interfaceName(scene.namespaces[to] ?? hop.netns, route.ifindex);
}

/** ` via 10.1.0.1`, '' on the link. */
export const via = ({ route }: PacketState): string =>
  route === undefined || route.gateway === '' ? '' : ` via ${route.gateway}`;

/** `, TTL 64 → 63` where a change of it is seen among some hops. */
export function ttlText({ hops }: Path, from: number, to: number): string {
  for (let i = from; i <= to; i += 1) {
    const change = hops[i]?.changes.find(({ field }) => field === 'ip.ttl');
    const name = hops[i]?.state.ip?.version === 6 ? 'hop limit' : 'TTL';
    if (change !== undefined) return `, ${name} ${change.before} → ${change.after}`;
  }
  return '';
}

/** ` of nc (12)`: who the receiving socket belongs to, where the kernel found that on the receiving side. */
export function receiverText({ path, functions }: Scene, to: number): string {
  const { hops } = path;
  const owner = hops[to]?.state.owner;
  if (owner === undefined || owner.pid === 0) return '';
  const set = hops
    .slice(0, to + 1)
    .findLastIndex((hop) => hop.changes.some(({ field }) => field === 'owner.pid'));
  const arrived = functions
    .slice(0, to + 1)
    .findLastIndex((name) => /^(_*netif_rx|_*netif_receive|napi_gro)/.test(name));
  // what was known before it arrived is who sent it
  return set > arrived && set >= 0 ? ` of ${owner.comm === '' ? 'process' : owner.comm} (${owner.pid})` : '';
}
