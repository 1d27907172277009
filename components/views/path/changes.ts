/** What changed at a hop, in words: what routing and rules decide by first, bookkeeping last. */

import { asNetnsInode } from '../../../core/base/units.ts';
import { tcpFlagsText } from '../../../core/model/format.ts';
import type { Change, Hop, PacketState } from '../../../core/model/hop.ts';
import { checksumName, inWords, packetTypeName } from '../../../core/model/kernel-names.ts';
import type { NameBook } from '../../../core/model/names.ts';
import {
  bufferBitsText, conntrackStatusText, conntrackText, etherTypeText, gsoText, hex, ownerText, routeText, tunnelText,
  vlanText,
} from './words.ts'; // biome-ignore format: a list

const LABELS = new Map<string, string>([
  ['device', 'interface'],
  ['mtu', 'MTU'],
  ['iif', 'received on'],
  ['comm', 'running task'],
  ['netns', 'namespace'],
  ['meta.len', 'len'],
  ['meta.dataLen', 'paged bytes'],
  ['meta.mark', 'mark'],
  ['meta.priority', 'priority'],
  ['meta.protocol', 'EtherType'],
  ['meta.pktType', 'pkt_type'],
  ['eth.dst', 'MAC destination'],
  ['eth.src', 'MAC source'],
  ['eth.vlanTci', 'VLAN tag in the data'],
  ['eth.innerVlanTci', 'inner VLAN tag'],
  ['ip.saddr', 'source'],
  ['ip.daddr', 'destination'],
  ['ip.length', 'IP length'],
  ['ip.id', 'IP id'],
  ['ip.ttl', 'ttl'],
  ['ip.tos', 'tos'],
  ['l4.sport', 'source port'],
  ['l4.dport', 'destination port'],
  ['l4.tcpFlags', 'TCP flags'],
  ['conntrack.status', 'conntrack status'],
  ['conntrack.mark', 'conntrack mark'],
  ['conntrack.ct', 'conntrack entry'],
  ['route.dst', 'route entry'],
  ['owner.uid', 'owner uid'],
  ['owner.cgroup', 'owner cgroup'],
  ['buffer.ipSummed', 'checksum'],
  ['buffer.queueMapping', 'queue'],
  ['buffer.nrFrags', 'page fragments'],
  ['buffer.csumLevel', 'checksum level'],
  ['buffer.bits', 'buffer'],
  ['control.cb', 'control block'],
]);
/** Consequences of other changes, or of no meaning to a person. */
const HIDDEN = new Set(['ifindex', 'eth.type', 'l4.kind', 'inner.l4.kind', 'inner.ip.version']);
/** Bookkeeping: true at nearly every hop, rarely why something happened. */
const MUTED = new Set([
  'comm', 'buffer.hash', 'buffer.truesize', 'buffer.csum', 'buffer.csumLevel', 'buffer.bits', 'buffer.nrFrags',
  'control.cb', 'control.users', 'control.dataref', 'route.dst', 'conntrack.ct', 'owner.cgroup', 'owner.uid',
]); // biome-ignore format: a list
/** What routing and rules decide by; a header that was not written yet has zeros, and that is no translation. */
const STRONG = /^(inner\.)?(ip\.[sd]addr|l4\.[sd]port)$/;

/** Fields that are one thing to a person, shown as one: part of the state before and after, in words. */
interface Whole {
  readonly label: string;
  readonly fields: readonly string[];
  text(state: PacketState, hop: ChangedHop, names: NameBook): string | undefined;
}
const WHOLES: readonly Whole[] = [
  {
    label: 'route',
    fields: ['route.ifindex', 'route.gateway', 'route.type', 'route.error'],
    text: ({ route }, { netns }, names) => route && routeText(route, netns, names),
  },
  {
    label: 'conntrack',
    fields: ['conntrack.info'],
    text: ({ conntrack }) => conntrack && conntrackText(conntrack),
  },
  {
    label: 'segmentation',
    fields: ['buffer.gsoType', 'buffer.gsoSize', 'buffer.gsoSegs'],
    text: ({ buffer }) => buffer && gsoText(buffer),
  },
  {
    label: 'VLAN tag',
    fields: ['meta.vlanTci', 'meta.vlanProto'],
    text: ({ meta }) => meta && vlanText(meta.vlanTci, meta.vlanProto),
  },
  {
    label: 'owner',
    fields: ['owner.pid', 'owner.comm'],
    text: ({ owner }) => owner && ownerText(owner),
  },
  {
    label: 'tunnel',
    fields: ['inner.tunnel', 'inner.vni'],
    text: ({ inner }) => inner && tunnelText(inner),
  },
];
/** A pointer that appears or goes says it in words, through the whole that it belongs to. */
const POINTERS = new Map([
  ['route.dst', 'route'],
  ['conntrack.ct', 'conntrack'],
]);

/** `strong`: address, port or mark. `muted`: bookkeeping. */
export type Tone = 'strong' | 'plain' | 'muted';
const ORDER: Readonly<Record<Tone, number>> = { strong: 0, plain: 1, muted: 2 };

