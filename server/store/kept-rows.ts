/**
 * Rows of an index as a session gives them to pages: packed, in the order in which their packets were first seen. A million
 * are wanted at once, so a column goes from DuckDB's memory to its place in the rows without an object for a value.
 */
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { addressBytes } from '../../core/model/address-bytes.ts';
import { verdictText } from '../../core/model/format.ts';
import { relationName } from '../../core/model/kernel-names.ts';
import { VERDICT } from '../../core/model/packet.ts';
import { RELATION } from '../../core/wire/layout.gen.ts';
import { RELATION_SHIFT, ROW, ROW_BIT, ROW_BYTES } from '../../core/wire/rows.ts';
import type { RowOf } from './schema.ts';

type PacketColumn = keyof RowOf<'packets'>;

const codes = (values: readonly number[], text: (value: never) => string) =>
  values.map((value) => `WHEN '${text(value as never)}' THEN ${value}`).join(' ');
const VERDICT_CODE = `CASE verdict ${codes(Object.values(VERDICT), verdictText)} ELSE ${VERDICT.inFlight} END`;
const RELATION_CODE = `CASE relation ${codes(Object.values(RELATION), relationName)} ELSE 0 END`;
const hexOf = (digits: string) =>
  `CASE location WHEN '' THEN 0 ELSE CAST('0x' || location[${digits}] AS UINTEGER) END`;

/** What is in a packed row, by what it is in: where it goes, and what it is as SQL. Numbers only: texts take ten times as long. */
const PLACES = {
  f64: [
    [ROW.packet, 'packet'], [ROW.parent, 'parent'], [ROW.firstNs, 'first_ns'], [ROW.lastNs, 'last_ns'],
  ],
  u32: [
    [ROW.locationLow, hexOf('9:')], [ROW.locationHigh, hexOf(':8')], [ROW.firstNetns, 'first_netns'],
    [ROW.lastNetns, 'last_netns'], [ROW.firstIfindex, 'first_ifindex'], [ROW.lastIfindex, 'last_ifindex'], [ROW.hops, 'hops'],
    [ROW.length, 'length'], [ROW.reason, 'reason'], [ROW.lastFunc, 'last_func'], [ROW.tuple, 'tuple'],
    [ROW.ownerPid, 'owner_pid'], [ROW.path, 'path'],
  ],
  u16: [
    [ROW.sport, 'source_port'], [ROW.dport, 'destination_port'], [ROW.protocol, 'ethertype'], [ROW.icmpId, 'icmp_id'],
    [ROW.icmpSeq, 'icmp_seq'], [ROW.arpOp, 'arp_op'],
  ],
  u8: [
    [ROW.ipVersion, 'ip_version'], [ROW.ipProtocol, 'ip_protocol'], [ROW.l4Kind, 'l4_kind'], [ROW.tcpFlags, 'tcp_flags'],
    [ROW.icmpType, 'icmp_type'], [ROW.icmpCode, 'icmp_code'], [ROW.verdict, VERDICT_CODE],
    [ROW.bits, `translated * ${ROW_BIT.translated} + (${RELATION_CODE} << ${RELATION_SHIFT})`],
  ],
} as const satisfies Readonly<Record<string, readonly (readonly [number, string])[]>>; // biome-ignore format: tables

const SQL_TYPES = { f64: 'UBIGINT', u32: 'UINTEGER', u16: 'USMALLINT', u8: 'UTINYINT' } as const;
type Size = keyof typeof PLACES;
const SIZES = Object.keys(PLACES) as Size[];

/** Of an address, 53 bits: few hosts send most packets, so that the text of each is read once. */
const keyOf = (column: PacketColumn): string => `hash(${column}) >> 11`;
const ADDRESSES = [
  [ROW.saddr, keyOf('source')],
  [ROW.daddr, keyOf('destination')],
] as const;

const COLUMNS = [
  ...SIZES.flatMap((size) => PLACES[size].map(([, sql]) => `CAST(${sql} AS ${SQL_TYPES[size]})`)),
  ...ADDRESSES.map(([, sql]) => sql),
].join(', ');

