/** BPF programs and tc's actions: XDP, tc ingress and egress, cgroup programs and security modules. */
import { asNetnsInode } from '../../base/units.ts';
import type { FactQuery } from '../../messages/facts.ts';
import { DECISION_KIND, RELATION } from '../../wire/layout.gen.ts';
import { outcomeOf } from '../decisions.ts';
import type { Decision } from '../hop.ts';
import { TC_ACT, tcActionName, XDP, xdpActionName } from '../kernel-names.ts';
import {
  advise,
  adviseHost,
  type Cited,
  cite,
  citeAll,
  diedIn,
  inPlace,
  lastDecision,
  look,
  onDevice,
  refusal,
  type Scene,
} from './scene.ts';
import type { DiagnosisRule, Finding } from './types.ts';

const programText = ({ rule }: Decision): string =>
  rule === undefined || rule.chain === '' ? '' : ` ${rule.chain}`;

const link = ({ netns, device }: Scene): readonly FactQuery[] =>
  device === '' ? [] : [{ kind: 'interface', netns, device }];

function filters(scene: Scene, direction: 'ingress' | 'egress'): readonly FactQuery[] {
  const { netns, device } = scene;
  return device === '' ? [] : [{ kind: 'filters', netns, device, direction }];
}

const xdp: DiagnosisRule = {
  id: 'xdp.drop',
  category: 'xdp/tc',
  explain(scene) {
    const cited = lastDecision(scene, DECISION_KIND.xdp, ({ value }) => value !== XDP.pass);
    const isXdp =
      scene.reason === 'XDP' ||
      diedIn(
        scene,
        /^(do_xdp_generic|bpf_prog_run_generic_xdp|netif_receive_generic_xdp|veth_xdp_rcv_skb|generic_xdp_tx)$/,
      );
    if (!isXdp && !(scene.isUnspecified && cited !== undefined)) return undefined;
    const program = cited === undefined ? '' : programText(cited.decision);
    const aborted = cited?.decision.value === XDP.aborted ? ' by failing (XDP_ABORTED)' : '';
    const isSure = scene.reason === 'XDP' || (cited !== undefined && outcomeOf(cited.decision) === 'refuse');
    return {
      title: `${isSure ? 'The' : 'Probably the'} XDP program${program}${onDevice(scene)}${inPlace(scene)} dropped it${aborted}.`,
      certainty: isSure ? 'known' : 'likely',
      evidence: citeAll(scene, [cited]),
      facts: link(scene),
      advice: [
        advise(scene, 'See which programs are attached, and where.', 'bpftool', 'net', 'show'),
        ...(aborted === ''
          ? []
          : [
              advise(
                scene,
                'Failures are told by the tracepoint xdp:xdp_exception.',
                'perf',
                'trace',
                '-e',
                'xdp:*',
              ),
            ]),
      ],
    };
  },
};

/** The program that gave what tc's filters together gave; filters that are none have no name. */
function namedProgram({ path }: Scene, cited: Cited | undefined): Cited | undefined {
  if (cited === undefined || programText(cited.decision) !== '') return cited;
  const decision = path.decisions[cited.index - 1];
  const isIts =
    decision?.decision === DECISION_KIND.tc &&
    decision.value === cited.decision.value &&
    decision.index >= cited.decision.index - 1;
  return decision !== undefined && isIts ? { decision, index: cited.index - 1 } : cited;
}

const TC_SYMBOLS = /^(tcf_|tc_run|sch_handle_(ingress|egress)|cls_bpf|__netif_receive_skb_core|tcx_)/;

const tc: DiagnosisRule = {
  id: 'tc.drop',
  category: 'xdp/tc',
  explain(scene) {
    const cited = namedProgram(scene, refusal(scene, DECISION_KIND.tc));
    const isNamed = scene.reason === 'TC_INGRESS' || scene.reason === 'TC_EGRESS';
    if (!isNamed && !(cited !== undefined && diedIn(scene, TC_SYMBOLS))) return undefined;
    const isEgress = scene.reason === 'TC_EGRESS' || /egress/.test(scene.symbol);
    const direction = isEgress ? 'egress' : 'ingress';
    const name = cited === undefined ? '' : programText(cited.decision);
    const program = name === '' ? 'A tc filter or program' : `The tc program${name}`;
    const [query] = filters(scene, direction);
    return {
      title: `${program} dropped it at ${direction}${onDevice(scene)}${inPlace(scene)}.`,
      evidence: citeAll(scene, [cited]),
      facts: filters(scene, direction),
      advice: [
        ...(query === undefined ? [] : [look(scene, 'List the filters there, with their counters.', query)]),
        advise(scene, 'Programs attached by tcx are listed only here.', 'bpftool', 'net', 'show'),
      ],
    };
  },
};

