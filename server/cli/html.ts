/** `skbtracer export --format html`: packets with their paths and explanations, as one page. */
import { basename } from 'node:path';
import { type HtmlSubject, htmlEnd, htmlHead, packetHtml } from '../../core/model/export/html.ts';
import { formatCount } from '../../core/model/format.ts';
import type { NameBook } from '../../core/model/names.ts';
import { readStack, readSymbol } from '../../core/model/reader.ts';
import { sourceText } from '../../core/model/source-text.ts';
import { RecordCursor } from '../../core/wire/cursor.ts';
import { KIND } from '../../core/wire/layout.gen.ts';
import { RecordedFactBook } from '../recording/facts.ts';
import type { Recorded } from '../recording/recorded.ts';
import type { Sink } from '../recording/sink.ts';
import { productVersion } from '../version.ts';
import type { ExportOptions } from './options.ts';
import { Told } from './told.ts';
import { Explainer } from './why.ts';

/** As many as a browser opens at once without a pause. */
const PACKETS_MAX = 1000;

/** Writes all packets, or these; of very many the first, and how many are left out. `took` hears that more was read. */
export async function writeHtml(
  recording: Recorded,
  { file, packets }: Pick<ExportOptions, 'file' | 'packets'>,
  sink: Sink,
  took: () => void,
): Promise<{ readonly packets: number; readonly left: number }> {
  const told = new Told();
  const facts = new RecordedFactBook();
  let written = 0;
  let left = 0;
  let waiting: string[] = [];
  let explainer: Explainer | undefined;
  const flush = async () => {
    const page = waiting.join('');
    waiting = [];
    await sink.write(Buffer.from(page));
  };
  /** Once the source has said who it was. */
  const begin = () => {
    waiting.push(htmlHead(subjectOf(told, file)));
    return new Explainer({
      names: told.names,
      isRecorded: true,
      endsAreTold: told.hello?.imported === undefined,
      facts: async (queries, packet) => facts.answer(queries, packet),
      tell(explanation) {
        if (packets !== undefined && !packets.has(explanation.row.packet)) return;
        if (explanation.path.hops.length === 0) return;
        if (written >= PACKETS_MAX) {
          left += 1;
          return;
        }
        written += 1;
        waiting.push(packetHtml(explanation, told.names, told.hello?.baseUnixMs ?? 0));
      },
    });
  };
  for await (const message of recording.facts()) facts.take(message);
  for await (const item of recording.items()) {
    if (item.kind === 'message') {
      const { message } = item;
      if (message.type !== 'fact' && message.type !== 'explained') told.take(message);
      else if (!recording.isFile) facts.take(message);
      continue;
    }
    explainer ??= begin();
    takeNames(item.records, told.names);
    await explainer.take(item.records);
    took();
    await flush();
  }
  explainer ??= begin();
  await explainer.finish();
  const note = `${formatCount(left)} more packets are not in this page: --packet chooses them.`;
  waiting.push(htmlEnd(left === 0 ? '' : note));
  await flush();
  return { packets: written, left };
}

/** What records name once and others refer to. */
function takeNames(records: Uint8Array, names: NameBook): void {
  const cursor = new RecordCursor();
  cursor.reset(records);
  while (cursor.next()) {
    if (cursor.kind === KIND.symbol) names.take({ symbols: [readSymbol(cursor)] });
    else if (cursor.kind === KIND.stack) names.take({ stacks: [readStack(cursor)] });
  }
}

const subjectOf = ({ hello }: Told, file: string): HtmlSubject => ({
  title: `Packets of ${file === '-' ? 'a recording' : basename(file)}`,
  source: hello === undefined ? 'a host that is not told' : sourceText(hello),
  application: `skbtracer ${productVersion()}`,
  baseUnixMs: hello?.baseUnixMs ?? 0,
});
