/** Connection tracking and NAT, when they refuse a packet. */
import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND } from '../../wire/layout.gen.ts';
import { advise, cite, diedIn, inPlace, refusal, type Scene } from './scene.ts';
import type { DiagnosisRule } from './types.ts';

/** Functions of netfilter that free a packet. */
const NETFILTER = /^(nf_|nft_|ipt_|ip6t_|arpt_|ebt_|xt_|nfqnl_|br_nf_)/;
/** Some hooks free the packet themselves, without a reason. */
export const isNetfilterDrop = (scene: Scene): boolean =>
  scene.reason === 'NETFILTER_DROP' || diedIn(scene, NETFILTER);

const conntrack: DiagnosisRule = {
  id: 'conntrack.drop',
  category: 'conntrack',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.conntrack);
    if (cited === undefined || !isNetfilterDrop(scene)) return undefined;
    const query: FactQuery = { kind: 'conntrack', netns: scene.netns };
    const [count = 0, max = 0] = (scene.facts.lines(query) ?? []).map(Number);
    const isFull = max > 0 && count >= max;
    return {
      title: isFull
        ? `Connection tracking dropped it${inPlace(scene)}, probably because its table is full.`
        : `Connection tracking dropped it${inPlace(scene)}.`,
      certainty: isFull ? 'likely' : 'known',
      evidence: [cite(scene, cited)],
      facts: [query],
      advice: [
        advise(scene, 'See how full the table is, and what it counts as dropped.', 'conntrack', '-S'),
        advise(scene, 'Allow more connections.', 'sysctl', '-w', 'net.netfilter.nf_conntrack_max=262144'),
      ],
    };
  },
};

const nat: DiagnosisRule = {
  id: 'nat.failed',
  category: 'nat',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.nat);
    if (cited === undefined || !isNetfilterDrop(scene)) return undefined;
    return {
      title: `NAT could not rewrite its ${cited.decision.used === 0 ? 'source' : 'destination'}${inPlace(scene)}, so it was dropped.`,
      evidence: [cite(scene, cited)],
      advice: [advise(scene, 'List the NAT rules.', 'nft', '-a', 'list', 'ruleset')],
    };
  },
};

export const conntrackRules: readonly DiagnosisRule[] = [conntrack, nat];
