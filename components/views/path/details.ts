/** All that is known of a packet at a hop, as titled lists of terms and values. */
import { isNetfilterDecision } from '../../../core/model/deciders.ts';
import { describeDecision, priorityOf } from '../../../core/model/decisions.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { explainFunction } from '../../../core/model/functions/index.ts';
import type { Decision, Hop, PacketState } from '../../../core/model/hop.ts';
import {
  checksumName, hookName, inWords, packetTypeName, pfName, routeTypeName,
} from '../../../core/model/kernel-names.ts'; // biome-ignore format: a list
import type { NameBook } from '../../../core/model/names.ts';
import { isOther } from '../../../core/model/probes/plan.ts';
import { stageOf } from '../../../core/model/stages.ts';
import { PKT_TYPE_UNTOLD } from '../../../core/model/untold.ts';
import { changeTexts, stateBefore } from './changes.ts';
import { ethernetTerms, ipTerms, type Term, term, transportTerms, transportTitle } from './headers.ts';
import {
  bufferBitsText, conntrackStatusText, conntrackText, etherTypeText, gsoText, hex, isNull, ownerText, routeText,
  tunnelText, vlanText,
} from './words.ts'; // biome-ignore format: a list

export interface Section {
  readonly title: string;
  /** What happens there, in a sentence. */
  readonly about?: string | undefined;
  readonly terms: readonly Term[];
}

/** Sections without a term are left out. */
export function hopDetails(hop: Hop, names: NameBook, firstNs: number): Section[] {
  const sections: Section[] = [
    {
      title: hop.kind === 'drop' ? 'Drop' : 'Function',
      about:
        hop.kind === 'hop'
          ? explainFunction(names.functionName(hop.func), names.function(hop.func)?.module)
          : undefined,
      terms: placeTerms(hop, names, firstNs),
    },
    { title: 'Changed here', terms: changeTerms(hop, names) },
    { title: 'Kernel stack', terms: stackTerms(hop, names) },
    ...markChanged(
      packetSections(hop.state, hop.netns, names),
      hop.changes.length === 0 ? undefined : packetSections(stateBefore(hop), hop.netns, names),
    ),
  ];
  return sections.filter(({ terms }) => terms.length > 0);
}

/** What is known of the packet itself: always the same sections, in the same order. */
function packetSections(state: PacketState, netns: number, names: NameBook): Section[] {
  const { eth, ip, l4, inner } = state;
  return [
    { title: 'Ethernet', terms: eth === undefined ? [] : ethernetTerms(eth) },
    { title: ip?.version === 6 ? 'IPv6' : 'IP', terms: ip === undefined ? [] : ipTerms(ip) },
    { title: l4 === undefined ? '' : transportTitle(l4), terms: l4 === undefined ? [] : transportTerms(l4) },
    { title: inner === undefined ? '' : `Inside ${tunnelText(inner)}`, terms: innerTerms(state) },
    { title: 'Packet (skb)', terms: metaTerms(state) },
    { title: 'Route', terms: routeTerms(state, netns, names) },
    { title: 'Conntrack', terms: conntrackTerms(state) },
    { title: 'Owner of the socket', terms: ownerTerms(state, names) },
    { title: 'Buffer', terms: bufferTerms(state) },
    { title: 'Control block', terms: controlTerms(state) },
  ];
}

/** Terms that say something else than at the hop before also say what that was. */
function markChanged(now: readonly Section[], before: readonly Section[] | undefined): Section[] {
  return now.map((section, i) => {
    const old = before?.[i];
    if (old === undefined) return section;
    const was = new Map(old.terms.map(({ name, value }) => [name, value]));
    const terms = section.terms.map((one): Term => {
      const value = was.get(one.name) ?? 'none';
      return value === one.value ? one : { ...one, was: value };
    });
    const names = new Set(section.terms.map(({ name }) => name));
    const gone = old.terms.filter(({ name }) => !names.has(name));
    // a whole section that went (a route that was dropped) is told once, by what changed
    return section.terms.length === 0
      ? section
      : {
          ...section,
          terms: [...terms, ...gone.map(({ name, value }) => ({ name, value: 'none', was: value }))],
        };
  });
}

/** What a function that decides returned, and what it knew. */
export function decisionDetails(decision: Decision, names: NameBook): Section {
  const { rule, by, hook, pf, used, limit, durationNs } = decision;
  return {
    title: 'Decision',
    terms: [
      ...term('says', describeDecision(decision, names)),
      ...term('returned', decision.value),
      ...(durationNs === 0 ? [] : term('took', formatDuration(durationNs))),
      ...(isNetfilterDecision(decision)
        ? [
            ...term('family', pfName(pf)),
            ...term('hook', hookName(pf, hook)),
            ...term('priority', priorityOf(decision)),
          ]
        : []),
      ...term('table', rule?.table),
      ...term('chain', rule?.chain),
      ...term('rule', rule?.handle || undefined),
      ...(limit === 0 ? [] : term('filled', `${formatCount(used)} of ${formatCount(limit)}`)),
      ...(isNull(by) ? [] : term('by', names.locationName(by))),
      ...(decision.netns === 0 ? [] : term('namespace', names.netnsName(decision.netns))),
    ],
  };
}

/** As plain text, for a ticket. */
export function detailsText(sections: readonly Section[]): string {
  return sections
    .map(({ title, terms }) => {
      const width = Math.max(...terms.map(({ name }) => name.length));
      return [
        title,
        ...terms.map(
          ({ name, value, was }) =>
            `  ${name.padEnd(width)}  ${value}${was === undefined ? '' : ` (was ${was})`}`,
        ),
      ].join('\n');
    })
    .join('\n\n');
}

