/** Into tunnels and IPsec, and out of them. */
import { protocolName } from '../format.ts';
import type { PacketState } from '../hop.ts';
import { firstDevice, has, inPlace, type Scene, stateAt } from './scene.ts';
import type { Segment } from './types.ts';
import { packetText, tunnelText } from './words.ts';

/** ESP and AH. */
const IPSEC: ReadonlySet<number> = new Set([50, 51]);

export function tellTunnel(scene: Scene, { chapter, from, to }: Segment): string {
  const here = inPlace(scene, from);
  const device = firstDevice(scene, from, to);
  const before = stateAt(scene, from);
  const after = outcome(scene, from, to);
  switch (chapter) {
    case 'tunnel-out': {
      const tunnel = tunnelText(after);
      if (has(scene, from, to, /^wg_/)) return `WireGuard takes it on ${device}${here}, to encrypt it`;
      if (tunnel === '' || tunnel === tunnelText(before)) return `Goes into the tunnel ${device}${here}`;
      return `Wrapped in ${tunnel}${here}${ends(after)}`;
    }
    case 'tunnel-in': {
      const tunnel = tunnelText(before);
      if (has(scene, from, to, /^wg_/)) return `WireGuard takes it in${here}, to decrypt it`;
      if (tunnel === '') return `A tunnel takes it in${here}`;
      return tunnelText(after) === tunnel
        ? `Comes in${here} by the tunnel (${tunnel})`
        : `Unwrapped from ${tunnel}${here}: ${packetText(after)}`;
    }
    case 'xfrm-out':
      return IPSEC.has(after.ip?.protocol ?? 0) && !IPSEC.has(before.ip?.protocol ?? 0)
        ? `IPsec protects it${here}: ${protocolOf(after)}${ends(after)}`
        : `IPsec transforms it${here}`;
    default:
      return IPSEC.has(before.ip?.protocol ?? 0) && !IPSEC.has(after.ip?.protocol ?? 0)
        ? `IPsec takes its ${protocolOf(before)} off${here}: ${packetText(after)}`
        : `IPsec takes it in${here}`;
  }
}

/** What the functions made of it is seen at the next hop. */
function outcome(scene: Scene, from: number, to: number): PacketState {
  const next = scene.path.hops[to + 1];
  return next === undefined || next.kind === 'drop' ? stateAt(scene, Math.max(from, to)) : next.state;
}

const ends = ({ ip }: PacketState): string => (ip === undefined ? '' : `, from ${ip.saddr} to ${ip.daddr}`);

const protocolOf = ({ ip }: PacketState): string =>
  protocolName({ l4Kind: 0, ipVersion: ip?.version ?? 4, ipProtocol: ip?.protocol ?? 0, protocol: 0 });