/** The values of a vector of numbers, as all of them have them; those of 64 bits as two halves beside each other. */
function valuesOf(chunk: DuckDBDataChunk, column: number): Uint8Array | Uint16Array | Uint32Array {
  const { items } = chunk.getColumnVector(column) as unknown as {
    readonly items: Uint8Array | Uint16Array | Uint32Array | BigUint64Array;
  };
  if (!(items instanceof BigUint64Array)) return items;
  return new Uint32Array(items.buffer, items.byteOffset, 2 * items.length);
}

/** One buffer, by what it is in. */
const viewsOf = (buffer: ArrayBuffer) => ({
  f64: new Float64Array(buffer),
  u32: new Uint32Array(buffer),
  u16: new Uint16Array(buffer),
  u8: new Uint8Array(buffer),
});

const TWO_32 = 2 ** 32;

/** Whoever lived longer is read before all others, which are in order when those are that ended within this time. */
const LONG_LIFE_NS = 100e6;
/** Ends are written batch by batch: so much later may one come that was earlier. */
const SLACK_NS = 1e9;
/** Rows that are put in order at once. */
const ROWS_AT_ONCE = 1 << 15;

/**
 * The `max` packets that ended last, at most, piece by piece: rows are in the order in which their packets were first seen,
 * across all pieces. Rows that an index has twice (something came after its packet's end) are there once: the later one counts.
 */
export async function* readPackedRows(
  connection: DuckDBConnection,
  max: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const all = Number((await connection.runAndReadAll('SELECT count(*) FROM packets')).getRows()[0]?.[0] ?? 0);
  const newest = `rowid >= ${Math.max(0, all - max)}`;
  const isLong = `last_ns - first_ns > ${LONG_LIFE_NS}`;
  const addresses = await readAddresses(connection);
  const waiting = new WaitingRows();
  for await (const rows of read(connection, `${newest} AND ${isLong}`, addresses)) waiting.add(rows);
  for await (const rows of read(connection, `${newest} AND NOT (${isLong})`, addresses)) {
    waiting.add(rows);
    if (waiting.count >= ROWS_AT_ONCE) yield waiting.takeBefore(waiting.newestNs - LONG_LIFE_NS - SLACK_NS);
  }
  yield waiting.takeBefore(Number.POSITIVE_INFINITY);
}

/** A chunk of DuckDB's at a time. */
async function* read(
  connection: DuckDBConnection,
  where: string,
  addresses: Addresses,
): AsyncGenerator<Float64Array<ArrayBuffer>> {
  const result = await connection.stream(`SELECT ${COLUMNS} FROM packets WHERE ${where}`);
  for (let chunk = await result.fetchChunk(); chunk !== null; chunk = await result.fetchChunk()) {
    const { rowCount: count } = chunk;
    if (count === 0) return;
    const views = viewsOf(new ArrayBuffer(count * ROW_BYTES));
    let column = 0;
    for (const size of SIZES)
      for (const [place] of PLACES[size]) {
        const values = valuesOf(chunk, column);
        if (size === 'f64') putWide(views.f64, place, values, count);
        else put(views[size], place, values, count);
        column += 1;
      }
    for (const [place] of ADDRESSES) {
      putAddresses(views.u32, place, valuesOf(chunk, column), count, addresses);
      column += 1;
    }
    yield views.f64;
  }
}

function put(
  target: Uint8Array | Uint16Array | Uint32Array,
  place: number,
  values: ArrayLike<number>,
  count: number,
): void {
  const { BYTES_PER_ELEMENT: size } = target;
  const step = ROW_BYTES / size;
  for (let i = 0, at = place / size; i < count; i += 1, at += step) target[at] = values[i] ?? 0;
}

function putWide(target: Float64Array, place: number, halves: ArrayLike<number>, count: number): void {
  const step = ROW_BYTES / 8;
  for (let i = 0, at = place / 8; i < count; i += 1, at += step)
    target[at] = (halves[2 * i + 1] ?? 0) * TWO_32 + (halves[2 * i] ?? 0);
}

/** Words of addresses, as they lie in memory, by their keys. */
type Addresses = ReadonlyMap<number, readonly number[]>;

