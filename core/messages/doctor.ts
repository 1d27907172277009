/** What `skbtracer doctor --json` prints, and what a page is told of the self-test. */
import * as v from 'valibot';
import { count, list, positive, text } from '../base/schema.ts';

const checkSchema = v.object({
  group: text(128),
  name: text(128),
  isOk: v.boolean(),
  expected: text(2048),
  seen: text(2048),
});

export const selfTestSchema = v.object({
  /** Why it could not be run, '' when it was. */
  refused: text(1024),
  checks: list(checkSchema, 1024),
  /** What was left out, and why. */
  remarks: list(text(512), 16),
  tookMs: count,
});
/** Whether records say of known packets what is known of them. */
export type SelfTest = v.InferOutput<typeof selfTestSchema>;

const findingSchema = v.object({
  id: text(64),
  title: text(128),
  state: v.picklist(['ok', 'limited', 'missing']),
  found: text(4096),
  effect: text(1024),
  advice: text(1024),
});

export const doctorReportSchema = v.object({
  kernel: text(256),
  architecture: text(64),
  cpus: positive,
  findings: list(findingSchema, 256),
  /** Null when it was not asked for. */
  selfTest: v.nullable(selfTestSchema),
  /** Nothing is missing, and every check holds. */
  isWell: v.boolean(),
});
export type DoctorReport = v.InferOutput<typeof doctorReportSchema>;
