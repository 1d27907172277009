/** Tunnels: VXLAN, GRE, IPIP and what they refuse. */
import { advise, diedIn, inPlace, onDevice, type Scene } from './scene.ts';
import { byReason } from './table.ts';
import type { DiagnosisRule } from './types.ts';

const vni = ({ state }: Scene): string => (state.inner === undefined ? '' : ` ${state.inner.vni}`);
const show = (scene: Scene, text: string) => advise(scene, text, 'ip', '-d', 'link', 'show', 'type', 'vxlan');

const reasons = byReason('tunnel.reason', 'tunnel', {
  VXLAN_INVALID_HDR: { title: (s) => `Its VXLAN header is not valid${inPlace(s)}.`, advice: 'Look at what sends it: reserved bits, extensions (GBP, GPE) that this end does not have.' },
  VXLAN_VNI_NOT_FOUND: { title: (s) => `No VXLAN interface has the VNI${vni(s)}${inPlace(s)}.`, advice: (s) => [show(s, 'See which VNIs there are.')] },
  VXLAN_ENTRY_EXISTS: { title: (s) => `Its source address is a static entry of the VXLAN interface, behind another remote end${onDevice(s)}${inPlace(s)}.`, advice: (s) => [advise(s, 'See the entries.', 'bridge', 'fdb', 'show')] },
  VXLAN_NO_REMOTE: { title: (s) => `VXLAN does not know behind which remote end its destination is${onDevice(s)}${inPlace(s)}.`, advice: (s) => [advise(s, 'See the entries; one for 00:00:00:00:00:00 takes what is not known.', 'bridge', 'fdb', 'show')] },
  IP_TUNNEL_ECN: { title: (s) => `The congestion marks outside and inside of the tunnel contradict each other${inPlace(s)} (RFC 6040).`, advice: 'Look for what clears or sets ECN bits on the way.' },
  TUNNEL_TXINFO: { title: (s) => `The tunnel${onDevice(s)}${inPlace(s)} needs to be told its remote end for each packet, and was not.`, advice: 'An interface "external" takes packets only from routes, tc or BPF that set the tunnel key.' },
  PSP_INPUT: { title: (s) => `PSP could not decrypt or authenticate it${inPlace(s)}.` },
  PSP_OUTPUT: { title: (s) => `PSP could not encrypt it${inPlace(s)}.` },
}); // biome-ignore format: a table

const unnamed: DiagnosisRule = {
  id: 'tunnel.unnamed',
  category: 'tunnel',
  explain(scene) {
    if (
      !diedIn(
        scene,
        /^(vxlan|geneve|gre|ipgre|erspan|ipip|ip_tunnel|iptunnel|ip6_tnl|ip6ip6|sit|wg|wireguard|udp_tunnel|l2tp|gtp|fou|gue)_/,
      )
    )
      return undefined;
    const isWireguard = /^w(g|ireguard)_/.test(scene.symbol);
    return {
      title: `The tunnel${onDevice(scene)}${inPlace(scene)} refused it: ${isWireguard ? 'probably no peer has that address or key' : 'probably its key, addresses or remote end do not fit'}.`,
      certainty: 'likely',
      advice: [
        isWireguard
          ? advise(scene, 'See the peers, their allowed addresses and last handshake.', 'wg', 'show')
          : advise(
              scene,
              'See how the tunnels are set up, and what they count.',
              'ip',
              '-d',
              '-s',
              'link',
              'show',
            ),
      ],
    };
  },
};

export const tunnelRules: readonly DiagnosisRule[] = [reasons, unnamed];
