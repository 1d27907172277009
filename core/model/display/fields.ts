/**
 * What a display filter can ask of a row: each field reads numbers from the packed row, and knows what they are called.
 * NaN: the row has none.
 */
import { asFuncId, asKernelAddress, asNetnsInode } from '../../base/units.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import { ROW, ROW_BIT } from '../../wire/rows.ts';
import { protocolName, verdictText } from '../format.ts';
import type { NameBook } from '../names.ts';
import { VERDICT, type Verdict } from '../packet.ts';
import { isNumbered } from '../path-table.ts';
import type { StepKey } from './way.ts';

export type Read = (view: DataView, at: number) => number;

interface Named {
  readonly id: string;
  readonly aliases: readonly string[];
  /** One line for the completion. */
  readonly about: string;
}
/** Numbers that have names; any of the names may be asked for, and the number itself. */
export interface NameField extends Named {
  readonly kind: 'name';
  readonly keys: readonly Read[];
  /** Its name with the namespace's, as `web/eth0`: asked for as a whole, never found by a part. */
  readonly fullNameOf?: (key: number, book: NameBook) => string;
  /** Key of each step of its way, by which a row is found, too. */
  readonly onWay?: StepKey;
  readonly namesOf: (key: number, book: NameBook) => readonly string[];
  readonly numberOf: (key: number) => number;
  /** When there is nothing else that could be meant. */
  readonly vocabulary?: readonly string[];
}
export interface AddressField extends Named {
  readonly kind: 'address';
  /** Byte offsets in the row. */
  readonly places: readonly number[];
}
export interface NumberField extends Named {
  readonly kind: 'number' | 'duration';
  /** `originNs`: time of the session's first packet. */
  readonly values: readonly ((view: DataView, at: number, originNs: number) => number)[];
}
export interface FlagsField extends Named {
  readonly kind: 'flags';
}
export interface BooleanField extends Named {
  readonly kind: 'boolean';
  readonly holds: (view: DataView, at: number) => boolean;
}
export type Field = NameField | AddressField | NumberField | FlagsField | BooleanField;

const u8 = (view: DataView, at: number) => view.getUint8(at);
const u16 = (view: DataView, at: number) => view.getUint16(at, true);
const u32 = (view: DataView, at: number) => view.getUint32(at, true);
const f64 = (view: DataView, at: number) => view.getFloat64(at, true);

/** A number within a namespace: of an interface, of a function. 53 bits with the namespace's. */
const LOCAL_LIMIT = 2 ** 21;
const orNone = (value: number) => (value === 0 ? Number.NaN : value);
const localKey = (inode: number, local: number) =>
  local === 0 ? Number.NaN : inode * LOCAL_LIMIT + (local % LOCAL_LIMIT);
const netns =
  (place: number): Read =>
  (view, at) =>
    orNone(u32(view, at + place));
const local =
  (ns: number, index: number): Read =>
  (view, at) =>
    localKey(u32(view, at + ns), u32(view, at + index));
const netnsNames = (key: number, book: NameBook) => [book.netnsName(asNetnsInode(key))];
const ifaceNames = (key: number, book: NameBook) => [book.interfaceName(inodeOf(key), localOf(key))];
const funcNames = (key: number, book: NameBook) => [book.functionName(asFuncId(localOf(key)))];
const inodeOf = (key: number) => asNetnsInode(Math.floor(key / LOCAL_LIMIT));
const localOf = (key: number) => key % LOCAL_LIMIT;
const itself = (key: number) => key;

const isDropped = (view: DataView, at: number) => u8(view, at + ROW.verdict) === VERDICT.dropped;
const hasPorts = (view: DataView, at: number) => {
  const kind = u8(view, at + ROW.l4Kind);
  return kind === L4_KIND.tcp || kind === L4_KIND.udp || kind === L4_KIND.sctp;
};
const port =
  (place: number): Read =>
  (view, at) =>
    hasPorts(view, at) ? u16(view, at + place) : Number.NaN;
const isIcmp = (view: DataView, at: number) => {
  const kind = u8(view, at + ROW.l4Kind);
  return kind === L4_KIND.icmp || kind === L4_KIND.icmp6;
};
const icmp =
  (read: (view: DataView, at: number) => number, place: number): Read =>
  (view, at) =>
    isIcmp(view, at) ? read(view, at + place) : Number.NaN;