/** skb_do_redirect frees what it cannot send: the interface is not there, or is down. */
const tcRedirect: DiagnosisRule = {
  id: 'tc.redirect',
  category: 'xdp/tc',
  explain(scene) {
    if (!diedIn(scene, /^(skb_do_redirect|__bpf_redirect)$/)) return undefined;
    const cited = namedProgram(scene, lastDecision(scene, DECISION_KIND.tc));
    const name = cited === undefined ? '' : programText(cited.decision);
    return {
      title: `The tc program${name}${onDevice(scene)}${inPlace(scene)} redirected it to an interface that is probably not there, or down.`,
      certainty: 'likely',
      evidence: citeAll(scene, [cited]),
      facts: filters(scene, 'egress'),
      advice: [
        advise(scene, 'See which interfaces there are, with their numbers.', 'ip', 'link'),
        advise(scene, 'See which programs are attached, and where.', 'bpftool', 'net', 'show'),
      ],
    };
  },
};

const tcFaults: DiagnosisRule = {
  id: 'tc.fault',
  category: 'xdp/tc',
  explain(scene) {
    const titles: Readonly<Record<string, string>> = {
      TC_CHAIN_NOTFOUND: 'A tc filter sent it to a chain that does not exist',
      TC_RECLASSIFY_LOOP: 'The filters of tc had it classified again and again, up to the limit,',
      TC_COOKIE_ERROR: 'The kernel could not keep track of how far tc classified it in hardware',
    };
    const title = titles[scene.reason];
    if (title === undefined) return undefined;
    const [query] = filters(scene, 'ingress');
    return {
      title: `${title}${onDevice(scene)}${inPlace(scene)}.`,
      facts: filters(scene, 'ingress'),
      advice: query === undefined ? [] : [look(scene, 'Look for the goto or reclassify action.', query)],
    };
  },
};

/** Not dropped, but sent elsewhere: the path goes on as another packet, or on another interface. */
const elsewhere: DiagnosisRule = {
  id: 'xdp-tc.elsewhere',
  category: 'xdp/tc',
  explain(scene) {
    if (scene.drop !== undefined) return undefined;
    // veth's XDP runs where the packet gets to, and its last hop is where it was sent
    const anywhere = { ...scene, netns: asNetnsInode(0) };
    return (
      takenBy(scene, lastDecision(anywhere, DECISION_KIND.xdp), 'XDP', (value) =>
        value === XDP.tx
          ? 'sent it back out of the same interface (XDP_TX)'
          : value === XDP.redirect
            ? 'redirected it to another interface, CPU or socket (XDP_REDIRECT)'
            : `did not pass it on (${xdpActionName(value)})`,
      ) ??
      takenBy(scene, namedProgram(scene, lastDecision(scene, DECISION_KIND.tc)), 'tc', (value) =>
        value === TC_ACT.redirect
          ? 'redirected it to another interface'
          : value === TC_ACT.trap
            ? 'gave it to the host (TC_ACT_TRAP)'
            : `kept it (TC_ACT_${tcActionName(value)})`,
      )
    );
  },
};

function takenBy(
  scene: Scene,
  cited: Cited | undefined,
  tool: 'XDP' | 'tc',
  text: (value: number) => string,
): Finding | undefined {
  if (cited === undefined || outcomeOf(cited.decision) !== 'take') return undefined;
  const { decision } = cited;
  const { hops, children } = scene.path;
  // a redirect within the stack goes on as the same packet: then later hops tell
  if (hops.slice(decision.index + 1).some((hop) => hop.ifindex !== hops[decision.index]?.ifindex))
    return undefined;
  const onward = children.find(({ relation }) => relation === RELATION.xdp);
  const isElsewhere = decision.netns !== 0 && decision.netns !== scene.netns;
  const there = isElsewhere ? { ...scene, netns: decision.netns, device: '' } : scene;
  const goneOn = onward === undefined ? '' : `, where it went on as packet ${onward.packet}`;
  return {
    title: `The ${tool} program${programText(decision)}${onDevice(there)}${inPlace(there)} ${text(decision.value)}${goneOn}.`,
    tone: 'notice',
    evidence: [cite(scene, cited)],
    facts: link(there),
    advice: [advise(there, 'See which programs are attached, and where.', 'bpftool', 'net', 'show')],
  };
}

const cgroup: DiagnosisRule = {
  id: 'program.egress',
  category: 'xdp/tc',
  explain(scene) {
    if (scene.reason !== 'BPF_CGROUP_EGRESS') return undefined;
    return {
      title: `A BPF program of its sender's cgroup did not let it out${inPlace(scene)}.`,
      advice: [
        adviseHost(
          scene,
          'List the programs of cgroups; systemd attaches one for IPAddressDeny.',
          'bpftool',
          'cgroup',
          'tree',
        ),
      ],
    };
  },
};

const security: DiagnosisRule = {
  id: 'program.security',
  category: 'socket',
  explain(scene) {
    if (scene.reason !== 'SECURITY_HOOK') return undefined;
    return {
      title: `A security module forbade it${inPlace(scene)}.`,
      advice: [
        adviseHost(
          scene,
          'See which modules are active, and what they log.',
          'cat',
          '/sys/kernel/security/lsm',
        ),
        adviseHost(
          scene,
          'AppArmor and SELinux write denials to the kernel log.',
          'journalctl',
          '-k',
          '-g',
          'denied',
        ),
      ],
    };
  },
};

export const programRules: readonly DiagnosisRule[] = [
  xdp,
  tc,
  tcRedirect,
  tcFaults,
  elsewhere,
  cgroup,
  security,
];