export interface ChangeText {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  readonly tone: Tone;
}

type ChangedHop = Pick<Hop, 'changes' | 'state' | 'netns'>;

/** Every change of a hop, the most telling first. */
export function changeTexts(hop: ChangedHop, names: NameBook): ChangeText[] {
  const texts: ChangeText[] = [];
  const told = new Set<string>();
  const old = stateBefore(hop);
  for (const { label, fields, text } of WHOLES) {
    const pointers = [...POINTERS].filter(([, whole]) => whole === label).map(([field]) => field);
    if (!hop.changes.some(({ field }) => fields.includes(field) || pointers.includes(field))) continue;
    const before = text(old, hop, names);
    const after = text(hop.state, hop, names);
    for (const field of fields) told.add(field);
    if (before === undefined || after === undefined || before === after) continue;
    for (const field of pointers) told.add(field);
    texts.push({ label, before, after, tone: 'plain' });
  }
  // a tunnel's packet came or went: what it carries is no change of what was carried
  const isOtherTunnel = hop.changes.some(({ field }) => field === 'inner.tunnel');
  for (const change of hop.changes) {
    const { field } = change;
    if (told.has(field) || HIDDEN.has(field) || (isOtherTunnel && field.startsWith('inner.'))) continue;
    texts.push({ label: labelOf(field), ...valueTexts(change, hop, names), tone: toneOf(change) });
  }
  return texts.sort((a, b) => ORDER[a.tone] - ORDER[b.tone]);
}

function toneOf({ field, before }: Change): Tone {
  if (field === 'meta.mark' || field === 'conntrack.mark' || (STRONG.test(field) && before !== 0))
    return 'strong';
  return MUTED.has(field) ? 'muted' : 'plain';
}

function labelOf(field: string): string {
  if (field.startsWith('inner.')) return `inner ${labelOf(field.slice('inner.'.length))}`;
  return LABELS.get(field) ?? field.replace(/^.*\./, '');
}

/** What was known at the hop before, of the groups that have both. */
export function stateBefore({ state, changes }: ChangedHop): PacketState {
  const of = <T extends object>(group: string, now: T): T => ({
    ...now,
    ...Object.fromEntries(
      changes
        .filter(({ field }) => field.startsWith(`${group}.`))
        .map(({ field, before }) => [field.slice(group.length + 1), before]),
    ),
  });
  const { eth, ip, l4, meta, route, conntrack, buffer, owner, inner } = state;
  return {
    ...(eth && { eth: of('eth', eth) }),
    ...(ip && { ip: of('ip', ip) }),
    ...(l4 && { l4: of('l4', l4) }),
    ...(meta && { meta: of('meta', meta) }),
    ...(route && { route: of('route', route) }),
    ...(conntrack && { conntrack: of('conntrack', conntrack) }),
    ...(buffer && { buffer: of('buffer', buffer) }),
    ...(owner && { owner: of('owner', owner) }),
    ...(inner && {
      inner: { ...of('inner', inner), ip: of('inner.ip', inner.ip), l4: of('inner.l4', inner.l4) },
    }),
  };
}

function valueTexts(
  { field, before, after }: Change,
  hop: ChangedHop,
  names: NameBook,
): { readonly before: string; readonly after: string } {
  if (field === 'control.cb') return blockTexts(String(before), String(after));
  return { before: valueText(field, before, hop, names), after: valueText(field, after, hop, names) };
}

function valueText(field: string, value: string | number, { netns }: ChangedHop, names: NameBook): string {
  if (typeof value === 'string') return value === '' ? 'none' : value;
  switch (field) {
    case 'netns':
      return names.netnsName(asNetnsInode(value));
    case 'iif':
      return value === 0 ? 'none' : names.interfaceName(netns, value);
    case 'meta.mark':
    case 'meta.priority':
    case 'conntrack.mark':
    case 'buffer.hash':
    case 'buffer.csum':
      return hex(value);
    case 'meta.protocol':
      return etherTypeText(value);
    case 'meta.pktType':
      return inWords(packetTypeName(value));
    case 'eth.vlanTci':
    case 'eth.innerVlanTci':
      return vlanText(value, 0);
    case 'l4.tcpFlags':
    case 'inner.l4.tcpFlags':
      return tcpFlagsText(value) || 'none';
    case 'conntrack.status':
      return conntrackStatusText(value);
    case 'buffer.ipSummed':
      return inWords(checksumName(value));
    case 'buffer.bits':
      return bufferBitsText(value);
    default:
      return String(value);
  }
}

/** Of two control blocks, at most eight bytes from the first that differs: `+8: 0000…`. */
function blockTexts(before: string, after: string): { readonly before: string; readonly after: string } {
  let at = 0;
  while (at < before.length && before[at] === after[at]) at += 1;
  const from = at - (at % 2);
  const part = (block: string) => `+${from / 2}: ${block.slice(from, from + 16)}`;
  return { before: part(before), after: part(after) };
}
