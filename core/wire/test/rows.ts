/** Packed rows made for tests of what reads them. */
import { ROW, ROW_BIT, ROW_BYTES } from '../rows.ts';

export interface RowFields
  extends Partial<Record<Exclude<keyof typeof ROW, 'saddr' | 'daddr' | 'bits'>, number>> {
  readonly saddr?: readonly number[];
  readonly daddr?: readonly number[];
  readonly translated?: boolean;
}

const F64 = ['packet', 'parent', 'firstNs', 'lastNs'];
const U32 = [
  'locationLow', 'locationHigh', 'firstNetns', 'lastNetns', 'firstIfindex', 'lastIfindex', 'hops', 'length',
  'reason', 'lastFunc', 'tuple', 'ownerPid', 'path',
]; // biome-ignore format: a list
const U16 = ['sport', 'dport', 'protocol', 'icmpId', 'icmpSeq', 'arpOp'];

/** As the server sends them. */
export function packedRows(...rows: readonly RowFields[]): ArrayBuffer {
  const bytes = new Uint8Array(rows.length * ROW_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, { saddr = [], daddr = [], translated = false, ...fields }] of rows.entries()) {
    const at = i * ROW_BYTES;
    bytes.set(saddr, at + ROW.saddr);
    bytes.set(daddr, at + ROW.daddr);
    view.setUint8(at + ROW.bits, translated ? ROW_BIT.translated : 0);
    for (const [name, value] of Object.entries(fields)) {
      const place = at + ROW[name as keyof typeof ROW];
      if (F64.includes(name)) view.setFloat64(place, value, true);
      else if (U32.includes(name)) view.setUint32(place, value, true);
      else if (U16.includes(name)) view.setUint16(place, value, true);
      else view.setUint8(place, value);
    }
  }
  return bytes.buffer;
}
