/** What a group of drops is called. */
import type { DropGrouping } from '../../../core/model/aggregate/drops.ts';
import { locationTerm } from '../../../core/model/display/place-terms.ts';
import { rowTerms } from '../../../core/model/display/terms.ts';
import { quote } from '../../../core/model/display/tokens.ts';
import { locationFunction } from '../../../core/model/drop-place.ts';
import { packetDetail, protocolName, rowEndpoints } from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { PacketRow } from '../../../core/model/packet.ts';

export interface GroupName {
  readonly main: string;
  /** '' when there is no more to say. */
  readonly more: string;
}

export const GROUPING_LABELS: Readonly<Record<DropGrouping, string>> = {
  cause: 'Reason and function',
  reason: 'Reason',
  function: 'Function',
  namespace: 'Namespace',
  interface: 'Interface',
  flow: 'Flow',
};

/** By what any packet of the group has in common with the others. */
export function groupName(by: DropGrouping, row: PacketRow, names: NameBook): GroupName {
  const place = names.netnsName(row.lastNetns);
  switch (by) {
    case 'cause':
      return { main: names.reasonName(row.reason), more: locationFunction(row.location, names) };
    case 'reason':
      return { main: names.reasonName(row.reason), more: '' };
    case 'function':
      return { main: locationFunction(row.location, names), more: '' };
    case 'namespace':
      return { main: place, more: '' };
    case 'interface':
      return {
        main: names.interfaceName(row.lastNetns, row.lastIfindex) || 'no interface',
        more: `in ${place}`,
      };
    case 'flow': {
      const { source, destination } = rowEndpoints(row);
      const what = [protocolName(row), row.tcpFlags === 0 ? packetDetail(row) : ''].filter(Boolean).join(' ');
      return {
        main: source === '' ? what : `${source} → ${destination}`,
        more: source === '' ? '' : what,
      };
    }
  }
}

/** The display filter that lets the packets of the group through, and no other. */
export function groupFilter(by: DropGrouping, row: PacketRow, names: NameBook): string {
  const is = (field: string, value: string) => `${field} == ${quote(value)}`;
  const reason = is('reason', names.reasonName(row.reason));
  const location = locationTerm(locationFunction(row.location, names));
  const place = is('ns.last', names.netnsName(row.lastNetns));
  const terms: Readonly<Record<DropGrouping, readonly string[]>> = {
    cause: [reason, location],
    reason: [reason],
    function: [location],
    namespace: [place],
    interface: [place, is('iface.last', names.interfaceName(row.lastNetns, row.lastIfindex))],
    flow: rowTerms(row, names).flow,
  };
  return ['dropped', ...terms[by]].join(' and ');
}

export const nameText = ({ main, more }: GroupName): string => (more === '' ? main : `${main}, ${more}`);
