/** What the first view's script weighs: every script that the served page asks for, compressed as a proxy would. */
import { gzipSync } from 'node:zlib';

export interface ScriptSize {
  readonly files: number;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** @param url of the page, with its token */
export async function scriptSize(url: string): Promise<ScriptSize> {
  const page = await fetch(url, { redirect: 'manual' });
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? '';
  const { origin } = new URL(url);
  const html = await (await fetch(`${origin}/`, { headers: { cookie } })).text();
  // browsers that know modules pass over `nomodule`
  const tags = [...html.matchAll(/<script[^>]*\ssrc="([^"]+)"[^>]*>/g)].filter(
    ([tag]) => !/nomodule/i.test(tag),
  );
  const sources = [...new Set(tags.map(([, source]) => source ?? ''))];
  if (sources.length === 0) throw new Error('the page asks for no script');
  let [bytes, gzipBytes] = [0, 0];
  for (const source of sources) {
    const answer = await fetch(new URL(source, origin), { headers: { cookie } });
    if (!answer.ok) throw new Error(`${source}: ${answer.status}`);
    const script = new Uint8Array(await answer.arrayBuffer());
    bytes += script.length;
    gzipBytes += gzipSync(script).length;
  }
  return { files: sources.length, bytes, gzipBytes };
}
