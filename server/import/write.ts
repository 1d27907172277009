/** Makes a recording of another tool's capture. */
import type { RecordedItem, RecordedMessage, RecordingSummary } from '../../core/messages/recording.ts';
import { RecordCursor } from '../../core/wire/cursor.ts';
import type { Recorded } from '../recording/recorded.ts';
import type { Sink } from '../recording/sink.ts';
import { RecordingWriter } from '../recording/writer.ts';
import { productVersion } from '../version.ts';

/**
 * Reads all of it into the sink, and closes that. `took` hears how many bytes were written, and ends it by throwing. Throws a
 * RecordingError at what is damaged, or where it cannot be written: what was written by then is no whole recording.
 */
export async function writeCapture(
  capture: Recorded,
  sink: Sink,
  took: (written: number) => void,
): Promise<RecordingSummary> {
  const items = capture.items();
  let writer: RecordingWriter | undefined;
  let fault: Error | undefined;
  const check = () => {
    if (fault !== undefined) throw fault;
    took(writer?.position ?? 0);
  };
  try {
    const begun = await begin(items);
    const createdUnixMs = begun.unixMs ?? capture.header.createdUnixMs;
    writer = new RecordingWriter(sink, { product: productVersion(), createdUnixMs }, (error) => {
      fault = error;
    });
    for (const item of begun.items) await put(writer, item);
    for await (const item of items) {
      await put(writer, item);
      check();
    }
    const summary = await writer.close();
    check();
    return summary;
  } catch (error) {
    writer?.abandon();
    await items.return(undefined);
    await sink.close().catch(() => undefined); // why it ends is told
    throw error;
  }
}

const put = async (writer: RecordingWriter, item: RecordedItem): Promise<void> => {
  if (item.kind === 'batch') await writer.batch(item.records);
  else writer.message(item.message);
};

interface Begun {
  readonly items: readonly RecordedItem[];
  /** When its first event was; undefined where it does not say, or has none. */
  readonly unixMs: number | undefined;
}

/** What comes until the first events, which say when it was begun. */
async function begin(capture: AsyncGenerator<RecordedItem>): Promise<Begun> {
  const items: RecordedItem[] = [];
  let hello: Extract<RecordedMessage, { type: 'hello' }> | undefined;
  for (let next = await capture.next(); next.done !== true; next = await capture.next()) {
    const item = next.value;
    items.push(item);
    if (item.kind === 'batch') return { items, unixMs: hello && dated(hello.hello.baseUnixMs, item.records) };
    if (item.message.type === 'hello') hello = item.message;
  }
  return { items, unixMs: undefined };
}

function dated(baseUnixMs: number, records: Uint8Array): number | undefined {
  const cursor = new RecordCursor();
  cursor.reset(records);
  return baseUnixMs === 0 || !cursor.next() ? undefined : baseUnixMs + cursor.timeNs / 1e6;
}
