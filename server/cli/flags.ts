/** The flags of every command, by name: what `parseArgs` takes, and what a shell completes. docs/cli.md says what they mean. */
import type { ParseArgsConfig } from 'node:util';

type Flags = NonNullable<ParseArgsConfig['options']>;

/** Which functions are probed. */
export const PROBE_FLAGS = {
  group: { type: 'string' },
  stage: { type: 'string', multiple: true },
  module: { type: 'string', multiple: true },
  'filter-func': { type: 'string', multiple: true },
  func: { type: 'string', multiple: true },
  'filter-non-skb-funcs': { type: 'string', multiple: true },
  'probe-stack': { type: 'boolean' },
} as const satisfies Flags;

/** What is printed, and how: of packets as they come, and of recorded ones. */
export const PRINT_FLAGS = {
  'catch-count': { type: 'string', short: 'c' },
  time: { type: 'boolean', short: 'T' },
  timestamp: { type: 'boolean', short: 't' },
  format: { type: 'string' },
  json: { type: 'boolean' },
  route: { type: 'boolean' },
  iptable: { type: 'boolean' },
  dropstack: { type: 'boolean' },
  drops: { type: 'boolean' },
  stats: { type: 'boolean' },
  callstack: { type: 'boolean' },
  tcp: { type: 'boolean' },
  why: { type: 'boolean' },
  cb: { type: 'boolean' },
} as const satisfies Flags;

/** Values of `--format` there. */
export const FORMATS = ['classic', 'tree', 'json'] as const;

/** Which packets are captured, and by what. */
const CAPTURE_FLAGS = {
  ipaddr: { type: 'string', short: 'H' },
  proto: { type: 'string' },
  port: { type: 'string', short: 'P' },
  icmpid: { type: 'string' },
  netns: { type: 'string', short: 'N' },
  interface: { type: 'string', short: 'i' },
  mark: { type: 'string' },
  pid: { type: 'string', short: 'p' },
  inner: { type: 'string' },
  keep: { type: 'boolean' },
  'flow-rate': { type: 'string' },
  tracked: { type: 'string' },
  'stack-table': { type: 'string' },
  ...PROBE_FLAGS,
  backend: { type: 'string' },
  'ring-size': { type: 'string' },
  rings: { type: 'string' },
  source: { type: 'string' },
  kernel: { type: 'string' },
} as const satisfies Flags;

const OUTPUT_FLAG = { output: { type: 'string', short: 'o' } } as const satisfies Flags;

export const TRACE_FLAGS = {
  ...CAPTURE_FLAGS,
  ...PRINT_FLAGS,
  ...OUTPUT_FLAG,
  rotate: { type: 'string' },
  duration: { type: 'string' },
  tail: { type: 'string' },
  'ready-file': { type: 'string' },
  debug: { type: 'boolean' },
  ebpf: { type: 'boolean' },
} as const satisfies Flags;

/** Here `--output` is the recording. */
const { rotate: _, ...RECORDED } = TRACE_FLAGS;
const FREEZE_FLAGS = {
  freeze: { type: 'string' },
  last: { type: 'string' },
  after: { type: 'string' },
} as const satisfies Flags;
export const RECORD_FLAGS = { ...RECORDED, ...FREEZE_FLAGS } as const satisfies Flags;

export const EXPORT_FLAGS = {
  ...OUTPUT_FLAG,
  format: { type: 'string' },
  hops: { type: 'string' },
  packet: { type: 'string' },
} as const satisfies Flags;

export const IMPORT_FLAGS = OUTPUT_FLAG;

/** Nothing is printed of packets as they come, and none may be left out as tail mode does. */
export const EXPECT_FLAGS = {
  ...CAPTURE_FLAGS,
  recording: { type: 'string' },
  tap: { type: 'boolean' },
  junit: { type: 'string' },
  settle: { type: 'string' },
} as const satisfies Flags;

export const SERVE_FLAGS = {
  ...FREEZE_FLAGS,
  memory: { type: 'string' },
  recordings: { type: 'string' },
  'recordings-size': { type: 'string' },
  'recordings-age': { type: 'string' },
  'recordings-number': { type: 'string' },
  'recordings-tables': { type: 'string' },
  source: { type: 'string' },
  kernel: { type: 'string' },
  'ready-file': { type: 'string' },
} as const satisfies Flags;

export const FUNCTIONS_FLAGS = {
  ...PROBE_FLAGS,
  json: { type: 'boolean' },
  price: { type: 'boolean' },
  source: { type: 'string' },
  kernel: { type: 'string' },
} as const satisfies Flags;

export const DOCTOR_FLAGS = {
  json: { type: 'boolean' },
  'no-self-test': { type: 'boolean' },
  source: { type: 'string' },
  kernel: { type: 'string' },
} as const satisfies Flags;

export const QUERY_FLAGS = {
  json: { type: 'boolean' },
  csv: { type: 'boolean' },
} as const satisfies Flags;

/** To complete them: the lab reads them itself (lab/options.ts). */
export const LAB_FLAGS = {
  kernel: { type: 'string' },
  net: { type: 'boolean' },
  traffic: { type: 'boolean' },
  memory: { type: 'string' },
  cpus: { type: 'string' },
  timeout: { type: 'string' },
  forward: { type: 'string' },
  modules: { type: 'string' },
  counted: { type: 'boolean' },
  keep: { type: 'string' },
  root: { type: 'string' },
  systemd: { type: 'boolean' },
  prepare: { type: 'boolean' },
} as const satisfies Flags;

/** In the order in which --help has them. */
export const COMMAND_FLAGS = {
  trace: TRACE_FLAGS,
  serve: SERVE_FLAGS,
  record: RECORD_FLAGS,
  replay: PRINT_FLAGS,
  export: EXPORT_FLAGS,
  import: IMPORT_FLAGS,
  query: QUERY_FLAGS,
  expect: EXPECT_FLAGS,
  functions: FUNCTIONS_FLAGS,
  doctor: DOCTOR_FLAGS,
  lab: LAB_FLAGS,
} as const satisfies Readonly<Record<string, Flags>>;
export type CommandName = keyof typeof COMMAND_FLAGS;
