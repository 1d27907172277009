/** The formats that a recording can be exported to, by name. */
import { csvExporter } from './csv.ts';
import type { ExportContext, Exporter } from './exporter.ts';
import type { StreamFormat } from './formats.ts';
import { jsonLinesExporter } from './json-lines.ts';
import { otlpExporter } from './otlp.ts';
import { pcapngExporter } from './pcapng.ts';
import { traceEventExporter } from './trace-events.ts';

export type { Chunk, ExportContext, Exporter } from './exporter.ts';

const MAKERS: Readonly<Record<StreamFormat, (context: ExportContext) => Exporter>> = {
  jsonl: jsonLinesExporter,
  csv: csvExporter,
  pcapng: pcapngExporter,
  perfetto: traceEventExporter,
  otlp: otlpExporter,
};

export const exporterFor = (format: StreamFormat, context: ExportContext): Exporter =>
  MAKERS[format](context);
