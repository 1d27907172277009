import { describe, expect, it } from 'vitest';
import { CHOSEN, FLAG } from '../../wire/layout.gen.ts';
import { ROW_BYTES, readRow } from '../../wire/rows.ts';
import { batch, free, type HopFields, hop, lineage, symbol, tail } from '../../wire/test/records.ts';
import { SessionAssembler } from '../assembler.ts';
import { type PacketRow, VERDICT } from '../packet.ts';
import { readPath } from '../path.ts';

const NAMES = ['ip_rcv', 'udp_rcv', 'ip_forward', 'dev_hard_start_xmit', 'raw_rcv', 'icmp_rcv'];
const id = (name: string) => NAMES.indexOf(name) + 1;
const functions = NAMES.map((name, i) => ({ id: i + 1, name, module: '', argument: 1, isDefault: true }));
const NO_SOCKET = 3;

function assembler(options = {}) {
  const made = new SessionAssembler(options);
  made.takeNames({ functions, reasons: [{ value: NO_SOCKET, name: 'NO_SOCKET' }] });
  made.restart();
  return made;
}

function rowsOf(session: SessionAssembler, version = 0, max = 1e6): PacketRow[] {
  const { rows } = session.rowsSince(version, max);
  const view = new DataView(rows.buffer);
  return Array.from({ length: rows.byteLength / ROW_BYTES }, (_, i) => readRow(view, i * ROW_BYTES));
}

const through = (...names: string[]) => names.map((name): HopFields => ({ func: id(name) }));

describe('the verdict', () => {
  it.each([
    ['delivered', through('ip_rcv', 'udp_rcv'), {}, VERDICT.delivered],
    ['forwarded', through('ip_rcv', 'ip_forward', 'dev_hard_start_xmit'), {}, VERDICT.forwarded],
    [
      'delivered after it was forwarded',
      through('ip_forward', 'dev_hard_start_xmit', 'udp_rcv'),
      {},
      VERDICT.delivered,
    ],
    ['consumed when only sent', through('dev_hard_start_xmit'), {}, VERDICT.consumed],
    [
      'dropped when the kernel said so, though the record of the drop was lost',
      through('udp_rcv'),
      { flags: 8 },
      VERDICT.dropped,
    ],
  ])('is %s', (_, hops, end, verdict) => {
    const session = assembler();
    session.take(batch(...hops.map((one) => hop(one)), free(end)));
    expect(rowsOf(session)[0]?.verdict).toBe(verdict);
  });

  it('is in flight until the packet ends', () => {
    const session = assembler();
    session.take(hop({ func: id('udp_rcv') }));
    expect(rowsOf(session)[0]?.verdict).toBe(VERDICT.inFlight);
  });

  it('is dropped with the reason and the place, and stays so', () => {
    const session = assembler();
    session.take(
      batch(hop({ func: id('udp_rcv') }), hop({ drop: { reason: 77, location: 0x81234567 } }), free({})),
    );
    expect(rowsOf(session)[0]).toMatchObject({
      verdict: VERDICT.dropped,
      reason: 77,
      location: '0000000081234567',
      lastFunc: id('udp_rcv'),
    });
  });

  it('is delivered when a raw socket took a clone before the kernel found no other socket', () => {
    const session = assembler();
    session.take(
      batch(
        hop({ packet: 1, func: id('ip_rcv') }),
        lineage({ packet: 2, parent: 1 }),
        hop({ packet: 2, func: id('raw_rcv') }),
        hop({ packet: 1, func: id('icmp_rcv') }),
        hop({ packet: 1, drop: { reason: NO_SOCKET, location: 1 } }),
        free({ packet: 1, flags: 8 }),
      ),
    );
    expect(rowsOf(session).find((row) => row.packet === 1)?.verdict).toBe(VERDICT.delivered);
  });
});

