import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HopReader } from '../../model/reader.ts';
import { RecordCursor } from '../cursor.ts';
import { encodeHop, encodeSections, encodeSymbol } from '../encode.ts';
import { HEADER, KIND, SECTION } from '../layout.gen.ts';

const GOLDEN = new Uint8Array(readFileSync(join(import.meta.dirname, '..', 'golden', 'records.bin')));

it('writes a section as the kernel does: what was read of golden records is the same bytes again', () => {
  const cursor = new RecordCursor();
  cursor.reset(GOLDEN);
  let compared = 0;
  while (cursor.next()) {
    if (cursor.kind !== KIND.hop && cursor.kind !== KIND.drop) continue;
    const at = cursor.section(SECTION.meta);
    if (at < 0) continue;
    const meta = {
      len: cursor.view.getUint32(at, true),
      dataLen: cursor.view.getUint32(at + 4, true),
      mark: cursor.view.getUint32(at + 8, true),
      priority: cursor.view.getUint32(at + 12, true),
      protocol: cursor.view.getUint16(at + 16, true),
      vlanTci: cursor.view.getUint16(at + 18, true),
      vlanProto: cursor.view.getUint16(at + 20, true),
      pktType: cursor.view.getUint8(at + 22),
    };
    const [section] = encodeSections({ meta });
    expect(section?.bytes).toEqual(GOLDEN.slice(at, at + 24));
    compared += 1;
  }
  expect(compared).toBeGreaterThan(0);
});

it('puts sections in the order of their bits, says how long the record is, and cuts what is too long', () => {
  const sections = encodeSections({
    stack: { id: 7 },
    drop: { location: 0xffff_ffff_8100_0001n, reason: 3 },
    dev: { name: 'an-interface-of-a-long-name', mtu: 1500 },
  });
  const record = encodeHop({ packet: 5, skb: 2n ** 63n, timeNs: 2 ** 40 + 1, cpu: 2, seq: 9 }, sections);
  const cursor = new RecordCursor();
  cursor.reset(record);
  expect(cursor.next()).toBe(true);
  expect(new DataView(record.buffer).getUint16(HEADER.recordSize, true)).toBe(record.length);
  expect(cursor).toMatchObject({
    kind: KIND.drop,
    cpu: 2,
    seq: 9,
    packet: 5,
    timeNs: 2 ** 40 + 1,
    generation: 1,
  });
  expect(cursor.textAt(cursor.section(SECTION.dev), 16)).toBe('an-interface-of-');
  expect(cursor.addressAt(cursor.section(SECTION.drop))).toBe('ffffffff81000001');
  expect(cursor.view.getUint32(cursor.section(SECTION.stack), true)).toBe(7);
  expect([cursor.next(), cursor.malformed]).toEqual([false, 0]);
});

it('makes names, too', () => {
  const symbols: unknown[] = [];
  const record = encodeSymbol({ address: 1n, offset: 0xa5, name: 'nf_hook_slow', module: 'nf' });
  new HopReader().read(record, { symbol: (symbol) => symbols.push(symbol) });
  expect(symbols).toEqual([
    { address: '0000000000000001', offset: 0xa5, name: 'nf_hook_slow', module: 'nf' },
  ]);
});
