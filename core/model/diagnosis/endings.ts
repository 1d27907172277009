/** How packets end in order, and what is left to say when nothing else was found. */
import { L4_KIND, RELATION } from '../../wire/layout.gen.ts';
import { formatDuration } from '../format.ts';
import { VERDICT } from '../packet.ts';
import { playRole, ROLE, roleOf, verdictOf } from '../verdict.ts';
import { advise, diedIn, inPlace, onDevice, target } from './scene.ts';
import type { DiagnosisRule } from './types.ts';

const INTO = new Map<number, string>([
  [RELATION.merge, 'It was merged into packet %, for fewer and larger packets (GRO)'],
  [RELATION.reassembly, 'It is a fragment, and was put together with the others as packet %'],
  [RELATION.morph, 'Its data went on as packet %'],
  [RELATION.xdp, 'It went on as packet %, made anew for or from XDP'],
]);
const CUT = new Map<number, string>([
  [RELATION.segment, 'segments (GSO)'],
  [RELATION.fragment, 'fragments'],
]);

const passedOn: DiagnosisRule = {
  id: 'ending.passed-on',
  category: 'ending',
  explain({ drop, path }) {
    if (drop !== undefined || path.free === undefined || path.free.dropped) return undefined;
    const gone = path.children.filter(({ relation }) => INTO.has(relation));
    // the first fragment also lends the datagram its header (morph)
    const into = gone.find(({ relation }) => relation === RELATION.reassembly) ?? gone[0];
    if (into !== undefined)
      return {
        title: `${INTO.get(into.relation)?.replace('%', String(into.packet)) ?? ''}.`,
        tone: 'ordinary',
        advice: [{ text: `Follow packet ${into.packet}.` }],
      };
    const parts = path.children.filter(({ relation }) => CUT.has(relation));
    const [first] = parts;
    if (first === undefined) return undefined;
    return {
      title: `It was cut into ${parts.length} ${CUT.get(first.relation) ?? 'parts'}, the first of them packet ${first.packet}.`,
      tone: 'ordinary',
      advice: [{ text: `Follow packet ${first.packet}.` }],
    };
  },
};

const TAP = /^(packet_rcv|tpacket_rcv|packet_rcv_fanout)$/;
/** Functions of the IP stack: what has not been there is a tap's alone. */
const STACK = /^(ip6?_rcv_core|ip_local_deliver|ip6_input|arp_rcv)$/;

const ordinary: DiagnosisRule = {
  id: 'ending.ordinary',
  category: 'ending',
  explain(scene) {
    const { drop, path, functions, device } = scene;
    if (drop !== undefined || path.free === undefined || path.free.dropped) return undefined;
    const played = functions.reduce<number>((roles, name) => playRole(roles, roleOf(name)), ROLE.none);
    const isSent = (played & ROLE.transmit) !== 0;
    const at = functions.at(-1);
    switch (verdictOf(true, false, false, played)) {
      case VERDICT.delivered:
        if (functions.every((name) => name === 'skb_copy_datagram_iter'))
          return {
            title: `A program read this copy of it${inPlace(scene)}, probably from a packet socket (tcpdump, say).`,
            certainty: 'likely',
            tone: 'ordinary',
          };
        if (functions.some((name) => TAP.test(name)) && !functions.some((name) => STACK.test(name)))
          return {
            title: `A packet socket (tcpdump, say) got this copy of it${onDevice(scene)}${inPlace(scene)}.`,
            tone: 'ordinary',
          };
        return { title: `It was delivered to ${target(scene)}${inPlace(scene)}.`, tone: 'ordinary' };
      case VERDICT.forwarded:
        return {
          title: `It was passed on and handed to the driver of ${device || 'an interface'}${inPlace(scene)}.`,
          tone: 'ordinary',
        };
      default:
        return {
          title: isSent
            ? `It was handed to the driver of ${device || 'an interface'}${inPlace(scene)}, which sent it.`
            : `It ended in order${at === undefined ? '' : ` after ${at}`}${inPlace(scene)}.`,
          tone: 'ordinary',
        };
    }
  },
};

const LONG_NS = 1e9;

const inFlight: DiagnosisRule = {
  id: 'ending.in-flight',
  category: 'ending',
  explain(scene) {
    const { drop, path, last, nowNs, functions } = scene;
    if (drop !== undefined || path.free !== undefined || last === undefined || nowNs === undefined)
      return undefined;
    const waitedNs = nowNs - last.timeNs;
    if (waitedNs < LONG_NS) return undefined;
    return {
      title: `It has not ended, and was last seen ${formatDuration(waitedNs)} ago${functions.length === 0 ? '' : ` in ${functions.at(-1)}`}${inPlace(scene)}.`,
      tone: 'notice',
      advice: [{ text: 'TCP keeps what it sent until it is acknowledged; other packets wait in queues.' }],
    };
  },
};

/** 6.1's icmpv6_rcv frees everything as if it was dropped, what it has answered too; 6.12's tells them apart. */
const icmp6: DiagnosisRule = {
  id: 'ending.icmp6',
  category: 'ending',
  explain(scene) {
    if (scene.state.l4?.kind !== L4_KIND.icmp6 || !diedIn(scene, /^icmpv6_rcv$/)) return undefined;
    return {
      title: `It was probably delivered to ${target(scene)}${inPlace(scene)}: this kernel frees every ICMPv6 message as if it was dropped.`,
      certainty: 'likely',
      tone: 'ordinary',
    };
  },
};

const dropped: DiagnosisRule = {
  id: 'unknown.dropped',
  category: 'unknown',
  explain(scene) {
    const { drop, path, reason, symbol, isUnspecified } = scene;
    const at = `${symbol === '' ? '' : ` in ${symbol}`}${onDevice(scene)}${inPlace(scene)}`;
    if (drop === undefined)
      return path.free?.dropped === true
        ? { title: 'It was dropped; the record of where and why was lost.' }
        : undefined;
    return {
      title: isUnspecified
        ? `The kernel dropped it${at} and gave no reason.`
        : `The kernel dropped it${at}: ${reason}.`,
      advice: [
        advise(scene, 'Capture again with all functions and stacks of drops: the calls around it tell more.'),
      ],
    };
  },
};

export const endingRules: readonly DiagnosisRule[] = [passedOn, inFlight, ordinary, icmp6, dropped];
