/** The last step to the next hop: its link-layer address cannot be found, or the packet waits for it. */
import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND } from '../../wire/layout.gen.ts';
import { formatDuration } from '../format.ts';
import {
  advise,
  cite,
  citeAll,
  diedIn,
  inPlace,
  isV6,
  lastDecision,
  look,
  nextHop,
  onDevice,
  type Scene,
  setting,
} from './scene.ts';
import { byReason } from './table.ts';
import type { DiagnosisRule } from './types.ts';

const WAITS_NS = 100e6;

function neighbour({ netns, device, ...scene }: Scene): FactQuery {
  return {
    kind: 'neighbour',
    netns,
    address: nextHop({ netns, device, ...scene }),
    ...(device !== '' && { device }),
  };
}

const protocol = (scene: Scene): string => (isV6(scene) ? 'neighbour discovery' : 'ARP');

const failed: DiagnosisRule = {
  id: 'neighbour.failed',
  category: 'neighbour',
  explain(scene) {
    if (
      scene.reason !== 'NEIGH_FAILED' &&
      !diedIn(
        scene,
        /^(arp_error_report|ndisc_error_report|neigh_\w*timer\w*|__neigh_event_send|neigh_invalidate)$/,
      )
    )
      return undefined;
    const isSure = scene.reason === 'NEIGH_FAILED';
    const hop = nextHop(scene);
    const gateway = scene.state.route?.gateway ? ', the gateway on its way,' : '';
    return {
      title: `${hop}${gateway} ${isSure ? 'did not answer' : 'probably did not answer'} ${protocol(scene)}${onDevice(scene)}${inPlace(scene)}.`,
      certainty: isSure ? 'known' : 'likely',
      evidence: citeAll(scene, [lastDecision(scene, DECISION_KIND.neighbour)]),
      facts: [neighbour(scene), ...link(scene)],
      advice: [
        look(scene, 'See what is known of the neighbour.', neighbour(scene)),
        advise(
          scene,
          'Ask it: no answer means that it is off, or not on this link (VLAN, cable, bridge).',
          ...(isV6(scene)
            ? ['ping', '-6', '-c1', hop]
            : ['arping', '-c3', ...(scene.device === '' ? [] : ['-I', scene.device]), hop]),
        ),
      ],
    };
  },
};

const link = ({ netns, device }: Scene): readonly FactQuery[] =>
  device === '' ? [] : [{ kind: 'interface', netns, device }];

const reasons = byReason('neighbour.reason', 'neighbour', {
  NEIGH_QUEUEFULL: {
    title: (scene) => `Too many packets wait for the link-layer address of ${nextHop(scene)}${inPlace(scene)}.`,
    advice: (scene) => [look(scene, 'See whether the neighbour answers at all.', neighbour(scene))],
    facts: (scene) => [neighbour(scene), setting(scene, `${isV6(scene) ? 'ipv6' : 'ipv4'}/neigh/${scene.device || 'default'}/unres_qlen_bytes`)],
  },
  NEIGH_CREATEFAIL: {
    title: (scene) => `The neighbour table has no room for ${nextHop(scene)}${inPlace(scene)}.`,
    advice: (scene) => [
      advise(scene, 'Allow more neighbours.', 'sysctl', '-w', `net.${isV6(scene) ? 'ipv6' : 'ipv4'}.neigh.default.gc_thresh3=8192`),
    ],
    facts: (scene) => [setting(scene, `${isV6(scene) ? 'ipv6' : 'ipv4'}/neigh/default/gc_thresh3`)],
  },
  NEIGH_DEAD: {
    title: (scene) => `The neighbour entry of ${nextHop(scene)} went away while the packet used it${inPlace(scene)}.`,
    advice: 'This happens when an interface goes down or its addresses change; look whether one did.',
    facts: link,
  },
  NEIGH_HH_FILLFAIL: {
    title: (scene) => `The link-layer header for ${nextHop(scene)} could not be written${onDevice(scene)}${inPlace(scene)}.`,
    facts: link,
  },
}); // biome-ignore format: a table

/** Still in flight, and the last that was heard is that its neighbour is not known. */
const waiting: DiagnosisRule = {
  id: 'neighbour.waiting',
  category: 'neighbour',
  explain(scene) {
    const { path, last, nowNs, drop } = scene;
    if (drop !== undefined || path.free !== undefined || last === undefined || nowNs === undefined)
      return undefined;
    const cited = lastDecision(scene, DECISION_KIND.neighbour);
    if (cited === undefined || cited.decision.value === 0) return undefined;
    if (cited.decision.index < last.index || nowNs - last.timeNs < WAITS_NS) return undefined;
    return {
      title: `It has been waiting for ${formatDuration(nowNs - last.timeNs)} for the link-layer address of ${nextHop(scene)}${inPlace(scene)}.`,
      tone: 'notice',
      evidence: [cite(scene, cited)],
      facts: [neighbour(scene)],
      advice: [look(scene, 'See whether the neighbour answers.', neighbour(scene))],
    };
  },
};

export const neighbourRules: readonly DiagnosisRule[] = [failed, reasons, waiting];
