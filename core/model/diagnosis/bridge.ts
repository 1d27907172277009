/** Bridges: a port's state, VLANs, and frames that would go back to where they came from. */
import type { FactQuery } from '../../messages/facts.ts';
import { advise, diedIn, inPlace, look, onDevice, type Scene, setting } from './scene.ts';
import type { DiagnosisRule } from './types.ts';

const port = ({ netns, device }: Scene): readonly FactQuery[] =>
  device === '' ? [] : [{ kind: 'bridgePort', netns, device }];

function portAdvice(scene: Scene, text: string) {
  return port(scene).map((query) => look(scene, text, query));
}

const state: DiagnosisRule = {
  id: 'bridge.state',
  category: 'bridge',
  explain(scene) {
    if (!/^BRIDGE_(INGRESS_STP_STATE|NON_FORWARDING_STATE)$/.test(scene.reason)) return undefined;
    return {
      title: `The bridge port${scene.device === '' ? '' : ` ${scene.device}`}${inPlace(scene)} does not forward: spanning tree blocks it, or it still listens.`,
      facts: port(scene),
      advice: portAdvice(scene, 'See the state of the port.'),
    };
  },
};

const noTarget: DiagnosisRule = {
  id: 'bridge.no-target',
  category: 'bridge',
  explain(scene) {
    if (scene.reason !== 'NO_TX_TARGET') return undefined;
    const isBridge = scene.symbol.startsWith('br_');
    return {
      title: `There is nowhere to send it${onDevice(scene)}${inPlace(scene)}: no port or remote end is up for ${scene.state.eth?.dst ?? 'its destination'}.`,
      category: isBridge ? 'bridge' : 'tunnel',
      facts: port(scene),
      advice: [advise(scene, 'See where its address was learnt.', 'bridge', 'fdb', 'show')],
    };
  },
};

/** Older kernels give no reason in the bridge: the function tells the usual one. */
const PLACES: readonly (readonly [pattern: RegExp, why: string, advice: string])[] = [
  [/^(br_handle_frame)$/, 'its port is probably not in the forwarding state (spanning tree), or the frame is for the link alone (STP, PAUSE)', 'See the state of the port.'],
  [/^(br_handle_frame_finish|br_handle_ingress_vlan_tunnel|br_allowed_ingress|__br_handle_vlan|br_handle_vlan)$/, 'its port probably does not take that VLAN or that address, or does not forward', 'See the port’s state, VLANs and whether it is locked.'],
  [/^(br_forward|__br_forward|br_flood|maybe_deliver|br_multicast_flood|br_forward_finish)$/, 'its destination is probably behind the port that it came from (hairpin is off), or behind none that is up', 'See state and hairpin of the ports.'],
  [/^(br_dev_xmit|br_dev_queue_push_xmit|br_pass_frame_up)$/, 'it probably has a VLAN that the bridge does not let through there, or is too long', 'See VLANs and MTU.'],
]; // biome-ignore format: a table

const place: DiagnosisRule = {
  id: 'bridge.unnamed',
  category: 'bridge',
  explain(scene) {
    const found = PLACES.find(([pattern]) => diedIn(scene, pattern));
    if (found === undefined) return undefined;
    const [, why, text] = found;
    return {
      title: `The bridge dropped it${onDevice(scene)}${inPlace(scene)}: ${why}.`,
      certainty: 'likely',
      facts: [...port(scene), setting(scene, 'bridge/bridge-nf-call-iptables')],
      advice: [
        ...portAdvice(scene, text),
        advise(scene, 'See the VLANs of every port.', 'bridge', 'vlan', 'show'),
        advise(scene, 'See where its address was learnt.', 'bridge', 'fdb', 'show'),
      ],
    };
  },
};

export const bridgeRules: readonly DiagnosisRule[] = [state, noTarget, place];
