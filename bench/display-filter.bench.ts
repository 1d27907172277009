/**
 * What a pass of the display filter over 100,000 rows costs, beside a plain pass that reads one field of each.
 *
 *   npx vitest bench --project unit --run bench/display-filter.bench.ts
 *
 * Of the plain pass's time (2.6 ms at best; two shared cores, Node 20): one verdict 1.0, a list of ports 1.3, a net 1.4,
 * four terms of three kinds 2.0, names by pattern 1.0, a function on one of 2,000
 * ways 1.5, two terms of that kind 2.8; a bare address word 20 with 65,000 different addresses, each
 * looked up by itself.
 */
import { bench, describe } from 'vitest';
import { compileDisplay } from '../core/model/display/compile.ts';
import { book } from '../core/model/display/test/book.ts';
import { VERDICT } from '../core/model/packet.ts';
import { L4_KIND } from '../core/wire/layout.gen.ts';
import { ROW_BYTES, rowVerdict } from '../core/wire/rows.ts';
import { packedRows } from '../core/wire/test/rows.ts';

const ROWS = 100_000;
/** Of 40 steps each, of which every second path has udp_rcv. */
const PATHS = 2000;
const names = book();
const steps = (path: number) =>
  Array.from({ length: 40 }, (_, i) => [i === 39 && path % 2 === 0 ? 2 : 1, 1, 2]);
const words = Array.from({ length: PATHS }, (_, i) => [40, ...steps(i + 1).flat()]).flat();
names.take({ paths: { session: 1, first: 1, words: Uint32Array.from(words).buffer } });
const view = new DataView(
  packedRows(
    ...Array.from({ length: ROWS }, (_, i) => ({
      packet: i + 1,
      firstNs: i * 1000,
      lastNs: i * 1000 + (i % 7) * 1e6,
      firstNetns: 1 + (i % 2),
      lastNetns: 2,
      hops: i % 60,
      length: 40 + (i % 1460),
      verdict: i % 50 === 0 ? VERDICT.dropped : VERDICT.delivered,
      reason: i % 50 === 0 ? 8 : 0,
      lastFunc: 1 + (i % 2),
      path: 1 + (i % PATHS),
      ipVersion: 4,
      ipProtocol: i % 3 === 0 ? 17 : 6,
      protocol: 0x800,
      l4Kind: i % 3 === 0 ? L4_KIND.udp : L4_KIND.tcp,
      saddr: [10, 1, (i >> 8) & 255, i & 255],
      daddr: [10, 2, 0, i % 20],
      sport: 1024 + (i % 60_000),
      dport: [53, 80, 443, 8080][i % 4] ?? 0,
    })),
  ),
);

let kept = 0;
function pass(test: (view: DataView, at: number) => boolean): void {
  let count = 0;
  for (let at = 0; at < ROWS * ROW_BYTES; at += ROW_BYTES) if (test(view, at)) count += 1;
  kept = count;
}
function filtered(text: string): () => void {
  const compiled = compileDisplay(text, { book: names, originNs: 0 });
  if (!compiled.ok || compiled.value === null) throw new Error(`no filter: ${text}`);
  const test = compiled.value;
  return () => pass(test);
}

describe('100,000 rows', () => {
  bench('plain pass, one field', () => pass((rows, at) => rowVerdict(rows, at) === VERDICT.dropped));
  for (const text of [
    'dropped',
    'dport in {80, 443}',
    'src == 10.1.0.0/17',
    'ns == web and udp and duration > 2ms',
    'func contains rcv or reason ~ ^NETF',
    'path in {7, 9}',
    'func == udp_rcv',
    'through == web/eth0 and not func == db/udp_rcv',
    '10.1.7',
  ])
    bench(text, filtered(text));
});

process.on('exit', () => {
  if (kept < 0) throw new Error('never: keeps the passes from being optimised away');
});
