/** What a group of drops is called. */
import { asKernelAddress } from '../../../core/base/units.ts';
import type { DropGrouping, FunctionAt } from '../../../core/model/aggregate/drops.ts';
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

/** The function that holds an address, without what the compiler appended; `0x…` when it has no name. */
function functionName(address: string, names: NameBook): string {
  const known = asKernelAddress(address);
  return names.symbol(known)?.name.replace(/\..*/, '') ?? names.locationName(known);
}

export const functionAt =
  (names: NameBook): FunctionAt =>
  (high, low) =>
    functionName(`${hex(high)}${hex(low)}`, names);

const hex = (half: number): string => half.toString(16).padStart(8, '0');

/** By what any packet of the group has in common with the others. */
export function groupName(by: DropGrouping, row: PacketRow, names: NameBook): GroupName {
  const place = names.netnsName(row.lastNetns);
  switch (by) {
    case 'cause':
      return { main: names.reasonName(row.reason), more: functionName(row.location, names) };
    case 'reason':
      return { main: names.reasonName(row.reason), more: '' };
    case 'function':
      return { main: functionName(row.location, names), more: '' };
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

export const nameText = ({ main, more }: GroupName): string => (more === '' ? main : `${main}, ${more}`);
