import { describe, expect, it } from 'vitest';
import { SessionAssembler } from '../../assembler.ts';
import { diagnose } from '../../diagnosis/index.ts';
import { readPath } from '../../path.ts';
import { readFrames } from '../../test/recording.ts';
import { htmlEnd, htmlHead, packetHtml } from '../html.ts';

const { names, batches } = readFrames('capture');
const memory = new SessionAssembler();
memory.takeNames({ functions: [...names.functions.values()] });
for (const records of batches) memory.take(new Uint8Array(records));
names.take({ symbols: memory.symbols });

/** Dropped by a rule in the capture. */
const DROPPED = 17;

function pageOf(packet: number): string {
  const row = memory.row(packet);
  const records = memory.pathRecords(packet);
  if (row === undefined || records === undefined) throw new Error('no such packet');
  const path = readPath(records, packet);
  return packetHtml({ row, path, diagnosis: diagnose(path, names, [], {}) }, names, 1_700_000_000_000);
}

describe('a page of packets', () => {
  it('has who it is, why it ended, its story, its way, and every hop', () => {
    const html = pageOf(DROPPED);
    expect(html).toContain('<details id="packet-17" open>');
    expect(html).toContain('TCP SYN, 192.0.2.2:41774 → 10.1.0.3:81');
    expect(html).toMatch(/<div class="why">The firewall dropped it/);
    expect(html).toContain('nft -a list chain ip filter FORWARD');
    expect(html).toMatch(/<ol><li>Leaves the socket of bash/);
    expect(html).toContain('class="drop"');
    expect(html).toContain('dropped NETFILTER_DROP in nft_do_chain+0x');
    const hops = memory.row(DROPPED)?.hops ?? 0;
    expect(html.match(/<tr><td class="n">/g)).toHaveLength(hops);
    expect(html.match(/<circle /g)).toHaveLength(hops);
  });

  it('has what packets and hosts say as text only', () => {
    const hostile = '<img src=x onerror="alert(1)">&';
    const head = htmlHead({ title: hostile, source: hostile, application: hostile, baseUnixMs: 0 });
    expect(head).not.toContain('<img');
    expect(head).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;');
    expect(htmlEnd(hostile)).not.toContain('<img');
    const inode = memory.row(DROPPED)?.firstNetns ?? 0;
    const { names: other } = readFrames('capture');
    other.take({ namespaces: [{ inode, name: hostile, origin: 'named', interfaces: [] }] });
    const row = memory.row(DROPPED);
    const records = memory.pathRecords(DROPPED);
    if (row === undefined || records === undefined) throw new Error('no such packet');
    const html = packetHtml({ row, path: readPath(records, DROPPED), diagnosis: undefined }, other, 0);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img');
  });

  it('needs nothing from elsewhere', () => {
    const html = `${htmlHead({ title: 'a', source: 'b', application: 'c', baseUnixMs: 0 })}${pageOf(1)}${htmlEnd('')}`;
    expect(html).not.toMatch(/\b(src|href|url)\s*[=(]/);
    expect(html).toContain("default-src 'none'");
  });
});
