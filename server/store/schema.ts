/**
 * The tables of a store: what a recording says, as columns to ask by SQL. docs/sql.md says what each column is; a test
 * holds the two against each other.
 */

import type { RecordingHeader } from '../../core/messages/recording.ts';

/** How a column lies in memory. `u64` takes whole numbers below 2^53; `word` is a text of few different ones, of which a table has the number. */
export type ColumnType = 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'text' | 'word';

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
  i32: 'INTEGER',
  text: 'VARCHAR',
  word: 'UINTEGER',
};

/** By name, in their order. */
export type Columns = Readonly<Record<string, ColumnType>>;

/** A row of a table with these columns. */
export type Row<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends 'text' | 'word' ? string : number;
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
  /** When is said by the hop, or drop: a time of its own would be a fifth of what tables take. */
  changes: { packet: 'u64', hop: 'u32', field: 'word', before: 'text', after: 'text' },
  decisions: {
    packet: 'u64', hop: 'u32', time_ns: 'u64', cpu: 'u16', netns: 'u32', decision: 'word', verdict: 'word', func: 'word', value: 'i32',
    spent_ns: 'u64', family: 'word', hook: 'word', priority: 'i32', rule_table: 'word', rule_chain: 'word', rule_handle: 'u64',
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
  words: { word: 'u32', text: 'text' },
} as const satisfies Readonly<Record<string, Columns>>; // biome-ignore format: tables

/** What happened to packets on their way: of a session that is kept they give way where there is no time for them. */
export const EVENTS_ON_THE_WAY = [
  'hops',
  'drops',
  'changes',
  'decisions',
] as const satisfies (keyof typeof EVENT_TABLES)[];

export type EventTable = keyof typeof EVENT_TABLES;
export type NameTable = keyof typeof NAME_TABLES;
/** Where frames lie in a file of ours, and what words have numbers: nothing to whoever asks a recording. */
export const OWN_TABLES: readonly string[] = ['places', 'blocks', 'words'] satisfies (
  | EventTable
  | NameTable
)[];
export const TABLES = { ...EVENT_TABLES, ...NAME_TABLES };
export type Table = keyof typeof TABLES;
export type RowOf<T extends Table> = Row<(typeof TABLES)[T]>;

/** Whoever takes rows: a database, or a test. */
export interface RowSink {
  add<T extends EventTable>(table: T, row: RowOf<T>): void;
}

/** What people ask for first: hops, drops and changes with names. */
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
  named_changes: `
    SELECT c.packet, c.hop, e.time_ns, e.at, e.netns, e.interface, c.field, c.before, c.after
    FROM changes c
    JOIN (
      SELECT packet, hop, time_ns, func AS at, netns, interface FROM named_hops
      UNION ALL SELECT packet, hop, time_ns, reason, netns, interface FROM named_drops
    ) e USING (packet, hop)`,
};

/** Version of these tables: a store of another one is made anew from its frames. */
export const STORE_VERSION = 3;

/** What the header of a recording says of it. */
export const headerRows = ({
  product,
  createdUnixMs,
}: Pick<RecordingHeader, 'product' | 'createdUnixMs'>): readonly RowOf<'recording'>[] => [
  { key: 'product', value: product },
  { key: 'created_unix_ms', value: String(createdUnixMs) },
];

/** By which an index knows its recording: when that was begun (ms since 1970), and how many bytes it has. */
export interface RecordingMark {
  readonly createdUnixMs: number;
  readonly bytes: number;
}

/** Stands in `recording` of an index that has everything of that recording. */
export const wholeIndexOf = ({ createdUnixMs, bytes }: RecordingMark): readonly RowOf<'recording'>[] => [
  { key: 'version', value: String(STORE_VERSION) },
  { key: 'whole', value: `${createdUnixMs} ${bytes}` },
];

/** Stands there too when what happened to packets on their way is in it. */
export const TABLES_WHOLE: RowOf<'recording'> = { key: 'tables', value: 'whole' };

/** What makes an empty database a store. */
export function schemaSql(): string {
  const tables = Object.entries(TABLES).map(([name, columns]: [string, Columns]) => {
    const list = Object.entries(columns).map(([column, type]) => `"${column}" ${SQL_TYPES[type]} NOT NULL`);
    return `CREATE TABLE ${storedIn(name, columns)} (${list.join(', ')});`;
  });
  const spelled = Object.entries(TABLES).flatMap(([name, columns]) =>
    hasWords(columns) ? [spelledView(name, columns)] : [],
  );
  const views = Object.entries(VIEWS).map(([name, query]) => `CREATE VIEW ${name} AS ${query};`);
  return [...tables, ...spelled, ...views].join('\n');
}

const hasWords = (columns: Columns): boolean => Object.values(columns).includes('word');

/** Of a table in which words have numbers, a view has its name, with the words. */
export const storedIn = (name: string, columns: Columns): string =>
  hasWords(columns) ? `numbered_${name}` : name;

function spelledView(name: string, columns: Columns): string {
  const list = Object.entries(columns).map(([column, type], i) =>
    type === 'word' ? `w${i}.text AS "${column}"` : `t."${column}"`,
  );
  const joins = Object.entries(columns).flatMap(([column, type], i) =>
    type === 'word' ? [`LEFT JOIN words w${i} ON w${i}.word = t."${column}"`] : [],
  );
  return `CREATE VIEW ${name} AS SELECT ${list.join(', ')} FROM ${storedIn(name, columns)} t ${joins.join(' ')};`;
}
