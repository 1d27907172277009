/**
 * The tables of a store: what a recording says, as columns to ask by SQL. docs/sql.md says what each column is; a test
 * holds the two against each other.
 */

/** How a column lies in memory. `u64` takes whole numbers below 2^53; `text` is for what repeats little. */
export type ColumnType = 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'text';

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
  i32: 'INTEGER',
  text: 'VARCHAR',
};

/** By name, in their order. */
export type Columns = Readonly<Record<string, ColumnType>>;

/** A row of a table with these columns. */
export type Row<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends 'text' ? string : number;
};

/** Written as the records come, and never changed. */
export const EVENT_TABLES = {
  /** A row when its packet has ended, and at the end of the session for each that has not. */
  packets: {
    packet: 'u64', parent: 'u64', relation: 'text', first_ns: 'u64', last_ns: 'u64', events: 'u32', hops: 'u32', verdict: 'text',
    reason: 'u32', location: 'text', last_func: 'u32', first_netns: 'u32', last_netns: 'u32', first_ifindex: 'u32',
    last_ifindex: 'u32', length: 'u32', ip_version: 'u8', ip_protocol: 'u8', ethertype: 'u16', source: 'text', source_port: 'u16',
    destination: 'text', destination_port: 'u16', tcp_flags: 'u8', icmp_type: 'u8', icmp_code: 'u8', icmp_id: 'u16',
    icmp_seq: 'u16', arp_op: 'u16', owner_pid: 'u32', l4_kind: 'u8', translated: 'u8', tuple: 'u32', path: 'u32',
  },
  /** Blocks of frames that have records of a packet; see docs/recordings.md. */
  places: { packet: 'u64', block: 'u32' },
  hops: {
    packet: 'u64', hop: 'u32', time_ns: 'u64', func: 'u32', netns: 'u32', ifindex: 'u32', cpu: 'u16', pid: 'u32', depth: 'u8',
  },
  drops: {
    packet: 'u64', hop: 'u32', time_ns: 'u64', reason: 'u32', location: 'text', netns: 'u32', ifindex: 'u32', cpu: 'u16', pid: 'u32',
  },
  changes: { packet: 'u64', hop: 'u32', time_ns: 'u64', field: 'text', before: 'text', after: 'text' },
  decisions: {
    packet: 'u64', hop: 'u32', time_ns: 'u64', cpu: 'u16', netns: 'u32', decision: 'text', verdict: 'text', func: 'text', value: 'i32',
    spent_ns: 'u64', family: 'text', hook: 'text', priority: 'i32', rule_table: 'text', rule_chain: 'text', rule_handle: 'u64',
  },
  lineage: { packet: 'u64', parent: 'u64', relation: 'text', time_ns: 'u64' },
  losses: { time_ns: 'u64', kind: 'text', events: 'u64' },
  blocks: { block: 'u32', position: 'u64' },
} as const satisfies Readonly<Record<string, Columns>>; // biome-ignore format: tables

/** Small ones, written anew as a whole when what they name has changed. */
export const NAME_TABLES = {
  functions: { func: 'u32', name: 'text', module: 'text', stage: 'text' },
  reasons: { reason: 'u32', name: 'text' },
  namespaces: { netns: 'u32', name: 'text' },
  interfaces: { netns: 'u32', ifindex: 'u32', name: 'text' },
  locations: { location: 'text', name: 'text' },
  paths: { path: 'u32', step: 'u32', func: 'u32', reason: 'i32', netns: 'u32', ifindex: 'u32' },
  recording: { key: 'text', value: 'text' },
} as const satisfies Readonly<Record<string, Columns>>; // biome-ignore format: tables

/** Where frames lie in a file of ours: nothing to whoever asks a recording. */
export const PLACE_TABLES: readonly string[] = ['places', 'blocks'] satisfies (keyof typeof EVENT_TABLES)[];

export type EventTable = keyof typeof EVENT_TABLES;
export type NameTable = keyof typeof NAME_TABLES;
export const TABLES = { ...EVENT_TABLES, ...NAME_TABLES };
export type Table = keyof typeof TABLES;
export type RowOf<T extends Table> = Row<(typeof TABLES)[T]>;

/** Whoever takes rows: a database, or a test. */
export interface RowSink {
  add<T extends EventTable>(table: T, row: RowOf<T>): void;
}

/** What people ask for first: hops and drops with names. */
const VIEWS: Readonly<Record<string, string>> = {
  named_hops: `
    SELECT h.packet, h.hop, h.time_ns, f.name AS func, f.stage, n.name AS netns, i.name AS interface, h.cpu, h.pid, h.depth
    FROM hops h
    LEFT JOIN functions f USING (func)
    LEFT JOIN namespaces n ON n.netns = h.netns
    LEFT JOIN interfaces i ON i.netns = h.netns AND i.ifindex = h.ifindex`,
  named_drops: `
    SELECT d.packet, d.hop, d.time_ns, r.name AS reason, l.name AS location, n.name AS netns, i.name AS interface, d.cpu, d.pid
    FROM drops d
    LEFT JOIN reasons r USING (reason)
    LEFT JOIN locations l USING (location)
    LEFT JOIN namespaces n ON n.netns = d.netns
    LEFT JOIN interfaces i ON i.netns = d.netns AND i.ifindex = d.ifindex`,
};

/** Version of these tables: a store of another one is made anew from its frames. */
export const STORE_VERSION = 2;

/** Stands in `recording` of an index that has everything of the recording which was begun then (ms since 1970). */
export const wholeIndexOf = (createdUnixMs: number): readonly RowOf<'recording'>[] => [
  { key: 'version', value: String(STORE_VERSION) },
  { key: 'whole', value: String(createdUnixMs) },
];

/** What makes an empty database a store. */
export function schemaSql(): string {
  const tables = Object.entries(TABLES).map(([name, columns]) => {
    const list = Object.entries(columns).map(([column, type]) => `"${column}" ${SQL_TYPES[type]} NOT NULL`);
    return `CREATE TABLE ${name} (${list.join(', ')});`;
  });
  const views = Object.entries(VIEWS).map(([name, query]) => `CREATE VIEW ${name} AS ${query};`);
  return [...tables, ...views].join('\n');
}
