import { describe, expect, it } from 'vitest';
import { DropTop } from '../drop-top.ts';
import type { Hop } from '../hop.ts';
import { PLAIN } from '../paint.ts';
import { HopReader } from '../reader.ts';
import { readFrames } from './recording.ts';

const { names, batches } = readFrames('capture');
const drops: Extract<Hop, { kind: 'drop' }>[] = [];
const reader = new HopReader();
for (const batch of batches)
  reader.read(batch, {
    symbol: (symbol) => names.take({ symbols: [symbol] }),
    hop: (hop) => {
      if (hop.kind === 'drop') drops.push(hop);
    },
  });

const state = { elapsedMs: 5000, sinceMs: 1000, packets: reader.packets, lost: 0, rows: 24, columns: 200 };
function top(): DropTop {
  const made = new DropTop(names);
  for (const drop of drops) made.take(drop);
  return made;
}

describe('the table of drops', () => {
  it('has each kind with its count, the most first, and the last packet', () => {
    const [head, titles, ...rows] = top().lines(state, PLAIN);
    expect(head).toMatch(/^\d+ dropped of 11\d packets \(\d+\.\d %\) in 5\.00 s$/);
    expect(titles).toMatch(/^ *COUNT +PER S {2}REASON +IN +NAMESPACE +LAST PACKET$/);
    const counts = rows.map((row) => Number(row.trim().split(/\s+/)[0]));
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(drops.length);
    expect(rows.find((row) => row.includes('NETFILTER_DROP') && row.includes(' db '))).toMatch(
      /^ *\d+ +\d+\.\d {2}NETFILTER_DROP +nft_do_chain \[nf_tables\] +db +UDP 10\.1\.0\.2:\d+ → 10\.1\.0\.3:9999$/,
    );
  });

  it('has the rate since it was told before, and what is dropped now above what was', () => {
    const table = top();
    table.lines(state, PLAIN);
    const last = drops.at(-1);
    if (last === undefined) throw new Error('no drop');
    for (let i = 0; i < 30; i += 1) table.take(last);
    const rows = table.lines({ ...state, sinceMs: 2000 }, PLAIN).slice(2);
    expect(rows[0]).toContain(names.reasonName(last.reason));
    expect(rows[0]?.trim().split(/\s+/)[1]).toBe('15');
    expect(rows[1]?.trim().split(/\s+/)[1]).toBe('0');
  });

  it('keeps to the room that there is', () => {
    const lines = top().lines({ ...state, rows: 5, columns: 60, lost: 7 }, PLAIN);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/ {2}7 events lost$/);
    for (const line of lines.slice(1)) expect(line.length).toBeLessThanOrEqual(60);
    expect(top().lines({ ...state, rows: 5 }, PLAIN)[0]).toMatch(/, \d+ kinds more$/);
  });

  it('counts kinds beyond its bound together', () => {
    const table = new DropTop(names);
    const [drop] = drops;
    if (drop === undefined) throw new Error('no drop');
    for (let reason = 0; reason < 5000; reason += 1) table.take({ ...drop, reason: 100_000 + reason });
    expect(table.total).toBe(5000);
    const rows = table.lines({ ...state, rows: 10_000 }, PLAIN).slice(2);
    expect(rows).toHaveLength(4097);
    expect(rows[0]).toMatch(/^ *904 .*others/);
  });
});
