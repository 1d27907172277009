/** Firewalls, connection tracking and NAT: the table that refused it, else the hook that did. */
import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND, RELATION } from '../../wire/layout.gen.ts';
import { isRefusal, outcomeOf, tableText, tableTool } from '../decisions.ts';
import { factCommand, readNftChain, shellText } from '../facts.ts';
import type { Decision } from '../hop.ts';
import { hookName, NF, nfVerdict, PF, pfName } from '../kernel-names.ts';
import { conntrackRules, isNetfilterDrop } from './conntrack.ts';
import {
  advise, type Cited, cite, citeAll, inPlace, lastDecision, look, type Scene, setting,
} from './scene.ts'; // biome-ignore format: a list
import type { Advice, DiagnosisRule } from './types.ts';

type NftFamily = Extract<FactQuery, { kind: 'nftRule' }>['families'][number];
const FAMILIES = new Map<number, NftFamily[]>([
  [PF.inet, ['inet']],
  [PF.ip, ['ip', 'inet']],
  [PF.ip6, ['ip6', 'inet']],
  [PF.bridge, ['bridge']],
  [PF.arp, ['arp']],
  [PF.netdev, ['netdev', 'inet']],
]);

/** The rule's own text, or the chain's rules; undefined for ebtables, whose legacy tables nothing lists. */
function ruleQuery({ netns: here }: Scene, decision: Decision): FactQuery | undefined {
  const { rule, pf, hook } = decision;
  const netns = decision.netns === 0 ? here : decision.netns;
  if (rule === undefined) return undefined;
  const tool = tableTool(decision);
  if (tool === 'nftables')
    return {
      kind: 'nftRule',
      netns,
      families: FAMILIES.get(pf) ?? ['inet'],
      table: rule.table,
      chain: rule.chain,
      handle: rule.handle,
    };
  if (tool === 'ebtables') return undefined;
  const family = tool === 'ip6tables' ? '6' : '4';
  return { kind: 'iptables', netns, family, table: rule.table, chain: hookName(pf, hook) };
}

const isInvalid = ({ value, limit, used }: Decision): boolean =>
  nfVerdict(value) === NF.accept && limit === 0 && used !== 7;

const table: DiagnosisRule = {
  id: 'netfilter.table',
  category: 'netfilter',
  explain(scene) {
    if (scene.drop !== undefined && !isNetfilterDrop(scene) && !scene.isUnspecified) return undefined;
    if (scene.drop === undefined && scene.path.free?.dropped === false) return undefined;
    const cited = lastDecision(scene, DECISION_KIND.table, isRefusal);
    if (cited === undefined) return undefined;
    const { decision } = cited;
    const query = ruleQuery(scene, decision);
    const hook = hookName(decision.pf, decision.hook);
    const invalid = lastDecision(scene, DECISION_KIND.conntrack, isInvalid);
    return {
      title: `The firewall ${isReject(scene, query) ? 'rejected' : 'dropped'} it${inPlace(scene)}: ${tableText(decision)}${atHook(decision, hook)}${byPolicy(scene, query)}.`,
      evidence: citeAll(scene, [cited, lastDecision(scene, DECISION_KIND.hook, isRefusal), invalid]),
      facts: [
        ...(query === undefined ? [] : [query]),
        ...(invalid === undefined ? [] : [setting(scene, 'netfilter/nf_conntrack_tcp_be_liberal')]),
      ],
      advice: [
        ...tableAdvice(scene, decision, query),
        ...(invalid === undefined ? [] : [invalidAdvice(scene)]),
      ],
    };
  },
};

/** The rule says `reject`: the sender was told. A handle is never given to another rule. */
function isReject({ facts }: Scene, query: FactQuery | undefined): boolean {
  if (query?.kind !== 'nftRule' || query.handle === 0) return false;
  const rules = readNftChain(facts.lines(query) ?? [])?.rules;
  return rules?.some(({ handle, text }) => handle === query.handle && /\breject\b/.test(text)) === true;
}

/** No rule gave the verdict, and the chain's policy is to drop. */
function byPolicy({ facts }: Scene, query: FactQuery | undefined): string {
  if (query?.kind !== 'nftRule' || query.handle !== 0) return '';
  return readNftChain(facts.lines(query) ?? [])?.policy === 'drop' ? ', by its policy' : '';
}

function atHook(decision: Decision, hook: string): string {
  const { rule } = decision;
  return tableTool(decision) !== 'nftables' || rule?.chain.toUpperCase() === hook ? '' : `, at ${hook}`;
}

function tableAdvice(scene: Scene, decision: Decision, query: FactQuery | undefined): readonly Advice[] {
  if (query === undefined) return [advise(scene, 'List the rules of the table.', 'ebtables-legacy', '-L')];
  if (query.kind !== 'nftRule')
    return [look(scene, 'Look for the rule, or the policy, that drops it.', query)];
  const at = familyAt(scene, query);
  const listing = {
    text: 'List the chain with its handles.',
    command: inShell(scene, factCommand(query, at)),
  };
  if (query.handle === 0) return [{ ...listing, text: 'Look for the rule, or the policy, that drops it.' }];
  const family = query.families[at] ?? 'inet';
  const { rule } = decision;
  return [
    listing,
    advise(
      scene,
      'If it should pass: put an accept before that rule, or take the rule away.',
      ...[
        'nft',
        'delete',
        'rule',
        family,
        rule?.table ?? '',
        rule?.chain ?? '',
        'handle',
        String(query.handle),
      ],
    ),
  ];
}

