/**
 * A hash of a packet's directed 5-tuple, so that a row can say in four bytes what the packet became: two directions of
 * one translated conversation find each other by it. 32 bits; where they agree by chance, so must the namespaces.
 */
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

export const portsOf = (sport: number, dport: number): number => ((sport << 16) | dport) >>> 0;

export const tupleHash = (addresses: number, ports: number): number => mix(addresses, ports) >>> 0;

/** Of what the row's packet was at first sight; compare with {@link ROW.tuple}, what it was last. */
export const rowFirstTuple = (view: DataView, at: number): number =>
  tupleHash(
    addressHash(view, at + ROW.saddr),
    portsOf(view.getUint16(at + ROW.sport, true), view.getUint16(at + ROW.dport, true)),
  );
