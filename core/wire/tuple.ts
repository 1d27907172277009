/**
 * A hash of a packet's directed 5-tuple, so that a row can say in four bytes what the packet became: two directions of
 * one translated conversation find each other by it. 32 bits; where they agree by chance, so must the namespaces.
 */
import { L4_KIND } from './layout.gen.ts';
import { ROW } from './rows.ts';

const PRIME = 0x01000193;
const ADDRESSES = 32;

const mix = (hash: number, value: number): number => {
  const mixed = Math.imul(hash ^ value, PRIME);
  return mixed ^ (mixed >>> 13);
};

/** Of the 32 bytes of two addresses, the source's first. */
export function addressHash(view: DataView, at: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < ADDRESSES; i += 4) hash = mix(hash, view.getUint32(at + i, true));
  return hash >>> 0;
}

/** Types of echo requests and replies, whose id stands for both ports. */
export const isEchoType = (kind: number, type: number): boolean =>
  kind === L4_KIND.icmp ? type === 8 || type === 0 : kind === L4_KIND.icmp6 && (type === 128 || type === 129);

export interface Transport {
  /** enum skbt_l4_kind. */
  readonly kind: number;
  readonly sport: number;
  readonly dport: number;
  readonly icmpType: number;
  readonly icmpId: number;
}

/** Of the protocol with its ports; of ICMP with its echo id, or its type. */
export function transportHash({ kind, sport, dport, icmpType, icmpId }: Transport): number {
  const isIcmp = kind === L4_KIND.icmp || kind === L4_KIND.icmp6;
  if (!isIcmp) return mix(kind, (sport << 16) | dport) >>> 0;
  return mix(kind, isEchoType(kind, icmpType) ? icmpId : (icmpType + 1) << 16) >>> 0;
}

export const tupleHash = (addresses: number, transport: number): number => mix(addresses, transport) >>> 0;

const rowTransport = (view: DataView, at: number): Transport => ({
  kind: view.getUint8(at + ROW.l4Kind),
  sport: view.getUint16(at + ROW.sport, true),
  dport: view.getUint16(at + ROW.dport, true),
  icmpType: view.getUint8(at + ROW.icmpType),
  icmpId: view.getUint16(at + ROW.icmpId, true),
});

/** Of what the row's packet was at first sight; compare with {@link ROW.tuple}, what it was last. */
export const rowFirstTuple = (view: DataView, at: number): number =>
  tupleHash(addressHash(view, at + ROW.saddr), transportHash(rowTransport(view, at)));

/** Of what a direct answer to it would be. */
export function rowAnswerTuple(view: DataView, at: number): number {
  const addresses = new DataView(new ArrayBuffer(32));
  for (let i = 0; i < 16; i += 4) {
    addresses.setUint32(i, view.getUint32(at + ROW.daddr + i));
    addresses.setUint32(16 + i, view.getUint32(at + ROW.saddr + i));
  }
  const transport = rowTransport(view, at);
  return tupleHash(
    addressHash(addresses, 0),
    transportHash({ ...transport, sport: transport.dport, dport: transport.sport }),
  );
}