function placeTerms(hop: Hop, names: NameBook, firstNs: number): Term[] {
  const { state } = hop;
  const device = state.device || names.interfaceName(hop.netns, hop.ifindex);
  const name = hop.kind === 'hop' ? names.functionName(hop.func) : '';
  const func = hop.kind === 'hop' ? names.function(hop.func) : undefined;
  const module = func?.module;
  return [
    ...(hop.kind === 'hop'
      ? [
          ...term('function', module ? `${name} [${module}]` : name),
          ...term('stage', stageOf(name, module)),
          ...(func !== undefined && isOther(func)
            ? term('takes', 'no skb: it runs for this packet, in a function that does')
            : []),
        ]
      : [
          ...term('reason', `${names.reasonName(hop.reason)} (${hop.reason})`),
          ...term('in', names.locationName(hop.location)),
        ]),
    ...term('at', `+${formatDuration(hop.timeNs - firstNs)} on CPU ${hop.cpu}`),
    ...(hop.netns === 0 ? [] : term('namespace', `${names.netnsName(hop.netns)} (${hop.netns})`)),
    ...(hop.ifindex === 0 ? [] : term('interface', `${device} (${hop.ifindex})`)),
    ...(state.mtu ? term('MTU', state.mtu) : []),
    ...(state.iif ? term('received on', names.interfaceName(hop.netns, state.iif)) : []),
    ...term('running task', `${state.comm ?? ''} (${hop.pid})`.trim()),
    ...term('skb', `0x${hop.skb}`),
  ];
}

function changeTerms(hop: Hop, names: NameBook): Term[] {
  return changeTexts(hop, names).flatMap(({ label, before, after }) => term(label, `${before} → ${after}`));
}

function metaTerms({ meta }: PacketState): Term[] {
  if (meta === undefined) return [];
  return [
    ...term('len', meta.dataLen === 0 ? meta.len : `${meta.len}, ${meta.dataLen} of it paged`),
    ...(meta.pktType === PKT_TYPE_UNTOLD
      ? []
      : term('pkt_type', `${inWords(packetTypeName(meta.pktType))} (${meta.pktType})`)),
    ...term('EtherType', etherTypeText(meta.protocol)),
    ...term('mark', hex(meta.mark)),
    ...(meta.priority === 0 ? [] : term('priority', hex(meta.priority))),
    ...(meta.vlanProto === 0 && meta.vlanTci === 0
      ? []
      : term('VLAN', vlanText(meta.vlanTci, meta.vlanProto))),
  ];
}

function innerTerms({ inner }: PacketState): Term[] {
  if (inner === undefined || inner.tunnel === 0) return [];
  return [...ipTerms(inner.ip), ...transportTerms(inner.l4)];
}

function routeTerms({ route }: PacketState, netns: number, names: NameBook): Term[] {
  if (route === undefined || isNull(route.dst)) return [];
  return [
    ...term('to', routeText(route, netns, names)),
    ...(route.type === 0 ? [] : term('type', inWords(routeTypeName(route.type)))),
    ...term('dst entry', `0x${route.dst}`),
  ];
}

function conntrackTerms({ conntrack }: PacketState): Term[] {
  if (conntrack === undefined || (isNull(conntrack.ct) && conntrack.info === 0)) return [];
  return [
    ...term('packet is', conntrackText(conntrack)),
    ...term('status', conntrackStatusText(conntrack.status)),
    ...(conntrack.mark === 0 ? [] : term('mark', hex(conntrack.mark))),
    ...(isNull(conntrack.ct) ? [] : term('nf_conn', `0x${conntrack.ct}`)),
  ];
}

function ownerTerms({ owner }: PacketState, names: NameBook): Term[] {
  if (owner === undefined || (owner.pid === 0 && owner.cgroup === 0)) return [];
  return [
    ...(owner.pid === 0 ? [] : [...term('process', ownerText(owner)), ...term('uid', owner.uid)]),
    ...(owner.cgroup === 0 ? [] : term('cgroup', names.cgroup(owner.cgroup)?.path ?? String(owner.cgroup))),
  ];
}

function bufferTerms({ buffer }: PacketState): Term[] {
  if (buffer === undefined) return [];
  return [
    ...term('checksum', inWords(checksumName(buffer.ipSummed))),
    ...term('segmentation', gsoText(buffer)),
    ...term('is', bufferBitsText(buffer.bits)),
    ...term('fragments', buffer.nrFrags),
    ...term('truesize', buffer.truesize),
    ...term('queue', buffer.queueMapping),
    ...term('hash', hex(buffer.hash)),
    ...term('csum', hex(buffer.csum)),
  ];
}

function controlTerms({ control }: PacketState): Term[] {
  if (control === undefined) return [];
  const lines = control.cb.match(/.{1,32}/g) ?? [];
  return [
    ...term('users', control.users),
    ...term('dataref', control.dataref),
    ...lines.flatMap((line, i) => term(`cb+${i * 16}`, line)),
  ];
}

function stackTerms({ stack }: Hop, names: NameBook): Term[] {
  if (stack === undefined) return [];
  const frames = names.stackFrames(stack);
  if (frames.length === 0) return term('stack', `${stack}, its frames are not known`);
  return frames.flatMap((frame, i) => term(`#${i}`, frame));
}
