/** A word that is found anywhere in what a row shows: addresses, ports, names, reason, verdict, number. */
import { L4_KIND } from '../../wire/layout.gen.ts';
import { ROW } from '../../wire/rows.ts';
import { icmpTypeText, tcpFlagsText } from '../format.ts';
import type { NameBook } from '../names.ts';
import { AddressMemo, isInNet, parseNet } from './address.ts';
import { FIELDS, type NameField } from './fields.ts';

type RowTest = (view: DataView, at: number) => boolean;

const NAMED: readonly NameField[] = FIELDS.filter((field) => field.kind === 'name').filter(({ id }) =>
  ['ns', 'iface', 'proto', 'verdict', 'reason', 'func'].includes(id),
);
const hasPorts = (kind: number) => kind === L4_KIND.tcp || kind === L4_KIND.udp || kind === L4_KIND.sctp;

/** A test of numbers by their names, done once for each number. */
export function memo(holds: (key: number) => boolean): (key: number) => boolean {
  const known = new Map<number, boolean>();
  return (key) => {
    let result = known.get(key);
    if (result === undefined) {
      result = holds(key);
      known.set(key, result);
    }
    return result;
  };
}

/** Upper and lower case are alike. */
export function findTest(text: string, book: NameBook): RowTest {
  const word = text.toLowerCase();
  const packet = /^#(\d+)$/.exec(word)?.[1];
  if (packet !== undefined) {
    const number = Number(packet);
    return (view, at) => view.getFloat64(at + ROW.packet, true) === number;
  }
  const net = word.includes('/') ? parseNet(word) : undefined;
  if (net !== undefined)
    return (view, at) => isInNet(view, at, ROW.saddr, net) || isInNet(view, at, ROW.daddr, net);
  const includes = (name: string) => name.toLowerCase().includes(word);
  const names = NAMED.map(({ keys, namesOf }) => ({
    keys,
    holds: memo((key) => namesOf(key, book).some(includes)),
  }));
  const ends = endpointTest(word);
  const detail = detailTest(word, includes);
  return (view, at) => {
    if (ends(view, at) || detail(view, at)) return true;
    for (const { keys, holds } of names)
      for (const read of keys) {
        const key = read(view, at);
        if (!Number.isNaN(key) && holds(key)) return true;
      }
    return false;
  };
}

/** Address, port, or an address's end with a port's beginning: `0.3:80`. */
function endpointTest(word: string): RowTest {
  // most words are in no address: nothing to look at then
  if (!/^[0-9a-f.:[\]]+$/.test(word)) return () => false;
  const addresses = new AddressMemo((address) => address.includes(word));
  const [, before = '', after] = /^(.*):(\d*)$/.exec(word.replace(/[[\]]/g, '')) ?? [];
  const tails = after === undefined ? undefined : new AddressMemo((address) => address.endsWith(before));
  const isDigits = /^\d+$/.test(word);
  const inPort = memo((port) => String(port).includes(word));
  const atPort = memo((port) => String(port).startsWith(after ?? ''));
  const one = (view: DataView, at: number, address: number, port: number, isPort: boolean) => {
    if (addresses.holds(view, at, address)) return true;
    if (!isPort) return false;
    const number = view.getUint16(at + port, true);
    if (isDigits && inPort(number)) return true;
    return tails?.holds(view, at, address) === true && atPort(number);
  };
  return (view, at) => {
    const isPort = hasPorts(view.getUint8(at + ROW.l4Kind));
    return one(view, at, ROW.saddr, ROW.sport, isPort) || one(view, at, ROW.daddr, ROW.dport, isPort);
  };
}

/** What stands behind the protocol: flags, type of ICMP, `who has`. */
function detailTest(word: string, includes: (text: string) => boolean): RowTest {
  const flags = memo((bits) => includes(tcpFlagsText(bits)));
  const types = memo((key) => includes(icmpTypeText(key >> 8, key & 255)));
  const [isAsking, isAnswer] = [includes('who has'), includes('is at')];
  const number = /^\d+$/.test(word) ? Number(word) : -1;
  return (view, at) => {
    const kind = view.getUint8(at + ROW.l4Kind);
    if (kind === L4_KIND.tcp) return flags(view.getUint8(at + ROW.tcpFlags));
    if (kind === L4_KIND.arp) return view.getUint16(at + ROW.arpOp, true) === 1 ? isAsking : isAnswer;
    if (kind !== L4_KIND.icmp && kind !== L4_KIND.icmp6) return false;
    return (
      types(kind * 256 + view.getUint8(at + ROW.icmpType)) ||
      (number >= 0 && view.getUint16(at + ROW.icmpId, true) === number)
    );
  };
}
