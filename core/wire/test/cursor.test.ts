import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Free, Hop, Lineage } from '../../model/hop.ts';
import { HopReader } from '../../model/reader.ts';
import { RecordCursor } from '../cursor.ts';
import { KIND } from '../layout.gen.ts';
import { generator } from './random.ts';
import { batch, free, hop } from './records.ts';

const golden = new Uint8Array(readFileSync(new URL('../golden/records.bin', import.meta.url)));

describe('the records that C++ wrote (native/test/golden.cc)', () => {
  const hops: Hop[] = [];
  const frees: Free[] = [];
  const lineages: Lineage[] = [];
  const symbols: unknown[] = [];
  const decisions: unknown[] = [];
  const stacks: unknown[] = [];
  const sockets: unknown[] = [];
  const tails: unknown[] = [];
  const reader = new HopReader();
  reader.read(golden, {
    hop: (record) => hops.push(record),
    free: (record) => frees.push(record),
    lineage: (record) => lineages.push(record),
    symbol: (record) => symbols.push(record),
    decision: (record) => decisions.push(record),
    stack: (record) => stacks.push(record),
    socket: (record) => sockets.push(record),
    tail: (record) => tails.push(record),
  });

  it('are all sound', () => {
    expect(reader.malformed).toBe(0);
    const kinds = [hops, frees, lineages, symbols, decisions, stacks, sockets, tails];
    expect(kinds.map((records) => records.length)).toEqual([2, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('are read field by field', () => {
    expect(hops[0]).toMatchObject({
      kind: 'hop',
      timeNs: 1_234_567_890_123_456,
      cpu: 513,
      seq: 1,
      generation: 7,
      packet: Number.MAX_SAFE_INTEGER - 1,
      skb: 'ffff888012345678',
      func: 4711,
      netns: 4026532281,
      ifindex: 17,
      pid: 31337,
      depth: 0,
      pidMatch: { owner: true, current: false },
      stack: 77,
      changes: [],
      state: {
        device: 'fifteen-letters',
        comm: 'ksoftirqd/1',
        meta: {
          len: 1500,
          dataLen: 1200,
          mark: 0x20,
          priority: 6,
          protocol: 0x86dd,
          vlanTci: 0x2007,
          vlanProto: 0x8100,
          pktType: 3,
        },
        eth: {
          dst: '02:00:00:00:00:01',
          src: '02:00:00:00:00:ff',
          type: 0x86dd,
          vlanTci: 0x4005,
          innerVlanTci: 0x600a,
        },
        mtu: 9000,
        iif: 5,
        buffer: {
          hash: 0xcafe0001,
          truesize: 2304,
          csum: 0x12340010,
          gsoType: 3,
          gsoSize: 1448,
          gsoSegs: 4,
          queueMapping: 2,
          nrFrags: 17,
          ipSummed: 3,
          csumLevel: 1,
          bits: 5,
        },
        route: { dst: 'ffff88800d570000', ifindex: 4, gateway: '10.1.0.1', type: 1, error: 113 },
        conntrack: { ct: 'ffff88800c7a0000', status: 0x18e, mark: 7, info: 1 },
        inner: { tunnel: 2, vni: 0xabcdef, ip: { ttl: 63, version: 6 }, l4: { dport: 443 } },
        owner: { pid: 4711, uid: 1000, cgroup: 0x123456789abc, comm: 'nginx' },
        control: { users: 2, dataref: 3 },
        ip: {
          saddr: '1:203:405:607:809:a0b:c0d:e0f',
          daddr: 'f0f1:f2f3:f4f5:f6f7:f8f9:fafb:fcfd:feff',
          version: 6,
          protocol: 6,
          length: 1280,
          id: 0xbeef,
          frag: 0x2001,
          ttl: 63,
          tos: 0xb8,
        },
        l4: {
          kind: 1,
          sport: 40000,
          dport: 443,
          tcpSeq: 0xdeadbeef,
          tcpAck: 0xfeedface,
          tcpWindow: 64240,
          tcpFlags: 0x18,
          icmpType: 8,
          icmpCode: 3,
          icmpId: 4242,
          icmpSeq: 9,
          arpOp: 2,
        },
      },
    });
    expect(hops[1]).toMatchObject({
      kind: 'drop',
      reason: 0x30002,
      location: 'ffffffff81234567',
      pidMatch: { owner: false, current: true },
      stack: undefined,
    });
    expect(frees[0]).toMatchObject({ packet: Number.MAX_SAFE_INTEGER - 1, dropped: true });
    expect(tails[0]).toMatchObject({
      packet: 12,
      begunNs: 900,
      records: 0,
      missed: 3,
      path: 0x9abcdef0,
      chosen: 2,
    });
    expect(lineages[0]).toMatchObject({ packet: 12, parent: 11, relation: 2 });
    expect(symbols[0]).toEqual({
      address: 'ffffffff81234567',
      offset: 0xa5,
      name: 'nf_hook_slow',
      module: 'br_netfilter',
    });
    expect(decisions[0]).toMatchObject({
      packet: 12,
      by: 'ffff88800cbd0000',
      value: -1,
      netns: 4026532281,
      decision: 2,
      pf: 2,
      hook: 3,
      priority: -100,
      used: 8,
      limit: 9,
      rule: { handle: 0x3fffffffff7, table: 'filter', chain: 'FORWARD' },
    });
    expect(stacks[0]).toEqual({ id: 77, addresses: ['ffffffff81234567', 'ffffffff81230001'] });
    expect(sockets[0]).toMatchObject({
      event: 3,
      saddr: '10.1.0.2',
      sport: 40000,
      daddr: '10.1.0.3',
      dport: 443,
      owner: { pid: 99, uid: 1000, cgroup: 42, comm: 'curl' },
      sent: 2 ** 40,
      received: 5,
      durationNs: 1_500_000,
      srttUs: 250,
      retransmits: 1,
      oldState: 8,
      newState: 7,
    });
  });
});

function kindsOf(bytes: Uint8Array): { kinds: number[]; malformed: number } {
  const cursor = new RecordCursor();
  cursor.reset(bytes);
  const kinds: number[] = [];
  while (cursor.next()) kinds.push(cursor.kind);
  return { kinds, malformed: cursor.malformed };
}

describe('a batch that is not as it should be', () => {
  it('is read up to where it was cut off, wherever that is', () => {
    const whole = kindsOf(golden).kinds.length;
    for (let length = 0; length < golden.length; length += 1) {
      const { kinds, malformed } = kindsOf(golden.slice(0, length));
      expect(kinds.length).toBeLessThan(whole);
      expect(malformed).toBeLessThanOrEqual(1);
      new HopReader().read(golden.slice(0, length), {});
    }
  });

  it('loses only the record whose kind is not known', () => {
    const strange = free({});
    strange[2] = 99;
    expect(kindsOf(batch(hop({}), strange, free({})))).toEqual({
      kinds: [KIND.hop, KIND.free],
      malformed: 1,
    });
  });

  it.each([
    ['a size that its sections do not add up to', 6, 1],
    ['a section that does not exist', 7, 1],
    ['a drop section on a hop', 6, 64],
  ])('loses only the record with %s', (_, at, value) => {
    const bad = hop({});
    bad[at] = value;
    expect(kindsOf(batch(bad, free({})))).toEqual({ kinds: [KIND.free], malformed: 1 });
  });

  it.each([
    ['0', 0],
    ['less than a header', 16],
    ['no multiple of 8', 65],
    ['more than a record may have', 264],
    ['more than there is', 256],
  ])('ends where a record says that its size is %s', (_, size) => {
    const bad = hop({});
    new DataView(bad.buffer).setUint16(0, size, true);
    expect(kindsOf(batch(free({}), bad, free({})))).toEqual({ kinds: [KIND.free], malformed: 1 });
  });

  it('never makes the reader throw, whatever its bytes are', () => {
    const random = generator(20261124);
    for (let round = 0; round < 3000; round += 1) {
      const bytes = round % 2 === 0 ? golden.slice() : new Uint8Array(random() % 2048);
      if (round % 2 === 0) for (let i = 0; i < 8; i += 1) bytes[random() % bytes.length] = random();
      else for (let i = 0; i < bytes.length; i += 1) bytes[i] = random();
      const reader = new HopReader({ maxPackets: 4 });
      let steps = 0;
      reader.read(bytes, {
        hop: () => steps++,
        free: () => steps++,
        lineage: () => steps++,
        symbol: () => steps++,
      });
      expect(steps * 40).toBeLessThanOrEqual(bytes.length);
    }
  });
});