describe('a row', () => {
  it('has the first headers, and says when they were translated', () => {
    const session = assembler();
    const saddr = [192, 0, 2, 2];
    session.take(
      batch(
        hop({ time: 5, netns: 10, ifindex: 2, ip: { saddr, daddr: [192, 0, 2, 1] }, ports: [40000, 8080] }),
        hop({ time: 9, netns: 11, ifindex: 3, ip: { saddr, daddr: [10, 1, 0, 3] }, ports: [40000, 80] }),
      ),
    );
    const [row] = rowsOf(session);
    expect(row).toMatchObject({
      firstNs: 5,
      lastNs: 9,
      firstNetns: 10,
      lastNetns: 11,
      firstIfindex: 2,
      lastIfindex: 3,
      hops: 2,
      dport: 8080,
      ipVersion: 4,
      translated: true,
    });
    expect([...(row?.daddr ?? [])].slice(0, 4)).toEqual([192, 0, 2, 1]);
  });

  it('is given again only after it changed, in the order of changes, at most as many as asked for', () => {
    const session = assembler();
    session.take(batch(hop({ packet: 1 }), hop({ packet: 2 }), hop({ packet: 3 }), hop({ packet: 1 })));
    const first = session.rowsSince(0, 2);
    expect(first.more).toBe(true);
    const view = new DataView(first.rows.buffer);
    expect([readRow(view, 0).packet, readRow(view, ROW_BYTES).packet]).toEqual([2, 3]);
    const second = session.rowsSince(first.version, 2);
    expect(readRow(new DataView(second.rows.buffer), 0)).toMatchObject({ packet: 1, hops: 2 });
    expect(session.rowsSince(second.version, 2).rows.byteLength).toBe(0);
  });

  it('gives way, oldest first, and is counted', () => {
    const session = assembler({ maxPackets: 3 });
    for (let packet = 1; packet <= 5; packet += 1) session.take(hop({ packet }));
    expect(rowsOf(session).map((row) => row.packet)).toEqual([3, 4, 5]);
    expect(session.counters).toMatchObject({ packets: 5, evicted: 2 });
    expect(session.pathRecords(1)).toBeUndefined();
  });
});

describe('the records of a path', () => {
  it('are all of the packet and its lineage, none of another', () => {
    const session = assembler();
    session.take(
      batch(
        hop({ packet: 1, time: 1 }),
        hop({ packet: 2, time: 2 }),
        lineage({ packet: 3, parent: 1, time: 3 }),
      ),
    );
    session.take(
      batch(hop({ packet: 2, time: 4 }), hop({ packet: 1, time: 5 }), free({ packet: 1, time: 6 })),
    );
    const path = readPath(session.pathRecords(1) ?? new Uint8Array(), 1);
    expect(path.hops.map((one) => one.timeNs)).toEqual([1, 5]);
    expect(path.children.map((child) => child.packet)).toEqual([3]);
    expect(path.free?.timeNs).toBe(6);
    expect(readPath(session.pathRecords(3) ?? new Uint8Array(), 3).parent).toBe(1);
  });

  it('are new when another packet came out of it: its row is told again', () => {
    const session = assembler();
    session.take(batch(hop({ packet: 1, time: 1 }), hop({ packet: 2, time: 2 })));
    const { version } = session;
    session.take(batch(lineage({ packet: 3, parent: 1, time: 3 })));
    const { rows } = session.rowsSince(version, 10);
    const view = new DataView(rows.buffer);
    const told = [...Array(rows.byteLength / ROW_BYTES).keys()].map(
      (i) => readRow(view, i * ROW_BYTES).packet,
    );
    expect(told.sort()).toEqual([1, 3]);
  });

  it('lose their beginning when memory runs out, and the row says so', () => {
    const session = assembler({ budgetBytes: 1024 });
    for (let i = 0; i < 100; i += 1)
      session.take(batch(hop({ packet: 1, time: i }), hop({ packet: 1, time: i })));
    const records = session.pathRecords(1) ?? new Uint8Array();
    expect(records.byteLength).toBeLessThanOrEqual(1024);
    expect(readPath(records, 1).hops.at(-1)?.timeNs).toBe(99);
    expect(rowsOf(session)[0]).toMatchObject({ hops: 200, truncated: true });
    expect(session.counters.bytes).toBeLessThanOrEqual(1024);
  });
});

describe('what is missing', () => {
  it('is counted for each CPU from its first record on, a late one taken back', () => {
    const session = assembler();
    session.take(
      batch(
        hop({ cpu: 0, seq: 2 }),
        hop({ cpu: 1, seq: 0 }),
        hop({ cpu: 0, seq: 5 }),
        hop({ cpu: 0, seq: 4 }),
      ),
    );
    expect(session.counters.missing).toBe(3);
  });

  it('does not count the name that the reader put before a drop', () => {
    const session = assembler();
    const drop = hop({ seq: 0, drop: { reason: 1, location: 16 } });
    session.take(batch(symbol({ seq: 0, address: 16, name: 'ip_rcv' }), drop, free({ seq: 1 })));
    expect(session.counters.missing).toBe(0);
    expect(session.symbols).toEqual([{ address: '0000000000000010', name: 'ip_rcv', module: '', offset: 0 }]);
  });

  it('goes on over the end of the numbers', () => {
    const session = assembler();
    for (const seq of [0x7fffffff, 0xfffffffe, 0xffffffff]) session.take(hop({ seq }));
    const before = session.counters.missing;
    session.take(batch(hop({ seq: 0 }), hop({ seq: 2 })));
    expect(session.counters.missing - before).toBe(1);
  });
});

