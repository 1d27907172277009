/** Routes: none, a forbidden one, forwarding that is off, a source that may not come from there. */
import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND } from '../../wire/layout.gen.ts';
import type { Decision } from '../hop.ts';
import { errnoText, PF, routeTypeName } from '../kernel-names.ts';
import {
  advise, cite, citeAll, destination, diedIn, inPlace, isV6, lastDecision, look, onDevice, refusal, type Scene,
  setting, settingText, source,
} from './scene.ts'; // biome-ignore format: a list
import { byReason } from './table.ts';
import type { DiagnosisRule, Evidence, Finding } from './types.ts';

const EXDEV = 18;
const EACCES = 13;
const EINVAL = 22;
const EHOSTUNREACH = 113;
const BLACKHOLE = 6;
const PROHIBIT = 8;

/** The interface that it came in on, when it is not one of this host's own packets. */
function arrival({ path, names, state, device }: Scene): string {
  const { iif } = state;
  const hop = path.hops.findLast((one) => one.ifindex === iif);
  if (iif === undefined || iif === 0) return '';
  return hop === undefined ? device : (hop.state.device ?? names.interfaceName(hop.netns, iif));
}

/** `ip route get` for this packet as the kernel had it. */
function routeQuery(scene: Scene): FactQuery {
  const { state, netns } = scene;
  const iif = arrival(scene);
  const mark = state.meta?.mark ?? 0;
  const isRouted = iif !== '' && state.ip !== undefined;
  return {
    kind: 'route',
    netns,
    to: destination(scene),
    ...(isRouted && { from: source(scene), iif }),
    ...(mark !== 0 && { mark }),
  };
}

const rules = (scene: Scene): FactQuery => ({
  kind: 'rules',
  netns: scene.netns,
  family: isV6(scene) ? '6' : '4',
});

const rpFilter: DiagnosisRule = {
  id: 'routing.rp-filter',
  category: 'routing',
  explain(scene) {
    const isCross = ({ value }: Decision) => value === -EXDEV;
    const cited =
      lastDecision(scene, DECISION_KIND.source, isCross) ?? lastDecision(scene, DECISION_KIND.route, isCross);
    if (scene.reason !== 'IP_RPFILTER' && !(cited !== undefined && scene.isUnspecified)) return undefined;
    const device = arrival(scene) || scene.device;
    const own = `ipv4/conf/${device}/rp_filter`;
    return {
      title: `The reverse path filter refused it${inPlace(scene)}: the way back to ${source(scene)} does not lead over ${device || 'where it came in'}.`,
      evidence: citeAll(scene, [cited]),
      facts: [
        setting(scene, 'ipv4/conf/all/rp_filter'),
        setting(scene, own),
        { kind: 'route', netns: scene.netns, to: source(scene) },
      ],
      advice: [
        look(scene, 'See where the way back leads; give it a route over the same interface.', {
          kind: 'route',
          netns: scene.netns,
          to: source(scene),
        }),
        advise(
          scene,
          'If the two ways are meant to differ, check loosely. The larger of this and the setting of all counts.',
          'sysctl',
          '-w',
          `${settingText(`net/${own}`)}=2`,
        ),
      ],
    };
  },
};

const martian: DiagnosisRule = {
  id: 'routing.source',
  category: 'routing',
  explain(scene) {
    const bySource = refusal(scene, DECISION_KIND.source);
    // a routing lookup that ends in EINVAL found an address that cannot be, but not which
    // (IPv6 says so of a blackhole)
    const cited =
      bySource ??
      lastDecision(scene, DECISION_KIND.route, ({ value, pf }) => value === -EINVAL && pf !== PF.ip6);
    if (cited === undefined || !scene.isUnspecified) return undefined;
    return {
      title:
        bySource === undefined
          ? `The kernel does not accept one of its addresses, ${source(scene)} and ${destination(scene)},${onDevice(scene)}${inPlace(scene)} (martian).`
          : `The kernel does not accept ${source(scene)} as a source${onDevice(scene)}${inPlace(scene)} (martian).`,
      evidence: [cite(scene, cited)],
      facts: [{ kind: 'addresses', netns: scene.netns }],
      advice: martianAdvice(scene),
    };
  },
};

const martianAdvice = (scene: Scene) => [
  advise(
    scene,
    'Have the kernel log such packets, and read its log.',
    'sysctl',
    '-w',
    'net.ipv4.conf.all.log_martians=1',
  ),
];

const addresses = (scene: Scene): readonly FactQuery[] => [{ kind: 'addresses', netns: scene.netns }];

const martianReasons = byReason('routing.address', 'routing', {
  IP_LOCAL_SOURCE: {
    title: (scene) => `It arrived${inPlace(scene)} with ${source(scene)} as its source, which is an address of this host.`,
    advice: (scene) => [
      look(scene, 'See whether another machine has the same address, or the packet came back to its sender.', {
        kind: 'addresses',
        netns: scene.netns,
      }),
    ],
    facts: (scene) => [...addresses(scene), setting(scene, `ipv4/conf/${scene.device}/accept_local`)],
  },
  IP_INVALID_SOURCE: {
    title: (scene) => `Its source ${source(scene)} is no address that a packet can come from.`,
    advice: martianAdvice,
  },
  IP_LOCALNET: {
    title: (scene) => `It has a loopback address but came in${onDevice(scene)}${inPlace(scene)}.`,
    advice: (scene) => [
      advise(
        scene,
        'Loopback addresses are routed only where that is allowed.',
        'sysctl',
        '-w',
        `${settingText(`net/ipv4/conf/${scene.device}/route_localnet`)}=1`,
      ),
    ],
    facts: (scene) => [setting(scene, `ipv4/conf/${scene.device}/route_localnet`)],
  },
  IP_INVALID_DEST: {
    title: (scene) => `Its destination ${destination(scene)} is no address that a packet can go to${inPlace(scene)}.`,
    advice: 'Look at what sends it.',
  },
}); // biome-ignore format: a table

