/** Exports that the server makes for pages. */
import * as v from 'valibot';
import { text, whole } from '../base/schema.ts';
import { EXPORT_FORMATS, type ExportFormat, HOP_CHOICES } from '../model/export/formats.ts';
import { recordingNameSchema } from './recordings.ts';

/** The query of an export's address. */
export const exportQuerySchema = v.object({
  format: v.picklist(EXPORT_FORMATS),
  hops: v.optional(v.picklist(HOP_CHOICES)),
  packet: v.optional(
    v.pipe(text(10_000), v.regex(/^\d{1,15}(,\d{1,15})*$/, 'expected packet ids, with commas between them')),
  ),
});
export type ExportQuery = v.InferOutput<typeof exportQuerySchema>;

export const exportIdSchema = whole(1, Number.MAX_SAFE_INTEGER);

/** One that is made now, or that failed. */
export interface ListedExport {
  readonly id: number;
  /** The recording's; '' of the session that runs. */
  readonly name: string;
  readonly format: ExportFormat;
  /** Sent until now. */
  readonly bytes: number;
  /** How much of the recording was read, 0 to 1; undefined where that is not known. */
  readonly share: number | undefined;
  /** Why it failed; undefined while it is made. */
  readonly failure: string | undefined;
}

/** Where a recording is exported; without a name, the session that runs. */
export const exportAddress = (name: string, format: ExportFormat): string =>
  `${name === '' ? '/session' : `/recordings/${encodeURIComponent(name)}`}/export?format=${format}`;

/** The name that such an address is about; undefined of any other address. Throws nothing. */
export function exportedName(path: string): string | undefined {
  if (path === '/session/export') return '';
  const name = /^\/recordings\/(.+)\/export$/.exec(path)?.[1];
  return name !== undefined && v.is(recordingNameSchema, name) ? name : undefined;
}
