/**
 * The page's packets as columns: typed arrays with one slot per packet, in order of arrival. No object exists per
 * row; a view reads the cells that it draws.
 */
const SPEC = {
  packet: Float64Array,
  parent: Float64Array,
  firstNs: Float64Array,
  lastNs: Float64Array,
  firstNetns: Uint32Array,
  lastNetns: Uint32Array,
  firstIfindex: Uint32Array,
  lastIfindex: Uint32Array,
  hops: Uint32Array,
  length: Uint32Array,
  reason: Uint32Array,
  lastFunc: Uint32Array,
  /** Ids in the address table. */
  source: Uint32Array,
  destination: Uint32Array,
  sport: Uint16Array,
  dport: Uint16Array,
  protocol: Uint16Array,
  icmpId: Uint16Array,
  icmpSeq: Uint16Array,
  arpOp: Uint16Array,
  verdict: Uint8Array,
  ipVersion: Uint8Array,
  ipProtocol: Uint8Array,
  l4Kind: Uint8Array,
  tcpFlags: Uint8Array,
  icmpType: Uint8Array,
  icmpCode: Uint8Array,
  /** Bits: 1 translated, 2 truncated. */
  marks: Uint8Array,
} as const;

export const MARK_TRANSLATED = 1;
export const MARK_TRUNCATED = 2;

type Spec = typeof SPEC;
type ColumnName = keyof Spec;
export type Columns = { -readonly [Name in ColumnName]: InstanceType<Spec[Name]> };

const NAMES = Object.keys(SPEC) as ColumnName[];

/** Columns of `capacity` slots, all zero. */
export function makeColumns(capacity: number): Columns {
  return Object.fromEntries(NAMES.map((name) => [name, new SPEC[name](capacity)])) as Columns;
}

/** The same rows with more room. */
export function grownColumns(old: Columns, capacity: number): Columns {
  const grown = makeColumns(capacity);
  for (const name of NAMES) grown[name].set(old[name]);
  return grown;
}

/** Forgets the `count` oldest of `size` rows by moving the others down. */
export function dropOldest(columns: Columns, count: number, size: number): void {
  for (const name of NAMES) columns[name].copyWithin(0, count, size);
}