/**
 * IP_INADDRERRORS: ip_error() says so only where forwarding is off, ip6_forward() also of a source that is not to be
 * forwarded.
 */
const forwarding: DiagnosisRule = {
  id: 'routing.forwarding',
  category: 'routing',
  explain(scene) {
    const isSure = scene.reason === 'IP_INADDRERRORS' && scene.symbol === 'ip_error';
    const isEither = scene.reason === 'IP_INADDRERRORS' && scene.symbol === 'ip6_forward';
    const error = scene.state.route?.error ?? 0;
    // a kernel that has a reason for it would have given it
    const wouldSay =
      scene.symbol === 'ip_error' && scene.names.reasons.some(({ name }) => name === 'IP_INADDRERRORS');
    const isLikely =
      diedIn(scene, /^(ip6_forward|ip_error)$/) &&
      !wouldSay &&
      (error === 0 || error === EHOSTUNREACH) &&
      refusal(scene, DECISION_KIND.route) === undefined;
    if (!isSure && !isLikely && !isEither) return undefined;
    const version = isV6(scene) ? 'ipv6' : 'ipv4';
    const device = arrival(scene) || scene.device || 'all';
    const name = version === 'ipv6' ? 'ipv6/conf/all/forwarding' : `ipv4/conf/${device}/forwarding`;
    const value = scene.facts.lines(setting(scene, name))?.[0];
    if (isEither && value === '1') return unforwardable(scene);
    if (!isSure && value === '1') return undefined;
    const shown = version === 'ipv6' ? 'IPv6' : 'IPv4';
    return {
      title: isSure
        ? `${destination(scene)} is not an address here, and forwarding is off${onDevice(scene)}${inPlace(scene)}.`
        : `It was to be forwarded to ${destination(scene)}, but ${shown} forwarding is probably off${inPlace(scene)}.`,
      certainty: isSure ? 'known' : 'likely',
      facts: [setting(scene, name), routeQuery(scene)],
      advice: [
        advise(
          scene,
          'Switch forwarding on, if this is to be a router.',
          'sysctl',
          '-w',
          version === 'ipv6' ? 'net.ipv6.conf.all.forwarding=1' : 'net.ipv4.ip_forward=1',
        ),
      ],
    };
  },
};

const unforwardable = (scene: Scene): Finding => ({
  title: `It is not forwarded${inPlace(scene)}: its source ${source(scene)} is probably an address of the link alone.`,
  certainty: 'likely',
  facts: [setting(scene, 'ipv6/conf/all/forwarding')],
  advice: [advise(scene, 'Look why its sender takes that address, as for a link-local one (fe80::).')],
});

const NO_ROUTE = new Set(['IP_INNOROUTES', 'IP_OUTNOROUTES', 'IP_INADDRERRORS']);
/** dst_discard() is where blackhole routes, and routes to devices that went away, lead. */
const ROUTE_ENDS = /^(ip_error|ip6_pkt_drop|ip6_pkt_discard|ip6_pkt_prohibit|dst_discard|dst_discard_out)$/;

const noRoute: DiagnosisRule = {
  id: 'routing.no-route',
  category: 'routing',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.route);
    const error = scene.state.route?.error ?? 0;
    const hasDied = NO_ROUTE.has(scene.reason) || diedIn(scene, ROUTE_ENDS);
    if (!hasDied && !(scene.isUnspecified && cited !== undefined)) return undefined;
    const to = destination(scene);
    const type = scene.state.route?.type ?? 0;
    const errno = cited?.decision.value ?? -error;
    const isForbidden = type === PROHIBIT || errno === -EACCES;
    const isHole = type === BLACKHOLE || error === EINVAL;
    // what has no route ends in ENETUNREACH; forwarding that is off, in EHOSTUNREACH as well, is told before
    const isUnreachable =
      error === EHOSTUNREACH && (isV6(scene) || (scene.symbol === 'ip_error' && scene.isUnspecified));
    const isSure = NO_ROUTE.has(scene.reason) || cited !== undefined || error !== 0 || type >= BLACKHOLE;
    const what = isForbidden
      ? `A route forbids ${to}`
      : isHole
        ? `A blackhole route takes ${to}`
        : isUnreachable
          ? `A route says that ${to} is unreachable`
          : `There is ${isSure ? '' : 'probably '}no route to ${to}`;
    return {
      title: `${what}${inPlace(scene)}.`,
      certainty: isSure ? 'known' : 'likely',
      evidence: [...citeAll(scene, [cited]), ...routeEvidence(scene)],
      facts: [routeQuery(scene), rules(scene)],
      advice: [
        look(scene, 'See what the kernel says about this destination.', routeQuery(scene)),
        advise(
          scene,
          'List the routes of all tables.',
          'ip',
          isV6(scene) ? '-6' : '-4',
          'route',
          'show',
          'table',
          'all',
        ),
      ],
    };
  },
};

function routeEvidence({ state, last }: Scene): readonly Evidence[] {
  const { route } = state;
  if (route === undefined || (route.error === 0 && route.type < BLACKHOLE)) return [];
  const type = route.type === 0 ? [] : [routeTypeName(route.type)]; // IPv6's is not known
  const says = [...type, ...(route.error === 0 ? [] : [errnoText(route.error)])].join(', ');
  return [{ text: `its route is ${says}`, ...(last && { hop: last.index }) }];
}

export const routingRules: readonly DiagnosisRule[] = [
  rpFilter,
  martian,
  martianReasons,
  forwarding,
  noRoute,
];
