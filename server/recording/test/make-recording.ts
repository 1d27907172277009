/** Makes a recording of what the fixtures' source said (e2e/record.mjs). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from '../../../core/base/schema.ts';
import { factsSchema } from '../../../core/messages/facts.ts';
import { FRAME_TYPE } from '../../../core/messages/frames.ts';
import { type RecordingTrigger, sourceMessageSchema } from '../../../core/messages/source.ts';
import { ROOT } from '../../place.ts';
import { FrameDecoder } from '../../sources/framing.ts';
import { openFileSink } from '../sink.ts';
import { RecordingWriter } from '../writer.ts';

/** So many, of more than were recorded. */
export const LOST_EVENTS = 12;

/** `trigger`: as a flight recorder would have kept it. */
export async function writeRecording(
  file: string,
  trigger?: RecordingTrigger,
  capture: 'capture' | 'tasks' = 'capture',
): Promise<void> {
  const frames = gunzipSync(readFileSync(join(ROOT, 'e2e', 'fixtures', `${capture}.bin.gz`)));
  const writer = new RecordingWriter(
    await openFileSink(file),
    { product: '0.0.0', ...(trigger && { trigger }) },
    (error) => {
      throw error;
    },
  );
  let facts = 0;
  let baseUnixMs = 0;
  for (const { type, payload } of new FrameDecoder().push(frames)) {
    if (type === FRAME_TYPE.batch) {
      await writer.batch(payload);
      continue;
    }
    const message = parse(sourceMessageSchema, JSON.parse(Buffer.from(payload).toString('utf8')));
    if (message.type === 'hello') baseUnixMs = message.hello.baseUnixMs;
    if (message.type === 'stats') {
      // counts with their time, as agents tell them now; some were lost in the first seconds
      const stats = { ...message.stats, lostRing: [LOST_EVENTS] };
      writer.message({ type: 'stats', stats, atUnixMs: baseUnixMs + 3000 });
    } else if (message.type !== 'reply') writer.message(message);
    else if (message.ok)
      for (const fact of parse(factsSchema, message.value).facts) {
        writer.message({ type: 'fact', id: facts, fact });
        facts += 1;
      }
  }
  await writer.close();
}
