/** Names of the formats that a recording can be exported to. */
export const EXPORT_FORMATS = ['jsonl', 'csv', 'pcapng', 'perfetto', 'otlp', 'parquet', 'html'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
interface FormatWords {
  readonly label: string;
  /** What one takes it for. */
  readonly about: string;
  /** Of a file of it. */
  readonly ending: string;
}

/** As people choose one. */
export const FORMAT_WORDS: Readonly<Record<ExportFormat, FormatWords>> = {
  jsonl: { label: 'JSON Lines', about: 'every event, an object a line: for jq and scripts', ending: 'jsonl' },
  csv: { label: 'CSV', about: 'every hop and drop, a row each: for a spreadsheet', ending: 'csv' },
  pcapng: { label: 'pcapng', about: 'headers at each interface: for Wireshark and tshark', ending: 'pcapng' },
  perfetto: { label: 'Perfetto', about: 'a timeline, a track for each packet: for ui.perfetto.dev', ending: 'json' },
  otlp: { label: 'OpenTelemetry', about: 'spans, a trace for each packet: for a collector', ending: 'otlp' },
  parquet: { label: 'Parquet', about: 'a file for each table, in a tar: for DuckDB and pandas', ending: 'tar' },
  html: { label: 'Web page', about: 'paths and why they ended so: for someone without skbtracer', ending: 'html' },
}; // biome-ignore format: a table

/** Those that are written as events come; Parquet is a file for each table, HTML a page of whole packets. */
export type StreamFormat = Exclude<ExportFormat, 'parquet' | 'html'>;

/** Which hops a format of packets has: Wireshark takes the same packet at ten functions for nine retransmissions. */
export const HOP_CHOICES = ['interfaces', 'all'] as const;
export type HopChoice = (typeof HOP_CHOICES)[number];

/** What a file's name says that it is; undefined when it does not. */
export function formatOfName(name: string): ExportFormat | undefined {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase();
  return ending === 'json' ? 'perfetto' : EXPORT_FORMATS.find((format) => format === ending);
}
