/** The last step to the next hop: its link-layer address cannot be found, or the packet waits for it. */
import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND } from '../../wire/layout.gen.ts';
import { formatDuration } from '../format.ts';
import {
  advise,
  cite,
  citeAll,
  destination,
  diedIn,
  inPlace,
  isV6,
  lastDecision,
  look,
  onDevice,
  type Scene,
  setting,
} from './scene.ts';
import { byReason } from './table.ts';
import type { Advice, DiagnosisRule } from './types.ts';

const WAITS_NS = 100e6;

/** Records have no gateway of IPv6: where its route leads is asked for. */
const routes = (scene: Scene): readonly FactQuery[] =>
  isV6(scene) ? [{ kind: 'route', netns: scene.netns, to: destination(scene) }] : [];

/** The route's gateway, else the destination itself; undefined when that is not known (yet). */
function knownNextHop(scene: Scene): string | undefined {
  const { state, facts } = scene;
  const [query] = routes(scene);
  if (query === undefined) return state.route?.gateway || state.ip?.daddr;
  const [first] = facts.lines(query) ?? [];
  return first === undefined ? undefined : (/\bvia (\S+)/.exec(first)?.[1] ?? state.ip?.daddr);
}

const nextHop = (scene: Scene): string =>
  knownNextHop(scene) ?? `the next hop on its way to ${destination(scene)}`;

function neighbours(scene: Scene): readonly FactQuery[] {
  const { netns, device } = scene;
  const address = knownNextHop(scene);
  return address === undefined
    ? []
    : [{ kind: 'neighbour', netns, address, ...(device !== '' && { device }) }];
}

const seeNeighbour = (scene: Scene, text: string) =>
  neighbours(scene).map((query) => look(scene, text, query));

/** A link-local address means something on its link only. */
const scoped = (address: string, device: string): string =>
  /^fe80:/i.test(address) && device !== '' ? `${address}%${device}` : address;

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
    const hop = knownNextHop(scene);
    const gateway = hop === undefined || hop === scene.state.ip?.daddr ? '' : ', the gateway on its way,';
    const who = hop ?? `The next hop on its way to ${destination(scene)}`;
    return {
      title: `${who}${gateway} ${isSure ? 'did not answer' : 'probably did not answer'} ${protocol(scene)}${onDevice(scene)}${inPlace(scene)}.`,
      certainty: isSure ? 'known' : 'likely',
      evidence: citeAll(scene, [lastDecision(scene, DECISION_KIND.neighbour)]),
      facts: [...routes(scene), ...neighbours(scene), ...link(scene)],
      advice: [
        ...seeNeighbour(scene, 'See what is known of the neighbour.'),
        ...(hop === undefined ? [] : [askAdvice(scene, hop)]),
      ],
    };
  },
};

const askAdvice = (scene: Scene, hop: string): Advice =>
  advise(
    scene,
    'Ask it: no answer means that it is off, or not on this link (VLAN, cable, bridge).',
    ...(isV6(scene)
      ? ['ping', '-6', '-c1', scoped(hop, scene.device)]
      : ['arping', '-c3', ...(scene.device === '' ? [] : ['-I', scene.device]), hop]),
  );

const link = ({ netns, device }: Scene): readonly FactQuery[] =>
  device === '' ? [] : [{ kind: 'interface', netns, device }];

const reasons = byReason('neighbour.reason', 'neighbour', {
  NEIGH_QUEUEFULL: {
    title: (scene) => `Too many packets wait for the link-layer address of ${nextHop(scene)}${inPlace(scene)}.`,
    advice: (scene) => seeNeighbour(scene, 'See whether the neighbour answers at all.'),
    facts: (scene) => [...routes(scene), ...neighbours(scene), setting(scene, `${isV6(scene) ? 'ipv6' : 'ipv4'}/neigh/${scene.device || 'default'}/unres_qlen_bytes`)],
  },
  NEIGH_CREATEFAIL: {
    title: (scene) => `The neighbour table has no room for ${nextHop(scene)}${inPlace(scene)}.`,
    advice: (scene) => [
      advise(scene, 'Allow more neighbours.', 'sysctl', '-w', `net.${isV6(scene) ? 'ipv6' : 'ipv4'}.neigh.default.gc_thresh3=8192`),
    ],
    facts: (scene) => [...routes(scene), setting(scene, `${isV6(scene) ? 'ipv6' : 'ipv4'}/neigh/default/gc_thresh3`)],
  },
  NEIGH_DEAD: {
    title: (scene) => `The neighbour entry of ${nextHop(scene)} went away while the packet used it${inPlace(scene)}.`,
    advice: 'This happens when an interface goes down or its addresses change; look whether one did.',
    facts: (scene) => [...routes(scene), ...link(scene)],
  },
  NEIGH_HH_FILLFAIL: {
    title: (scene) => `The link-layer header for ${nextHop(scene)} could not be written${onDevice(scene)}${inPlace(scene)}.`,
    facts: (scene) => [...routes(scene), ...link(scene)],
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
      facts: [...routes(scene), ...neighbours(scene)],
      advice: seeNeighbour(scene, 'See whether the neighbour answers.'),
    };
  },
};

export const neighbourRules: readonly DiagnosisRule[] = [failed, reasons, waiting];