const inShell = (scene: Scene, command: readonly string[]) => shellText(command, scene.netns, scene.names);

/** Which of the families has the table: what the listing says, else the first. */
function familyAt({ facts }: Scene, query: Extract<FactQuery, { kind: 'nftRule' }>): number {
  const lines = facts.lines(query) ?? [];
  if (readNftChain(lines) === undefined) return 0;
  const found = /^table (\w+) /.exec(lines[0] ?? '')?.[1];
  return Math.max(0, query.families.map(String).indexOf(found ?? ''));
}

const invalidAdvice = (scene: Scene): Advice =>
  advise(
    scene,
    'conntrack finds it outside the window, or does not know its connection. Look whether both directions pass here.',
    'conntrack',
    '-S',
  );

/** Hook functions and what it means when they are the ones that drop. */
const BLAMED: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/^(nf_confirm|ipv4_confirm|ipv6_confirm|nf_conntrack_confirm|__nf_conntrack_confirm)/, 'two packets probably began the same connection at once'],
  [/^nf_nat_/, 'NAT probably found no free port or address'],
  [/^(ipv4_conntrack|ipv6_conntrack|nf_conntrack)/, 'its connection probably could not be tracked'],
  [/^(ipv4|ip6|ipv6)_(defrag|conntrack_defrag)/, 'it is probably a fragment that fits nowhere'],
  [/^(nf_synproxy|synproxy|ipv4_synproxy)/, 'the SYN proxy probably did not like it'],
  [/^(selinux|smack|apparmor)/, 'the security module probably forbids it'],
]; // biome-ignore format: a table

const hook: DiagnosisRule = {
  id: 'netfilter.hook',
  category: 'netfilter',
  explain(scene) {
    if (!isNetfilterDrop(scene)) return undefined;
    const cited = lastDecision(scene, DECISION_KIND.hook, isRefusal);
    if (cited === undefined) return undefined;
    const { pf, hook: at, by } = cited.decision;
    const blamed = scene.names.symbol(by)?.name ?? '';
    const why = BLAMED.find(([pattern]) => pattern.test(blamed))?.[1];
    const title = `Netfilter dropped it${inPlace(scene)} at ${pfName(pf)} ${hookName(pf, at)}`;
    return {
      title: `${title}${blamed === '' ? '' : `, in ${blamed}`}${why === undefined ? '' : `: ${why}`}.`,
      certainty: why === undefined ? 'known' : 'likely',
      evidence: citeAll(scene, [cited, lastDecision(scene, DECISION_KIND.conntrack)]),
      advice: [rulesAdvice(scene), advise(scene, 'See what conntrack counts.', 'conntrack', '-S')],
    };
  },
};

const rulesAdvice = (scene: Scene): Advice =>
  advise(scene, 'List every rule, with handles.', 'nft', '-a', 'list', 'ruleset');

const unnamed: DiagnosisRule = {
  id: 'netfilter.unnamed',
  category: 'netfilter',
  explain(scene) {
    if (!isNetfilterDrop(scene)) return undefined;
    return {
      title: `Netfilter dropped it${inPlace(scene)}; which rule did was not recorded.`,
      advice: [rulesAdvice(scene)],
    };
  },
};

const taken: DiagnosisRule = {
  id: 'netfilter.taken',
  category: 'netfilter',
  explain(scene) {
    if (scene.drop !== undefined) return undefined;
    // fragments go on as the packet that they were put together to; br_netfilter steals, and goes on by itself
    if (scene.path.children.some(({ relation }) => relation === RELATION.reassembly)) return undefined;
    const kinds: readonly number[] = [DECISION_KIND.table, DECISION_KIND.hook];
    const cited = lastDecision(scene, undefined, (one) => kinds.includes(one.decision));
    if (cited === undefined || outcomeOf(cited.decision) !== 'take') return undefined;
    const queued = lastDecision(
      scene,
      DECISION_KIND.table,
      ({ value, index }) => nfVerdict(value) === NF.queue && index >= cited.decision.index - 1,
    );
    if (queued !== undefined) return queuedToUser(scene, queued);
    if (cited.decision.pf !== PF.bridge && isLastWord(scene, cited))
      return {
        title: `Netfilter kept it${inPlace(scene)} at ${pfName(cited.decision.pf)} ${hookName(cited.decision.pf, cited.decision.hook)}: a hook stole or queued it.`,
        tone: 'notice',
        evidence: [cite(scene, cited)],
        advice: [advise(scene, 'Fragments wait for the others there; other hooks send it on by themselves.')],
      };
    return undefined;
  },
};

/** The packet was seen at no function since. */
const isLastWord = ({ path }: Scene, { decision }: Cited): boolean => decision.index >= path.hops.length - 1;

function queuedToUser(scene: Scene, cited: Cited) {
  const number = cited.decision.value >>> 16;
  return {
    title: `A firewall rule gave it to a program${inPlace(scene)}, through NFQUEUE ${number}.`,
    tone: 'notice' as const,
    evidence: [cite(scene, cited)],
    advice: [
      advise(
        scene,
        'See whether a program reads that queue and keeps up: the last numbers but one are drops.',
        'cat',
        '/proc/net/netfilter/nfnetlink_queue',
      ),
    ],
  };
}

export const netfilterRules: readonly DiagnosisRule[] = [table, ...conntrackRules, hook, unnamed, taken];
