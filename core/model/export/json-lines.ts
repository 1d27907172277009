/** JSON Lines: the objects of `--json` (docs/json-output.md), one a line. */
import {
  decisionToJson, freeToJson, hopToJson, type JsonObject, lineageToJson,
} from '../json.ts'; // biome-ignore format: a list
import type { Chunk, ExportContext, Exporter } from './exporter.ts';

const line = (json: JsonObject): readonly Chunk[] => [`${JSON.stringify(json)}\n`];

export const jsonLinesExporter = ({ names, baseUnixMs }: ExportContext): Exporter => ({
  begin: () => [],
  hop: (hop) => line(hopToJson(hop, names, baseUnixMs)),
  decision: (decision) => line(decisionToJson(decision, names, baseUnixMs)),
  lineage: (lineage) => line(lineageToJson(lineage, baseUnixMs)),
  free: (free) => line(freeToJson(free, baseUnixMs)),
});
