/** Bad checksums, fragments and memory: what is wrong with the data, or the room for it. */
import type { FactQuery } from '../../messages/facts.ts';
import { L4_KIND, RELATION } from '../../wire/layout.gen.ts';
import { checksumName } from '../kernel-names.ts';
import { isHeaderUntold } from '../untold.ts';
import {
  advise,
  adviseHost,
  diedIn,
  inPlace,
  isV6,
  onDevice,
  type Scene,
  setting,
  source,
  transport,
} from './scene.ts';
import { byReason } from './table.ts';
import type { DiagnosisRule } from './types.ts';

const CHECKSUMS = new Map<string, string>([
  ['IP_CSUM', 'IP header'],
  ['TCP_CSUM', 'TCP'],
  ['UDP_CSUM', 'UDP'],
  ['ICMP_CSUM', 'ICMP'],
  ['SKB_CSUM', 'packet'],
]);

const checksum: DiagnosisRule = {
  id: 'checksum.bad',
  category: 'checksum',
  explain(scene) {
    const which = CHECKSUMS.get(scene.reason);
    if (which === undefined) return undefined;
    const summed = scene.state.buffer?.ipSummed;
    const udp = isV6(scene) ? 'Udp6InCsumErrors' : 'Udp.InCsumErrors';
    const icmp = isV6(scene) ? 'Icmp6InCsumErrors' : 'Icmp.InCsumErrors';
    return {
      title: `Its ${which} checksum is wrong${inPlace(scene)}: it was changed or damaged on its way from ${source(scene)}.`,
      evidence:
        summed === undefined
          ? []
          : [
              {
                text: `checksum: CHECKSUM_${checksumName(summed)}`,
                ...(scene.last && { hop: scene.last.index }),
              },
            ],
      facts: [
        {
          kind: 'counters',
          netns: scene.netns,
          names: [transport(scene) === 'udp' ? udp : 'Tcp.InCsumErrors', icmp],
        },
      ],
      advice: [
        advise(
          scene,
          'Between virtual interfaces it is usually a checksum that was left to hardware that is not there. Try without.',
          'ethtool',
          '-K',
          scene.device || 'eth0',
          'tx',
          'off',
          'rx',
          'off',
        ),
        advise(
          scene,
          'If it stops then, look for what rewrites packets without mending the checksum (a tunnel, a BPF program). If not, suspect cable, card or memory.',
        ),
      ],
    };
  },
};

const fragmentFacts = (scene: Scene): readonly FactQuery[] => [
  setting(scene, isV6(scene) ? 'ipv6/ip6frag_time' : 'ipv4/ipfrag_time'),
  {
    kind: 'counters',
    netns: scene.netns,
    names: ['Ip.ReasmFails', 'Ip.ReasmTimeout', 'Ip6ReasmFails', 'Ip6ReasmTimeout'],
  },
];

const fragments = byReason('fragment.reason', 'fragment', {
  DUP_FRAG: { title: (s) => `This fragment came before, or overlaps another${inPlace(s)}.`, advice: 'Look for packets that arrive twice: a loop, or a bridge that floods.', facts: fragmentFacts },
  FRAG_REASM_TIMEOUT: { title: (s) => `The other fragments of it did not come in time${inPlace(s)}.`, advice: 'Some fragments are lost on the way: firewalls often drop those without ports. Avoid fragments: lower MTU or MSS.', facts: fragmentFacts },
  FRAG_TOO_FAR: {
    title: (s) => `Too many fragments from ${source(s)} came since the others of this one${inPlace(s)}.`,
    advice: 'Fragments are lost or in disorder at a high rate; raise ipfrag_max_dist only when there is disorder alone.',
    facts: (s) => [setting(s, 'ipv4/ipfrag_max_dist'), ...fragmentFacts(s)],
  },
}); // biome-ignore format: a table