/** EtherType, kind of layer 4, IP version and protocol in one number. */
export const protocolKey: Read = (view, at) =>
  ((u8(view, at + ROW.ipVersion) * 16 + u8(view, at + ROW.l4Kind)) * 256 + u8(view, at + ROW.ipProtocol)) *
    65_536 +
  u16(view, at + ROW.protocol);

function protocolNames(key: number): readonly string[] {
  const protocol = key % 65_536;
  const ipProtocol = Math.floor(key / 65_536) % 256;
  const l4Kind = Math.floor(key / 2 ** 24) % 16;
  const ipVersion = Math.floor(key / 2 ** 28);
  const name = protocolName({ l4Kind, ipVersion, ipProtocol, protocol }).toLowerCase();
  const names = name === 'icmpv6' ? ['icmpv6', 'icmp6'] : [name];
  if (ipVersion === 4) return [...names, 'ip', 'ipv4', 'ip4'];
  return ipVersion === 6 ? [...names, 'ip6', 'ipv6'] : names;
}

/** The kernel's address in 53 bits: enough to tell places apart. */
const locationKey: Read = (view, at) =>
  isDropped(view, at)
    ? (u32(view, at + ROW.locationHigh) & 0x1fffff) * 2 ** 32 + u32(view, at + ROW.locationLow)
    : Number.NaN;
function locationNames(key: number, book: NameBook): readonly string[] {
  const high = ((Math.floor(key / 2 ** 32) | 0xffe00000) >>> 0).toString(16);
  const name = book.locationName(asKernelAddress(high + (key % 2 ** 32).toString(16).padStart(8, '0')));
  return [name.replace(/\+0x.*/, ''), name];
}

export const PROTOCOL_WORDS = [
  'tcp', 'udp', 'icmp', 'icmp6', 'icmpv6', 'arp', 'sctp', 'igmp', 'gre', 'esp', 'ah', 'ipip', 'ospf', 'vrrp',
  'lldp', 'vlan', 'qinq', 'mpls', 'ip', 'ip4', 'ipv4', 'ip6', 'ipv6',
] as const; // biome-ignore format: a list
export const VERDICT_WORDS = ['dropped', 'delivered', 'forwarded', 'consumed', 'inflight'] as const;

const name = (
  id: string,
  aliases: readonly string[],
  keys: readonly Read[],
  namesOf: NameField['namesOf'],
  about: string,
  numberOf: NameField['numberOf'] = itself,
): NameField => ({ kind: 'name', id, aliases, about, keys, namesOf, numberOf });
/** A field of what is within a namespace. */
const within = (
  id: string,
  aliases: readonly string[],
  keys: readonly Read[],
  namesOf: NameField['namesOf'],
  about: string,
): NameField => ({
  ...name(id, aliases, keys, namesOf, about, localOf),
  fullNameOf: (key, book) => `${book.netnsName(inodeOf(key))}/${namesOf(key, book)[0] ?? ''}`,
});
/** As the field, and of all that is between the first and the last. */
const onWay = (field: NameField, key: StepKey): NameField => ({ ...field, onWay: key });
const number = (
  id: string,
  aliases: readonly string[],
  values: NumberField['values'],
  about: string,
  kind: NumberField['kind'] = 'number',
): NumberField => ({ kind, id, aliases, about, values });

const firstNs = netns(ROW.firstNetns);
const lastNs = netns(ROW.lastNetns);
const firstIface = local(ROW.firstNetns, ROW.firstIfindex);
const lastIface = local(ROW.lastNetns, ROW.lastIfindex);
const lastFunc = local(ROW.lastNetns, ROW.lastFunc);
const pathOf: Read = (view, at) => {
  const path = u32(view, at + ROW.path);
  return isNumbered(path) ? path : Number.NaN;
};

