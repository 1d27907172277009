/**
 * Trace events (the JSON of Chrome's tracing), which Perfetto opens: a process for each namespace, in it a thread for each
 * packet, a slice from each hop to the next, and an arrow where the packet crosses into another namespace.
 */
import { stateEndpoints } from '../format.ts';
import type { Hop } from '../hop.ts';
import { stageOf } from '../stages.ts';
import { deviceOf } from './device.ts';
import type { Chunk, ExportContext, Exporter } from './exporter.ts';

/** Packets whose last hop waits for the next; beyond that the one that waited longest has none. */
const OPEN_MAX = 1 << 16;

export function traceEventExporter({ names, os, application }: ExportContext): Exporter {
  const open = new Map<number, Hop>();
  const processes = new Set<number>();
  const threads = new Set<string>();
  let isFirst = true;

  function event(fields: Readonly<Record<string, unknown>>): string {
    const text = `${isFirst ? '' : ',\n'}${JSON.stringify(fields)}`;
    isFirst = false;
    return text;
  }

  /** Names of namespace and packet, where they are new. */
  function introduce(hop: Hop): string[] {
    const chunks: string[] = [];
    const pid = hop.netns;
    const tid = hop.packet;
    if (!processes.has(pid)) {
      processes.add(pid);
      const name = pid === 0 ? 'no namespace' : names.netnsName(pid as Hop['netns']);
      chunks.push(event({ ph: 'M', name: 'process_name', pid, tid: 0, args: { name } }));
    }
    const key = `${pid} ${tid}`;
    if (!threads.has(key)) {
      if (threads.size >= OPEN_MAX) threads.clear(); // told again then
      threads.add(key);
      const { source, destination } = stateEndpoints(hop.state);
      const name = `packet ${tid}${source === '' ? '' : ` ${source} → ${destination}`}`;
      chunks.push(event({ ph: 'M', name: 'thread_name', pid, tid, args: { name } }));
    }
    return chunks;
  }

  /** A hop, which lasted until `untilNs`. */
  function slice(hop: Hop, untilNs: number): string {
    const isHop = hop.kind === 'hop';
    const name = isHop ? names.functionName(hop.func) : `dropped ${names.reasonName(hop.reason)}`;
    const device = deviceOf(hop, names);
    return event({
      ph: 'X',
      name,
      cat: isHop ? stageOf(name, names.function(hop.func)?.module) : 'drop',
      ts: hop.timeNs / 1000,
      dur: Math.max(0, untilNs - hop.timeNs) / 1000,
      pid: hop.netns,
      tid: hop.packet,
      args: {
        hop: hop.index + 1,
        cpu: hop.cpu,
        ...(device !== '' && { interface: device }),
        ...(!isHop && { location: names.locationName(hop.location) }),
        ...Object.fromEntries(hop.changes.map(({ field, before, after }) => [field, `${before} → ${after}`])),
      },
    });
  }

  function arrow(from: Hop, to: Hop): string[] {
    const common = { name: 'crosses', cat: 'packet', id: `${to.packet}.${to.index}` };
    const at = (hop: Hop) => ({ ts: hop.timeNs / 1000, pid: hop.netns, tid: hop.packet });
    return [event({ ph: 's', ...common, ...at(from) }), event({ ph: 'f', bp: 'e', ...common, ...at(to) })];
  }

  return {
    begin: () => [
      `{"displayTimeUnit":"ns","otherData":${JSON.stringify({ os, application })},"traceEvents":[\n`,
    ],
    hop(hop) {
      const chunks: Chunk[] = introduce(hop);
      const before = open.get(hop.packet);
      if (before === undefined && open.size >= OPEN_MAX) {
        const [oldest] = open.values();
        if (oldest !== undefined) {
          open.delete(oldest.packet);
          chunks.push(slice(oldest, oldest.timeNs));
        }
      }
      if (before !== undefined) {
        chunks.push(slice(before, hop.timeNs));
        if (before.netns !== hop.netns) chunks.push(...arrow(before, hop));
      }
      open.set(hop.packet, hop);
      return chunks;
    },
    free({ packet, timeNs }) {
      const last = open.get(packet);
      open.delete(packet);
      return last === undefined ? [] : [slice(last, timeNs)];
    },
    end: () => [...[...open.values()].map((hop) => slice(hop, hop.timeNs)), '\n]}\n'],
  };
}