/** ip_do_fragment() gives up at the first fragment that is refused on its way out. */
const unsent: DiagnosisRule = {
  id: 'fragment.unsent',
  category: 'fragment',
  explain(scene) {
    const made = scene.path.children.filter(({ relation }) => relation === RELATION.fragment);
    const last = made.at(-1);
    if (last === undefined || !diedIn(scene, /^(ip_do_fragment|ip_fragment|ip6_fragment)$/)) return undefined;
    return {
      title: `It was being cut into fragments${inPlace(scene)}, of which packet ${last.packet} probably could not be sent: what was left is dropped.`,
      certainty: 'likely',
      evidence: [{ text: `fragments were made as far as packet ${last.packet}, ${made.length} in all` }],
      advice: [{ text: `Look why packet ${last.packet} was dropped.` }],
    };
  },
};

const reassembly: DiagnosisRule = {
  id: 'fragment.unnamed',
  category: 'fragment',
  explain(scene) {
    if (
      !diedIn(
        scene,
        /^(ip_defrag|ip_frag_\w+|ip_expire|ip6_frag_\w+|ip6frag_\w+|ipv6_frag_rcv|inet_frag_\w+|nf_ct_frag6_\w+)$/,
      )
    )
      return undefined;
    const isLate = /expire|timeout/.test(scene.symbol);
    return {
      title: `It is a fragment, and ${isLate ? 'the others probably did not come in time' : 'probably overlaps another, or there is no room for it'}${inPlace(scene)}.`,
      certainty: 'likely',
      facts: [
        ...fragmentFacts(scene),
        setting(scene, isV6(scene) ? 'ipv6/ip6frag_high_thresh' : 'ipv4/ipfrag_high_thresh'),
      ],
      advice: [advise(scene, 'See which counter of reassembly grows.', 'nstat', '-az', 'Ip*Reasm*')],
    };
  },
};

const FIN = 1;
/** IP and TCP header with all options that are usual, and no data. */
const BARE_MAX = 80;

/** A FIN without data: what waits unread when a connection is over. */
const isBareFin = ({ state: { ip, l4 } }: Scene): boolean =>
  l4?.kind === L4_KIND.tcp &&
  (l4.tcpFlags & FIN) !== 0 &&
  ip !== undefined &&
  !isHeaderUntold(ip) &&
  ip.length <= BARE_MAX;

const memory = byReason('memory.reason', 'memory', {
  NOMEM: { title: (s) => `The kernel found no memory for it${onDevice(s)}${inPlace(s)}.`, advice: (s) => [adviseHost(s, 'See whether memory is short; the kernel log has allocation failures.', 'free', '-m')] },
  PFMEMALLOC: { title: (s) => `Memory is so short${inPlace(s)} that only packets for swapping are let through.`, advice: (s) => [adviseHost(s, 'See what takes the memory.', 'free', '-m')] },
  SKB_GSO_SEG: { title: (s) => `It could not be cut into segments for ${s.device || 'its interface'}${inPlace(s)}.`, advice: (s) => [advise(s, 'Try without segmentation offload.', 'ethtool', '-K', s.device || 'eth0', 'gso', 'off', 'tso', 'off')] },
  SKB_BAD_GSO: { title: (s) => `What it says about its segments (GSO) is impossible${inPlace(s)}.`, advice: 'Look at the program or virtual machine that made it.' },
  SKB_UCOPY_FAULT: { title: (s) => `It could not be copied from or to the program's memory${inPlace(s)}.`, advice: 'The program gave an address that is not its own, or it died.' },
  QUEUE_PURGE: {
    title: (s) => isBareFin(s)
      ? `It closed the connection (FIN), and went with its socket${inPlace(s)}.`
      : `It waited in a queue that was emptied${inPlace(s)}.`,
    tone: (s) => (isBareFin(s) ? 'ordinary' : 'problem'),
    advice: 'Usual when a socket or an interface is closed.',
  },
  RECURSION_LIMIT: { title: (s) => `It was passed from interface to interface too often${onDevice(s)}${inPlace(s)}: there is a loop.`, advice: 'Look for tunnels or redirects that lead into themselves.' },
}); // biome-ignore format: a table

export const dataRules: readonly DiagnosisRule[] = [checksum, fragments, unsent, reassembly, memory];