export const FIELDS: readonly Field[] = [
  onWay(name('ns', ['netns', 'namespace'], [firstNs, lastNs], netnsNames, 'namespace that it was in, anywhere on its way'), (_func, _reason, inode) => orNone(inode)),
  name('ns.first', [], [firstNs], netnsNames, 'namespace where it was first seen'),
  name('ns.last', [], [lastNs], netnsNames, 'namespace where it got to'),
  onWay(within('iface', ['interface', 'dev', 'through'], [firstIface, lastIface], ifaceNames, 'interface that it went through: eth0, or web/eth0'), (_func, _reason, inode, ifindex) => localKey(inode, ifindex)),
  within('iface.first', [], [firstIface], ifaceNames, 'interface where it was first seen'),
  within('iface.last', [], [lastIface], ifaceNames, 'interface that it got to'),
  { kind: 'address', id: 'addr', aliases: ['host', 'ip.addr'], about: 'source or destination: an address, or a net as 10.1.0.0/16', places: [ROW.saddr, ROW.daddr] },
  { kind: 'address', id: 'src', aliases: ['ip.src'], about: 'source: an address, or a net', places: [ROW.saddr] },
  { kind: 'address', id: 'dst', aliases: ['ip.dst'], about: 'destination: an address, or a net', places: [ROW.daddr] },
  number('port', [], [port(ROW.sport), port(ROW.dport)], 'source or destination port'),
  number('sport', ['srcport'], [port(ROW.sport)], 'source port'),
  number('dport', ['dstport'], [port(ROW.dport)], 'destination port'),
  {
    ...name('proto', ['protocol'], [protocolKey], protocolNames, 'protocol: tcp, udp, icmp … or its number', (key) => Math.floor(key / 65_536) % 256),
    vocabulary: PROTOCOL_WORDS,
  },
  {
    ...name('verdict', [], [(view, at) => u8(view, at + ROW.verdict)], (key) => {
      const text = verdictText(key as Verdict);
      return text === 'in flight' ? ['inflight', text] : [text];
    }, 'how it ended'),
    vocabulary: VERDICT_WORDS,
  },
  name('reason', [], [(view, at) => (isDropped(view, at) ? u32(view, at + ROW.reason) : Number.NaN)], (key, book) => [book.reasonName(key)], 'the kernel’s reason of a drop'),
  onWay(within('func', ['function'], [lastFunc], funcNames, 'function that it went through: ip_rcv, or web/ip_rcv'), (func, _reason, inode) => localKey(inode, func)),
  within('func.last', [], [lastFunc], funcNames, 'function where it was last seen'),
  number('path', ['way'], [pathOf], 'number of the path that it took, as in Paths'),
  name('location', ['where'], [locationKey], locationNames, 'function that dropped it'),
  { kind: 'flags', id: 'flags', aliases: ['tcp.flags'], about: 'TCP flags: syn, or syn+ack for both' },
  number('len', ['length'], [(view, at) => u32(view, at + ROW.length)], 'bytes of the IP packet'),
  number('hops', [], [(view, at) => u32(view, at + ROW.hops)], 'functions that it was seen at'),
  number('duration', [], [(view, at) => f64(view, at + ROW.lastNs) - f64(view, at + ROW.firstNs)], 'from first to last sight: 300us, 5ms', 'duration'),
  number('time', ['start', 'offset'], [(view, at, originNs) => f64(view, at + ROW.firstNs) - originNs], 'first sight, since the session’s first packet: 2.5s', 'duration'),
  number('packet', ['id'], [(view, at) => f64(view, at + ROW.packet)], 'number of the packet'),
  number('parent', [], [(view, at) => orNone(f64(view, at + ROW.parent))], 'number of the packet that it came out of'),
  number('icmptype', ['icmp.type'], [icmp(u8, ROW.icmpType)], 'ICMP type'),
  number('icmpcode', ['icmp.code'], [icmp(u8, ROW.icmpCode)], 'ICMP code'),
  number('icmpid', ['icmp.id'], [icmp(u16, ROW.icmpId)], 'ICMP echo id'),
  number('icmpseq', ['icmp.seq'], [icmp(u16, ROW.icmpSeq)], 'ICMP echo sequence number'),
  { kind: 'boolean', id: 'translated', aliases: ['nat'], about: 'addresses or ports changed on the way', holds: (view, at) => (u8(view, at + ROW.bits) & ROW_BIT.translated) !== 0 },
  { kind: 'boolean', id: 'truncated', aliases: [], about: 'its first records are gone from memory', holds: (view, at) => (u8(view, at + ROW.bits) & ROW_BIT.truncated) !== 0 },
]; // biome-ignore format: a table

const BY_NAME = new Map(
  FIELDS.flatMap((field) => [field.id, ...field.aliases].map((id) => [id, field] as const)),
);

export const fieldNamed = (text: string): Field | undefined => BY_NAME.get(text.toLowerCase());

/** Whether a word may yet become a field's name as it is typed on. */
export const mayBecomeField = (text: string): boolean =>
  [...BY_NAME.keys()].some((id) => id.startsWith(text.toLowerCase()));

export const FLAG_BITS: ReadonlyMap<string, number> = new Map([
  ['fin', 1],
  ['syn', 2],
  ['rst', 4],
  ['psh', 8],
  ['ack', 16],
  ['urg', 32],
  ['ece', 64],
  ['cwr', 128],
]);
