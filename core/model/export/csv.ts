/** CSV (RFC 4180): a line for each hop and drop, with the packet as it was there. */
import { stateEndpoints } from '../format.ts';
import type { Hop } from '../hop.ts';
import { stageOf } from '../stages.ts';
import { isHeaderUntold } from '../untold.ts';
import { deviceOf } from './device.ts';
import type { ExportContext, Exporter } from './exporter.ts';
import { unixNs } from './time.ts';

/** docs/recordings.md says what they are. */
export const CSV_COLUMNS = [
  'time_ns', 'time', 'packet', 'hop', 'kind', 'func', 'stage', 'reason', 'netns', 'netns_name', 'ifindex', 'ifname', 'cpu', 'pid',
  'comm', 'source', 'destination', 'ip_protocol', 'ip_len', 'ttl', 'len', 'mark', 'changed',
] as const; // biome-ignore format: a list

const LINE = '\r\n';

export function csvExporter({ names, baseUnixMs }: ExportContext): Exporter {
  return {
    begin: () => [`${CSV_COLUMNS.join(',')}${LINE}`],
    hop(hop) {
      const { state } = hop;
      const isHop = hop.kind === 'hop';
      const func = isHop ? names.functionName(hop.func) : names.locationName(hop.location);
      const { source, destination } = stateEndpoints(state);
      const ip = state.ip === undefined || isHeaderUntold(state.ip) ? undefined : state.ip;
      const cells: Readonly<Record<(typeof CSV_COLUMNS)[number], string | number>> = {
        time_ns: hop.timeNs,
        time: isoTime(hop, baseUnixMs),
        packet: hop.packet,
        hop: hop.index + 1,
        kind: hop.kind,
        func,
        stage: isHop ? stageOf(func, names.function(hop.func)?.module) : '',
        reason: isHop ? '' : names.reasonName(hop.reason),
        netns: hop.netns,
        netns_name: hop.netns === 0 ? '' : names.netnsName(hop.netns),
        ifindex: hop.ifindex,
        ifname: deviceOf(hop, names),
        cpu: hop.cpu,
        pid: hop.pid,
        comm: state.comm ?? '',
        source,
        destination,
        ip_protocol: state.ip?.protocol ?? '',
        ip_len: ip?.length ?? '',
        ttl: ip?.ttl ?? '',
        len: state.meta?.len ?? '',
        mark: state.meta?.mark ?? '',
        changed: hop.changes.map(({ field, before, after }) => `${field}: ${before} -> ${after}`).join('; '),
      };
      return [`${CSV_COLUMNS.map((column) => cell(cells[column])).join(',')}${LINE}`];
    },
  };
}

/** UTC, with nanoseconds. */
function isoTime({ timeNs }: Hop, baseUnixMs: number): string {
  const ns = unixNs(baseUnixMs, timeNs);
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}

/** In quotes where it must be. What a spreadsheet would take for a formula (`=`, `+`, `-`, `@`) stays text. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const inert = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
