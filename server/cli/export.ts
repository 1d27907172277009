/** `skbtracer export`: a recording as what other tools read. */
import type { HopChoice, StreamFormat } from '../../core/model/export/formats.ts';
import type { ExportContext } from '../../core/model/export/index.ts';
import { type Chunk, type Exporter, exporterFor } from '../../core/model/export/index.ts';
import { formatBytes, formatCount } from '../../core/model/format.ts';
import { HopReader, type RecordListener } from '../../core/model/reader.ts';
import type { Recorded } from '../recording/recorded.ts';
import type { Sink } from '../recording/sink.ts';
import { productVersion } from '../version.ts';
import type { ExportOptions } from './options.ts';
import { writeOutput } from './output.ts';
import { openRecording } from './replay.ts';
import { Told } from './told.ts';

/** Written at once. */
const CHUNK_BYTES = 256 << 10;

/** Resolves to the exit status. Told to stop, it leaves no file behind. */
export async function exportRecording(options: ExportOptions): Promise<number> {
  const { file, output, format } = options;
  if (format === 'parquet') {
    const { exportParquet } = await import('./tables.ts');
    return exportParquet(file, output);
  }
  const recorded = await openRecording(file);
  return writeOutput({ what: file, recorded, done: 'exported', output }, async (sink, took) => {
    const text =
      format === 'html'
        ? await asHtml(recorded, sink, options, took)
        : await asStream(recorded, sink, { ...options, format }, took);
    await sink.sync();
    return text;
  });
}

/** Hears that more was read; throws when the export is to end. */
type Took = () => void;

/** What was written, for people. */
async function asHtml(recording: Recorded, sink: Sink, options: ExportOptions, took: Took): Promise<string> {
  const { writeHtml } = await import('./html.ts');
  const { packets, left } = await writeHtml(recording, options, sink, took);
  return `${formatCount(packets)} packets${left === 0 ? '' : `, ${formatCount(left)} more are not in it`}`;
}

async function asStream(
  recording: Recorded,
  sink: Sink,
  options: StreamOptions,
  took: Took,
): Promise<string> {
  const { bytes, hops, left } = await write(recording, sink, options, took);
  const without = left === 0 ? '' : `; ${formatCount(left)} hops without a known header are not in it`;
  return `${formatCount(hops)} hops, ${formatBytes(bytes)}${without}`;
}

type StreamOptions = ExportOptions & { readonly format: StreamFormat };

async function write(
  recording: Recorded,
  sink: Sink,
  { format, packets, hops: wanted }: StreamOptions,
  took: Took,
): Promise<{ readonly bytes: number; readonly hops: number; readonly left: number }> {
  const told = new Told();
  const reader = new HopReader();
  let exporter: Exporter | undefined;
  let hops = 0;
  let bytes = 0;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;

  const add = (chunks: readonly Chunk[]) => {
    for (const chunk of chunks) {
      const buffer = Buffer.from(chunk as Uint8Array);
      waiting.push(buffer);
      waitingBytes += buffer.length;
    }
  };
  const flush = async () => {
    const all = Buffer.concat(waiting, waitingBytes);
    waiting = [];
    waitingBytes = 0;
    bytes += all.length;
    await sink.write(all);
  };
  const isWanted = ({ packet }: { readonly packet: number }) => packets === undefined || packets.has(packet);
  const listenerOf = (to: Exporter): RecordListener => ({
    symbol: (symbol) => told.names.take({ symbols: [symbol] }),
    stack: (stack) => told.names.take({ stacks: [stack] }),
    hop(hop) {
      if (!isWanted(hop)) return;
      hops += 1;
      add(to.hop(hop));
    },
    free: (free) => isWanted(free) && add(to.free?.(free) ?? []),
    decision: (decision) => isWanted(decision) && add(to.decision?.(decision) ?? []),
    lineage: (lineage) => isWanted(lineage) && add(to.lineage?.(lineage) ?? []),
  });
  const begin = (): Exporter => {
    const made = exporterFor(format, contextOf(told, wanted));
    add(made.begin());
    return made;
  };

  for await (const item of recording.items()) {
    if (item.kind === 'message') {
      if (item.message.type !== 'fact' && item.message.type !== 'explained') told.take(item.message);
      continue;
    }
    exporter ??= begin();
    reader.read(item.records, listenerOf(exporter));
    took();
    if (waitingBytes >= CHUNK_BYTES) await flush();
  }
  exporter ??= begin();
  add(exporter.end?.() ?? []);
  await flush();
  return { bytes, hops, left: exporter.left ?? 0 };
}

const contextOf = ({ names, hello }: Told, hops: HopChoice): ExportContext => ({
  hops,
  names,
  baseUnixMs: hello?.baseUnixMs ?? 0,
  os: `Linux ${hello?.kernel ?? ''}`.trim(),
  application: `skbtracer ${productVersion()}`,
});
