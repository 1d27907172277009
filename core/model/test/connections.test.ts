import { describe, expect, it } from 'vitest';
import { RELATION, SOCKET, SOCKET_EVENT } from '../../wire/layout.gen.ts';
import { ROW, ROW_BYTES, readRow } from '../../wire/rows.ts';
import { batch, hop, lineage, type SocketFields, socket } from '../../wire/test/records.ts';
import { rowFirstTuple } from '../../wire/tuple.ts';
import { SessionAssembler } from '../assembler.ts';
import { ConnectionBook } from '../connections.ts';

const A = [10, 0, 0, 1];
const B = [10, 0, 0, 2];
const { connect, accept, close, fail } = SOCKET_EVENT;
const event = (kind: number, fields: Partial<SocketFields> = {}): Uint8Array =>
  socket({ event: kind, saddr: A, daddr: B, ports: [40000, 80], sk: 7, ...fields });

function book(...events: readonly Uint8Array[]): ConnectionBook {
  const made = new ConnectionBook();
  made.take(batch(...events));
  return made;
}

describe('a TCP connection', () => {
  it('is what happened to its socket from its beginning to its end', () => {
    const [one, ...others] = book(
      event(connect, { time: 1000, durationNs: 300, owner: { pid: 9, comm: 'curl' } }),
      event(close, { time: 5000, durationNs: 4300, sent: 70, received: 90 }),
    ).all;
    expect(others).toEqual([]);
    expect(one).toMatchObject({ beginning: 'connect', begunNs: 700, endedNs: 5000, handshakeNs: 300 });
    expect(one?.last).toMatchObject({ sent: 70, received: 90, owner: { pid: 9, comm: 'curl' } });
  });

  it('of either end is one of its own, and an address used again is another', () => {
    const all = book(
      event(connect, { time: 10 }),
      event(accept, { time: 11, sk: 8, saddr: B, daddr: A, ports: [80, 40000] }),
      event(close, { time: 20 }),
      event(connect, { time: 30 }),
    ).all;
    expect(all.map(({ beginning, endedNs }) => [beginning, endedNs])).toEqual([
      ['connect', 20],
      ['accept', undefined],
      ['connect', undefined],
    ]);
  });

  it('that was there before the capture is known by its end, one that could not be made by its failing', () => {
    const all = book(
      event(close, { time: 900, durationNs: 400 }),
      event(fail, { time: 950, durationNs: 10 }),
    ).all;
    expect(all).toMatchObject([
      { beginning: 'unknown', begunNs: 500, endedNs: 900, hasFailed: false, handshakeNs: undefined },
      { beginning: 'connect', begunNs: 940, endedNs: 950, hasFailed: true },
    ]);
  });

  it('gives way to newer ones, and is counted', () => {
    const few = new ConnectionBook(2);
    for (let i = 0; i < 5; i += 1) few.take(event(connect, { sk: i + 1, time: i }));
    expect(few.all.map(({ last }) => last.timeNs)).toEqual([3, 4]);
    expect(few.forgotten).toBe(3);
  });
});

describe('a session', () => {
  const made = () => {
    const session = new SessionAssembler();
    session.restart();
    return session;
  };

  it('keeps events of connections and gives what came after, until another one begins', () => {
    const session = made();
    session.take(batch(event(connect), hop({}), event(close)));
    const first = session.connections.since(0);
    expect(first).toMatchObject({ version: 2, forgotten: 0 });
    expect(first.records.length).toBe(2 * SOCKET.size);
    expect(session.connections.since(2).records.length).toBe(0);
    session.take(event(fail, { generation: 2 }));
    expect(session.connections.since(0)).toMatchObject({ version: 1 });
  });

  it('keeps the newest events and counts those let go', () => {
    const session = made();
    session.take(batch(...Array.from({ length: 5000 }, (_, i) => event(connect, { time: i }))));
    const { records, version, forgotten } = session.connections.since(3);
    expect([version, forgotten, records.length / SOCKET.size]).toEqual([5000, 904, 4096]);
    const book = new ConnectionBook(5000);
    book.take(records);
    expect([book.all[0]?.last.timeNs, book.all.at(-1)?.last.timeNs]).toEqual([904, 4999]);
  });

  it('tells who sent a packet by who owned its socket when it was first seen, and of no other', () => {
    const session = made();
    session.take(
      batch(
        hop({ packet: 1, owner: { pid: 5, comm: 'ping', cgroup: 3 } }),
        hop({ packet: 2 }),
        hop({ packet: 2, owner: { pid: 6, comm: 'server' } }),
      ),
    );
    expect([session.row(1)?.ownerPid, session.row(2)?.ownerPid]).toEqual([5, 0]);
    expect(session.owners.all).toEqual([{ pid: 5, comm: 'ping', cgroup: 3 }]);
  });

  it('tells how a packet came out of another; a retransmission stays one', () => {
    const session = made();
    session.take(
      batch(
        hop({ packet: 1 }),
        lineage({ packet: 2, parent: 1, relation: RELATION.clone }),
        lineage({ packet: 3, parent: 1, relation: RELATION.retransmit }),
        lineage({ packet: 3, parent: 2, relation: RELATION.clone }),
      ),
    );
    expect([1, 2, 3].map((packet) => session.row(packet)?.relation)).toEqual([
      0,
      RELATION.clone,
      RELATION.retransmit,
    ]);
    expect(session.row(3)).toMatchObject({ translated: false, truncated: false });
  });

  it('tells what a translated packet became by the hash of that', () => {
    const session = made();
    session.take(
      batch(
        hop({ packet: 1, ip: { saddr: A, daddr: B }, ports: [40000, 8080] }),
        hop({ packet: 1, ip: { saddr: A, daddr: [10, 9, 9, 9] } }),
        hop({ packet: 1, ports: [40000, 80] }),
        hop({ packet: 2, ip: { saddr: A, daddr: [10, 9, 9, 9] }, ports: [40000, 80] }),
        hop({ packet: 3, ip: { saddr: [10, 9, 9, 9], daddr: A }, ports: [80, 40000] }),
      ),
    );
    const { rows } = session.rowsSince(0, 10);
    const view = new DataView(rows.buffer);
    const at = (packet: number) =>
      [0, 1, 2].map((i) => i * ROW_BYTES).find((offset) => readRow(view, offset).packet === packet) ?? -1;
    const last = view.getUint32(at(1) + ROW.tuple, true);
    expect(last).toBe(rowFirstTuple(view, at(2)));
    expect(last).not.toBe(rowFirstTuple(view, at(1)));
    expect(last).not.toBe(rowFirstTuple(view, at(3)));
    expect(view.getUint32(at(2) + ROW.tuple, true)).toBe(rowFirstTuple(view, at(2)));
  });
});