function putAddresses(
  target: Uint32Array,
  place: number,
  halves: ArrayLike<number>,
  count: number,
  addresses: Addresses,
): void {
  const step = ROW_BYTES / 4;
  for (let i = 0, at = place / 4; i < count; i += 1, at += step) {
    const words = addresses.get((halves[2 * i + 1] ?? 0) * TWO_32 + (halves[2 * i] ?? 0));
    if (words !== undefined)
      for (let word = 0; word < words.length; word += 1) target[at + word] = words[word] ?? 0;
  }
}

async function readAddresses(connection: DuckDBConnection): Promise<Addresses> {
  const found = await connection.runAndReadAll(
    `SELECT DISTINCT source, ${keyOf('source')} FROM packets
     UNION SELECT DISTINCT destination, ${keyOf('destination')} FROM packets`,
  );
  const addresses = new Map<number, readonly number[]>();
  for (const [text, key] of found.getRows()) {
    if (addresses.has(Number(key))) throw new Error('two addresses have one key');
    addresses.set(Number(key), wordsOf(String(text)));
  }
  return addresses;
}

/** As its bytes lie in memory. */
const wordsOf = (address: string): readonly number[] =>
  Array.from(new Uint32Array((addressBytes(address) ?? new Uint8Array()).slice().buffer));

/** Rows that were read, of which some may have earlier ones among those to come. */
class WaitingRows {
  #chunks: Float64Array<ArrayBuffer>[] = [];
  #count = 0;
  #newestNs = 0;

  get count(): number {
    return this.#count;
  }

  /** When the packet ended that ended last. */
  get newestNs(): number {
    return this.#newestNs;
  }

  add(rows: Float64Array<ArrayBuffer>): void {
    this.#chunks.push(rows);
    this.#count += rows.length / WORDS;
    for (let at = ROW.lastNs / 8; at < rows.length; at += WORDS)
      if ((rows[at] ?? 0) > this.#newestNs) this.#newestNs = rows[at] ?? 0;
  }

  /** Those of packets that were first seen before this time, in order; the others wait on. */
  takeBefore(ns: number): Uint8Array<ArrayBuffer> {
    const rows = this.#joined();
    const order = orderOf(rows);
    let until = order.length;
    while (until > 0 && firstNs(rows, order[until - 1] ?? 0) >= ns) until -= 1;
    this.#chunks = until === order.length ? [] : [picked(rows, order.subarray(until))];
    this.#count = order.length - until;
    const taken = picked(rows, order.subarray(0, until));
    return new Uint8Array(taken.buffer, 0, taken.byteLength);
  }

  #joined(): Float64Array<ArrayBuffer> {
    const joined = new Float64Array(this.#count * WORDS);
    let at = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    return joined;
  }
}

/** Of 64 bits, in a row. */
const WORDS = ROW_BYTES / 8;
const firstNs = (rows: Float64Array, row: number) => rows[row * WORDS + ROW.firstNs / 8] ?? 0;
const packet = (rows: Float64Array, row: number) => rows[row * WORDS + ROW.packet / 8] ?? 0;

/** Numbers of the rows as their packets were first seen; of two rows of a packet the later one. */
function orderOf(rows: Float64Array): Uint32Array {
  const order = new Uint32Array(rows.length / WORDS);
  for (let i = 0; i < order.length; i += 1) order[i] = i;
  order.sort((a, b) => firstNs(rows, a) - firstNs(rows, b) || a - b);
  const isReplaced = (row: number, place: number) => {
    for (let later = place + 1; later < order.length; later += 1) {
      const other = order[later] ?? 0;
      if (firstNs(rows, other) !== firstNs(rows, row)) return false;
      if (packet(rows, other) === packet(rows, row)) return true;
    }
    return false;
  };
  return order.filter((row, place) => !isReplaced(row, place));
}

/** A copy of these rows, word by word: as numbers, some would not stay what they are. */
function picked(rows: Float64Array<ArrayBuffer>, order: Uint32Array): Float64Array<ArrayBuffer> {
  const to = new Float64Array(order.length * WORDS);
  const [source, target] = [new Uint32Array(rows.buffer), new Uint32Array(to.buffer)];
  const words = 2 * WORDS;
  for (let i = 0; i < order.length; i += 1) {
    const from = (order[i] ?? 0) * words;
    for (let word = 0, at = i * words; word < words; word += 1, at += 1)
      target[at] = source[from + word] ?? 0;
  }
  return to;
}
