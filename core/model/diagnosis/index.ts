/**
 * Why a packet ended as it did. Rules stand in the order in which they are asked; the first that has something to
 * say is taken: what names a decision before what names a place, and both before what is merely known to be usual.
 */
import * as v from 'valibot';
import type { Ns } from '../../base/units.ts';
import { type Fact, factQuerySchema } from '../../messages/facts.ts';
import { FactBook } from '../facts.ts';
import type { Hop, Ip, Path } from '../hop.ts';
import { tunnelName } from '../kernel-names.ts';
import type { NameBook } from '../names.ts';
import { bridgeRules } from './bridge.ts';
import { dataRules } from './data.ts';
import { endingRules } from './endings.ts';
import { headerRules } from './header.ts';
import { neighbourRules } from './neighbour.ts';
import { netfilterRules } from './netfilter.ts';
import { programRules } from './programs.ts';
import { queueRules } from './queue.ts';
import { routingRules } from './routing.ts';
import { prepare, type Scene } from './scene.ts';
import { socketRules } from './socket.ts';
import { tcpRules } from './tcp.ts';
import { tellFact } from './tell.ts';
import { tunnelRules } from './tunnel.ts';
import type { Diagnosis, DiagnosisRule, Evidence, Finding } from './types.ts';
import { xfrmRules } from './xfrm.ts';

export type { Advice, Category, Certainty, Diagnosis, Evidence, Tone } from './types.ts';
export { CATEGORIES } from './types.ts';

export const RULES: readonly DiagnosisRule[] = [
  ...netfilterRules,
  ...xfrmRules,
  ...programRules,
  ...headerRules,
  ...routingRules,
  ...neighbourRules,
  ...dataRules,
  ...bridgeRules,
  ...tunnelRules,
  ...queueRules,
  ...socketRules,
  ...tcpRules,
  ...endingRules,
];

export interface DiagnoseOptions {
  /** The present in the records' time: with it, packets that are long in flight are explained. */
  readonly nowNs?: Ns;
}

/**
 * Explains a packet's end. Pure and quick: call it again when facts have come for what it `wants`, which are fewer
 * then. Undefined for a packet that is simply on its way.
 */
export function diagnose(
  path: Path,
  names: NameBook,
  facts: readonly Fact[] = [],
  options: DiagnoseOptions = {},
): Diagnosis | undefined {
  const scene = prepare(path, names, new FactBook(facts), options.nowNs);
  for (const rule of RULES) {
    const finding = rule.explain(scene);
    if (finding !== undefined) return complete(scene, rule, finding);
  }
  return undefined;
}

/** Adds what holds for every rule: the kernel's word, what changed on the way, and the facts that have come. */
function complete(scene: Scene, rule: DiagnosisRule, finding: Finding): Diagnosis {
  // what cannot be asked for (an interface without a name, a table with a strange one) is not
  const queries = (finding.facts ?? []).filter((query) => v.is(factQuerySchema, query));
  const told = queries.flatMap((query): Evidence[] => {
    const fact = scene.facts.get(query);
    return fact === undefined ? [] : tellFact(fact, scene.names).map((text) => ({ text, fact }));
  });
  return {
    rule: rule.id,
    title: finding.title,
    certainty: finding.certainty ?? 'known',
    tone: finding.tone ?? 'problem',
    reason: scene.reason,
    category: finding.category ?? rule.category,
    evidence: [...(finding.evidence ?? []), ...told, ...kernelsWord(scene), ...translations(scene)],
    advice: finding.advice ?? [],
    wants: queries.filter((query) => scene.facts.get(query) === undefined),
  };
}

function kernelsWord({ drop, names, reason }: Scene): readonly Evidence[] {
  if (drop === undefined) return [];
  return [{ text: `the kernel says ${reason}, in ${names.locationName(drop.location)}`, hop: drop.index }];
}

const TRANSLATED = new Map([
  ['ip.saddr', 'source address'],
  ['ip.daddr', 'destination address'],
  ['l4.sport', 'source port'],
  ['l4.dport', 'destination port'],
]);
/** What a field holds before its header is written. */
const UNWRITTEN: ReadonlySet<string | number> = new Set([0, '', '0.0.0.0', '::']);
const TRANSLATIONS_MAX = 4;

/** Into a tunnel or out of it, where other addresses are seen and none is changed. */
function throughTunnel(before: Hop | undefined, { state: { ip, inner }, index }: Hop): Evidence | undefined {
  const was = before?.state.inner?.tunnel ?? 0;
  const is = inner?.tunnel ?? 0;
  if (before === undefined || was === is || ip === undefined) return undefined;
  const text =
    is === 0
      ? `it came out of the tunnel (${tunnelName(was)}) at ${before.state.ip?.daddr ?? 'its end'}`
      : `it went into a tunnel (${tunnelName(is)}) from ${ip.saddr} to ${ip.daddr}`;
  return { text, hop: index };
}

/** Where a tunnel that encrypts takes a packet in, and lets it out: what it carries on its way cannot be seen. */
const SEALS = new Map<string, (before: Ip, after: Ip) => string>([
  ['wg_xmit', (_, { saddr, daddr }) => `it went into a tunnel (wireguard) from ${saddr} to ${daddr}`],
  ['wg_receive', ({ daddr }) => `it came out of the tunnel (wireguard) at ${daddr}`],
]);

/** Whoever looks for the packet's first addresses finds how it got its last. */
function translations({ path, names }: Scene): readonly Evidence[] {
  let seal: ((before: Ip, after: Ip) => string) | undefined;
  const all = path.hops.flatMap((hop, i) => {
    const before = path.hops[i - 1];
    const tunnel = throughTunnel(before, hop);
    if (tunnel !== undefined) return [tunnel];
    const begun = hop.kind === 'hop' ? SEALS.get(names.functionName(hop.func)) : undefined;
    const sealed = seal;
    seal = begun ?? seal;
    if (sealed !== undefined) {
      const [was, is] = [before?.state.ip, hop.state.ip];
      // until the other header is there, ports come and go
      if (was === undefined || is === undefined || (was.saddr === is.saddr && was.daddr === is.daddr))
        return [];
      seal = begun;
      return [{ text: sealed(was, is), hop: hop.index }];
    }
    return hop.changes.flatMap(({ field, before, after }): Evidence[] => {
      const what = TRANSLATED.get(field);
      // a header that was not written yet is no translation
      return what === undefined || UNWRITTEN.has(before)
        ? []
        : [{ text: `its ${what} was changed from ${before} to ${after}`, hop: hop.index }];
    });
  });
  return all.slice(-TRANSLATIONS_MAX);
}
