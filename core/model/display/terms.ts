/** Terms of a display filter made from what a row shows: `src == 10.1.0.3`. */
import { ipText } from '../../base/address.ts';
import { asFuncId } from '../../base/units.ts';
import { L4_KIND } from '../../wire/layout.gen.ts';
import { protocolName, verdictName } from '../format.ts';
import type { NameBook } from '../names.ts';
import { type PacketRow, VERDICT } from '../packet.ts';
import { isNumbered } from '../path-table.ts';
import { PROTOCOL_WORDS } from './fields.ts';
import { quote, tokenise } from './tokens.ts';

/** What a cell can be filtered by; each is a term without `not`. */
export interface RowTerms {
  readonly namespaces: readonly string[];
  readonly interfaces: readonly string[];
  readonly source: readonly string[];
  readonly destination: readonly string[];
  readonly protocol: readonly string[];
  readonly verdict: readonly string[];
  readonly func: readonly string[];
  readonly path: readonly string[];
  readonly parent: readonly string[];
  readonly flow: readonly string[];
}

export function rowTerms(row: PacketRow, book: NameBook): RowTerms {
  const is = (field: string, value: string | number) => `${field} == ${quote(String(value))}`;
  const both = (field: string, first: string, last: string) =>
    [...new Set([first, last])].filter((one) => one !== '').map((one) => is(field, one));
  const ns = (inode: PacketRow['firstNetns']) => (inode === 0 ? '' : book.netnsName(inode));
  const hasAddress = row.ipVersion !== 0 || row.l4Kind === L4_KIND.arp;
  const hasPorts = row.l4Kind === L4_KIND.tcp || row.l4Kind === L4_KIND.udp || row.l4Kind === L4_KIND.sctp;
  const [source, destination] = [row.saddr, row.daddr].map((bytes) => ipText(bytes, 0, row.ipVersion));
  const name = protocolName(row).toLowerCase();
  const protocol = PROTOCOL_WORDS.some((word) => word === name)
    ? is('proto', name === 'icmpv6' ? 'icmp6' : name)
    : row.ipVersion === 0 ? undefined : is('proto', row.ipProtocol); // biome-ignore format: short
  const isDropped = row.verdict === VERDICT.dropped;
  const [src, dst] = hasAddress
    ? [is('src', source ?? ''), is('dst', destination ?? '')]
    : [undefined, undefined];
  const [sport, dport] = hasPorts ? [is('sport', row.sport), is('dport', row.dport)] : [undefined, undefined];
  const told = (...terms: readonly (string | undefined)[]) => terms.filter((term) => term !== undefined);
  return {
    namespaces: both('ns', ns(row.firstNetns), ns(row.lastNetns)),
    interfaces: both(
      'iface',
      book.interfaceName(row.firstNetns, row.firstIfindex),
      book.interfaceName(row.lastNetns, row.lastIfindex),
    ),
    source: told(src, sport),
    destination: told(dst, dport),
    protocol: told(protocol),
    verdict: told(
      isDropped ? is('reason', book.reasonName(row.reason)) : undefined,
      is('verdict', verdictName(row.verdict).toLowerCase()),
    ),
    func: row.lastFunc === 0 ? [] : [is('func.last', book.functionName(asFuncId(row.lastFunc)))],
    path: isNumbered(row.path) ? [is('path', row.path)] : [],
    parent: row.parent === 0 ? [] : [is('parent', row.parent)],
    flow: hasAddress ? told([src, dst, sport, dport, protocol].filter(Boolean).join(' and ')) : [],
  };
}

/** The filter with a term more. */
export function withTerm(filter: string, term: string, isNot: boolean): string {
  const own = isNot ? negated(term) : term;
  const before = filter.trim();
  if (before === '') return own;
  if (tokenise(before).some(({ kind }) => kind === 'or')) return `(${before}) and ${own}`;
  return `${before} and ${own}`;
}

const negated = (term: string): string =>
  term.includes(' and ') ? `not (${term})` : term.replace(' == ', ' != ');
