/** What changed at a hop, in words. */

import { asNetnsInode } from '../../../core/base/units.ts';
import { tcpFlagsText } from '../../../core/model/format.ts';
import type { Change } from '../../../core/model/hop.ts';
import type { NameBook } from '../../../core/model/names.ts';

const LABELS = new Map<string, string>([
  ['device', 'interface'],
  ['comm', 'running task'],
  ['netns', 'namespace'],
  ['meta.len', 'len'],
  ['meta.dataLen', 'paged bytes'],
  ['meta.mark', 'mark'],
  ['meta.priority', 'priority'],
  ['meta.protocol', 'EtherType'],
  ['meta.vlanTci', 'VLAN tag'],
  ['meta.pktType', 'pkt_type'],
  ['eth.dst', 'MAC destination'],
  ['eth.src', 'MAC source'],
  ['eth.vlanTci', 'VLAN tag in the data'],
  ['ip.saddr', 'source'],
  ['ip.daddr', 'destination'],
  ['ip.length', 'IP length'],
  ['ip.id', 'IP id'],
  ['ip.ttl', 'ttl'],
  ['ip.tos', 'tos'],
  ['l4.sport', 'source port'],
  ['l4.dport', 'destination port'],
  ['l4.tcpFlags', 'TCP flags'],
]);
const PKT_TYPES = ['host', 'broadcast', 'multicast', 'otherhost', 'outgoing', 'loopback'];
/** Consequences of other changes, or of no meaning to a person. */
const HIDDEN = new Set(['ifindex', 'meta.vlanProto', 'eth.type']);

export interface ChangeText {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  /** Address, port or mark: what routing and rules decide by. */
  readonly isStrong: boolean;
}

export function changeTexts(changes: readonly Change[], names: NameBook): ChangeText[] {
  return changes
    .filter(({ field }) => !HIDDEN.has(field))
    .map(({ field, before, after }) => ({
      label: LABELS.get(field) ?? field.replace(/^.*\./, ''),
      before: valueText(field, before, names),
      after: valueText(field, after, names),
      // a header that was not written yet has zeros: that is no translation
      isStrong: field === 'meta.mark' || (/^(ip\.[sd]addr|l4\.[sd]port)$/.test(field) && before !== 0),
    }));
}

function valueText(field: string, value: string | number, names: NameBook): string {
  if (typeof value === 'string') return value === '' ? 'none' : value;
  switch (field) {
    case 'netns':
      return names.netnsName(asNetnsInode(value));
    case 'meta.mark':
    case 'meta.priority':
      return `0x${value.toString(16)}`;
    case 'meta.protocol':
      return `0x${value.toString(16).padStart(4, '0')}`;
    case 'meta.pktType':
      return PKT_TYPES[value] ?? String(value);
    case 'meta.vlanTci':
    case 'eth.vlanTci':
      return value === 0 ? 'none' : String(value & 0xfff);
    case 'l4.tcpFlags':
      return tcpFlagsText(value);
    default:
      return String(value);
  }
}
