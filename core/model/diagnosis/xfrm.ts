/** IPsec: a policy that does not allow it, a state that is missing or does not fit. */

import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND } from '../../wire/layout.gen.ts';
import { advise, citeAll, diedIn, inPlace, look, refusal, type Scene, source, target } from './scene.ts';
import type { DiagnosisRule } from './types.ts';

const facts = ({ netns }: Scene): readonly FactQuery[] => [
  { kind: 'xfrmPolicies', netns },
  {
    kind: 'counters',
    netns,
    names: [
      'XfrmInNoPols', 'XfrmInTmplMismatch', 'XfrmInPolBlock', 'XfrmInNoStates', 'XfrmInStateProtoError',
      'XfrmInStateModeError', 'XfrmInStateSeqError', 'XfrmOutNoStates', 'XfrmOutPolBlock', 'XfrmOutStateExpired',
      'XfrmOutStateSeqError', 'XfrmFwdHdrError',
    ],
  },
]; // biome-ignore format: a table

const policy: DiagnosisRule = {
  id: 'ipsec.policy',
  category: 'ipsec',
  explain(scene) {
    const cited = refusal(scene, DECISION_KIND.policy);
    if (scene.reason !== 'XFRM_POLICY' && !(cited !== undefined && scene.isUnspecified)) return undefined;
    const { netns } = scene;
    return {
      title: `An IPsec policy does not allow it from ${source(scene)} to ${target(scene)}${inPlace(scene)}.`,
      evidence: citeAll(scene, [cited]),
      facts: facts(scene),
      advice: [
        look(scene, 'See which policy matches; traffic that it wants encrypted is refused in clear text.', {
          kind: 'xfrmPolicies',
          netns,
        }),
      ],
    };
  },
};

const state: DiagnosisRule = {
  id: 'ipsec.state',
  category: 'ipsec',
  explain(scene) {
    if (!diedIn(scene, /^(xfrm|esp|ah|ipcomp)\d?_/)) return undefined;
    const inbound = /input|rcv/.test(scene.symbol);
    return {
      title: inbound
        ? `IPsec refused it on arrival${inPlace(scene)}: probably no security association fits, or it is a replay.`
        : `IPsec could not send it${inPlace(scene)}: probably there is no usable security association.`,
      certainty: 'likely',
      facts: facts(scene),
      advice: [
        advise(scene, 'List the associations, without keys.', 'ip', '-s', 'xfrm', 'state', 'list', 'nokeys'),
        advise(scene, 'See which of its counters grows.', 'cat', '/proc/net/xfrm_stat'),
      ],
    };
  },
};

export const xfrmRules: readonly DiagnosisRule[] = [policy, state];