describe('other settings', () => {
  it('begin a new session with the first record under them; stragglers are passed over', () => {
    const session = assembler();
    session.take(
      batch(
        hop({ packet: 1, seq: 0 }),
        hop({ packet: 2, seq: 1, generation: 2 }),
        hop({ packet: 1, seq: 2 }),
      ),
    );
    expect(rowsOf(session).map((row) => row.packet)).toEqual([2]);
    expect(session.counters).toMatchObject({ packets: 1, hops: 1, missing: 0 });
    expect(session.session).toBe(2);
    expect(readPath(session.pathRecords(2) ?? new Uint8Array(), 2).hops.length).toBe(1);
  });
});

it('keeps chains whole when records are small and the table of records is what is full', () => {
  // 1,024 places at least, however small the budget: more records than that in little memory
  const session = assembler({ budgetBytes: 64 * 1024 });
  for (let i = 0; i < 4000; i += 1) session.take(free({ packet: (i % 3) + 1, time: i }));
  for (const packet of [1, 2, 3]) {
    const records = session.pathRecords(packet) ?? new Uint8Array();
    expect(records.byteLength % 40).toBe(0);
    expect(records.byteLength).toBeGreaterThan(40);
    expect(readPath(records, packet)).toMatchObject({ malformed: 0, free: { packet } });
  }
});

describe('hops at each function', () => {
  it('are counted in the session, drops and unknown functions apart', () => {
    const session = assembler();
    const seen = [...through('ip_rcv', 'udp_rcv', 'ip_rcv'), { func: 99 }].map((one) => hop(one));
    session.take(batch(...seen, hop({ drop: { reason: 77, location: 1 } })));
    expect([...session.hopsAt]).toEqual([0, 2, 1, 0, 0, 0, 0]);
  });

  it('go on when the functions are told anew, as when a module is loaded', () => {
    const session = assembler();
    session.take(hop({ func: id('ip_rcv') }));
    const before = session.hopsAt.length;
    const added = { id: before, name: 'dummy_xmit', module: 'dummy', argument: 1, isDefault: false };
    session.takeNames({ functions: [added] });
    session.take(batch(hop({ func: id('ip_rcv') }), hop({ func: added.id })));
    expect(session.hopsAt[id('ip_rcv')]).toBe(2);
    expect(session.hopsAt[added.id]).toBe(1);
    expect(session.hopsAt).toHaveLength(before + 1);
  });

  it('begin at 0 with every session, and a copy is given away', () => {
    const session = assembler();
    session.take(hop({ func: id('ip_rcv') }));
    session.hopsAt.fill(9);
    expect(session.hopsAt[id('ip_rcv')]).toBe(1);
    session.restart();
    expect(session.hopsAt.every((count) => count === 0)).toBe(true);
  });
});

describe('in tail mode', () => {
  const kept = (time: number) => hop({ time, func: id('udp_rcv'), flags: FLAG.kept });

  it('a packet begins with its first hop, and its path says why it is told', () => {
    const session = assembler();
    const chosen = CHOSEN.slow;
    session.take(
      batch(
        tail({ records: 2, chosen, time: 900, begun: 100 }),
        kept(100),
        kept(300),
        free({ time: 950, seq: 3 }),
      ),
    );
    expect(rowsOf(session)[0]).toMatchObject({ firstNs: 100, hops: 2, verdict: VERDICT.delivered });
    expect(session.counters).toMatchObject({ packets: 1, hops: 2, missing: 0 });
    const path = readPath(session.pathRecords(1) ?? new Uint8Array(), 1);
    expect(path.told).toMatchObject({ chosen, timeNs: 900, begunNs: 100 });
    expect(path.hops.map(({ timeNs }) => timeNs)).toEqual([100, 300]);
  });

  it('one that is told before anything was kept of it has only what comes after', () => {
    const session = assembler();
    session.take(tail({ records: 0, chosen: CHOSEN.dropped, time: 100 }));
    session.take(hop({ seq: 1, time: 110, drop: { reason: NO_SOCKET, location: 0x81234567 } }));
    expect(rowsOf(session)[0]).toMatchObject({ firstNs: 110, verdict: VERDICT.dropped });
    expect(session.counters).toMatchObject({ packets: 1, missing: 0 });
  });
});
