import type { Explanation } from '../../../core/model/explanation.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { sourceText } from '../../../core/model/source-text.ts';
import { recordingOf, useSession } from '../../state/session.ts';

/** Gives the path as a page of its own, with why the packet ended so: a file that needs nothing but a browser. */
export async function savePathPage(explanation: Explanation, names: NameBook): Promise<void> {
  const { htmlEnd, htmlHead, packetHtml } = await import('../../../core/model/export/html.ts');
  const { snapshot, baseUnixMs } = useSession.getState();
  const hello = snapshot?.source.phase === 'connected' ? snapshot.source.hello : undefined;
  const { packet } = explanation.row;
  const name = `packet-${packet}${hello === undefined ? '' : `-${hello.hostname.replaceAll(/[^\w.-]/g, '')}`}`;
  const recording = recordingOf(snapshot);
  const page = [
    htmlHead({
      title: `Packet ${packet}${recording === undefined ? '' : ` of ${recording.name}`}`,
      source: hello === undefined ? 'a host that is gone' : sourceText(hello),
      application: 'skbtracer',
      baseUnixMs,
    }),
    packetHtml(explanation, names, baseUnixMs, true),
    htmlEnd(''),
  ];
  const url = URL.createObjectURL(new Blob(page, { type: 'text/html' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name}.html`;
  link.click();
  // the download has begun, and has its own hold on it
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
