import { describe, expect, it } from 'vitest';
import { asNs } from '../../base/units.ts';
import { RecordCursor } from '../../wire/cursor.ts';
import { KIND } from '../../wire/layout.gen.ts';
import { SessionAssembler } from '../assembler.ts';
import { diagnose } from '../diagnosis/index.ts';
import { type Paint, PLAIN } from '../paint.ts';
import { readPath } from '../path.ts';
import { readStack, readSymbol } from '../reader.ts';
import { treeLines } from '../tree.ts';
import { readFrames } from './recording.ts';

const { names, batches } = readFrames('capture');
const session = new SessionAssembler();
session.takeNames({ functions: [...names.functions.values()], reasons: names.reasons });
session.restart();
const cursor = new RecordCursor();
for (const batch of batches) {
  session.take(batch);
  cursor.reset(batch);
  while (cursor.next()) {
    if (cursor.kind === KIND.symbol) names.take({ symbols: [readSymbol(cursor)] });
    if (cursor.kind === KIND.stack) names.take({ stacks: [readStack(cursor)] });
  }
}

function tree(packet: number, paint: Paint = PLAIN): readonly string[] {
  const row = session.row(packet);
  const records = session.pathRecords(packet);
  if (row === undefined || records === undefined) throw new Error(`no packet ${packet}`);
  const path = readPath(records, packet);
  const options = { time: 'seconds', baseUnixMs: 0, firstNs: asNs(row.firstNs) } as const;
  return treeLines({ row, path, diagnosis: diagnose(path, names) }, names, options, paint);
}

describe('a packet as a tree', () => {
  it('has who it is and how it ended, its story, and why', () => {
    const lines = tree(31);
    expect(lines[0]).toMatch(
      /^\[0\.000000 *\] {2}packet 31 {2}UDP 10\.1\.0\.2:47436 → 10\.1\.0\.3:9999 {2}web → db {2}✗ dropped NETFILTER_DROP {2}58 hops, [\d.]+ ms$/,
    );
    const branches = lines
      .filter((line) => line.startsWith('├─'))
      .map((line) => line.slice(3).split('  ')[0]);
    expect(branches[0]).toBe('Leaves the socket of bash (198) in web: UDP 10.1.0.2:47436 → 10.1.0.3:9999');
    expect(branches.at(-1)).toBe('Dropped in db by nftables inet sample input rule 2: NETFILTER_DROP');
    const why = lines.findIndex((line) => line.startsWith('└─'));
    expect(lines[why]).toBe('└─ The firewall dropped it in db: nftables inet sample input rule 2.');
    expect(lines.slice(why + 1).some((line) => line.startsWith('     - '))).toBe(true);
    expect(lines.slice(why + 1).some((line) => line.startsWith('     > '))).toBe(true);
    expect(lines.at(-1)).toBe('');
  });

  it('has one last branch, with its notes below it, where nothing is to be explained', () => {
    const lines = tree(26);
    expect(lines[0]).toContain('✓ delivered');
    expect(lines.filter((line) => line.startsWith('└─'))).toHaveLength(1);
    expect(lines.at(-2)).toMatch(/^(└─| {2})/);
    expect(lines.some((line) => /^├─ .*slow: 997 µs$/.test(line))).toBe(true);
  });

  it('says whom a clone came out of', () => {
    expect(tree(12)[0]).toContain('packet 12 out of packet 10  ');
  });

  it('sets words off, and nothing else', () => {
    const marked = (sign: string) => (text: string) => `<${sign}>${text}</${sign}>`;
    const paint = { bad: marked('b'), good: marked('g'), strong: marked('s'), faint: marked('f') };
    const painted = tree(31, paint);
    expect(painted.map((line) => line.replaceAll(/<\/?[bgsf]>/g, ''))).toEqual(tree(31));
    expect(painted[0]).toContain('<b>✗ dropped NETFILTER_DROP</b>');
  });
});
