/** Conversations and connections as the page shows them: whose they are, in which order, as bars, as a pcap filter. */
import { describe, expect, it } from 'vitest';
import { flowDisplay, flowExpression } from '../../core/model/aggregate/flow-filter.ts';
import { type Flow, FlowFold } from '../../core/model/aggregate/flows.ts';
import { foldRows } from '../../core/model/aggregate/scan.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import { type Connection, ConnectionBook } from '../../core/model/connections.ts';
import { NameBook } from '../../core/model/names.ts';
import { SOCKET_EVENT } from '../../core/wire/layout.gen.ts';
import { ROW, ROW_BYTES } from '../../core/wire/rows.ts';
import { batch, hop, type SocketFields, socket } from '../../core/wire/test/records.ts';
import { stackBars, timeTicks } from '../views/drops/chart.ts';
import { kindOf } from '../views/drops/tones.ts';
import { indexConnections, roundTripText, sideOwner, sortFlows } from '../views/flows/text.ts';
import { layOutConnections } from '../views/flows/timeline.ts';

const A = [10, 0, 0, 1];
const B = [10, 0, 0, 2];
const V = [10, 0, 0, 9];
const tcp = (saddr: readonly number[], daddr: readonly number[]) => ({ saddr, daddr, protocol: 6 });

function flowsOf(records: readonly Uint8Array[], change?: (view: DataView) => void): readonly Flow[] {
  const session = new SessionAssembler();
  session.restart();
  session.take(batch(...records));
  const view = new DataView(session.rowsSince(0, 1e6).rows.buffer);
  change?.(view);
  const source = { view, size: view.byteLength / ROW_BYTES, offsetOf: (i: number) => i * ROW_BYTES };
  return foldRows(source, null, new FlowFold()).flows;
}

const connections = (...events: readonly Partial<SocketFields>[]): readonly Connection[] => {
  const book = new ConnectionBook();
  for (const [i, fields] of events.entries())
    book.take(
      socket({ event: SOCKET_EVENT.connect, saddr: A, daddr: V, ports: [4000, 8080], sk: i + 1, ...fields }),
    );
  return book.all;
};

describe('a conversation', () => {
  const translated = [
    hop({ packet: 1, time: 1, netns: 1, ip: tcp(A, V), ports: [4000, 8080], tcpFlags: 2, owner: { pid: 7, comm: 'curl' } }),
    hop({ packet: 1, time: 2, netns: 2, ip: tcp(A, B), ports: [4000, 80], tcpFlags: 2 }),
    hop({ packet: 2, time: 3, netns: 2, ip: tcp(B, A), ports: [80, 4000], tcpFlags: 18 }),
  ]; // biome-ignore format: a table

  it('is a pcap expression, with what either side sees where it is translated', () => {
    const [nat] = flowsOf(translated);
    expect(nat && flowExpression(nat)).toBe(
      '(tcp and host 10.0.0.1 and host 10.0.0.9 and port 4000 and port 8080) or ' +
        '(tcp and host 10.0.0.2 and host 10.0.0.1 and port 80 and port 4000)',
    );
    const [udp] = flowsOf([hop({ ip: { saddr: A, daddr: B, protocol: 17 }, ports: [1, 2] })]);
    expect(udp && flowExpression(udp)).toBe('udp and host 10.0.0.1 and host 10.0.0.2 and port 1 and port 2');
    expect(udp && flowDisplay(udp)).toBe('udp and host 10.0.0.1 and host 10.0.0.2 and port 1 and port 2');
    const [other] = flowsOf([hop({ ip: { saddr: A, daddr: B, protocol: 47 } })]);
    expect(other && flowExpression(other)).toBe('ip proto 47 and host 10.0.0.1 and host 10.0.0.2');
    const [nothing] = flowsOf([hop({})]);
    expect(nothing && flowExpression(nothing)).toBe('');
  });

  it('belongs to who made its connection, each side to its own; else to whose socket sent it', () => {
    const names = new NameBook();
    const owners = new Map([[7, { pid: 7, comm: 'curl', cgroup: 0 }]]);
    const [flow] = flowsOf(translated);
    const of = (known: readonly Connection[]) =>
      flow && [flow.a, flow.b].map((side) => sideOwner(side, indexConnections(known), owners, names));
    expect(of([])).toEqual(['curl (7)', '']);
    const accepted = {
      event: SOCKET_EVENT.accept, saddr: B, daddr: A, ports: [80, 4000] as const, netns: 2, owner: { pid: 9, comm: 'nginx' },
    }; // biome-ignore format: short
    expect(of(connections({ netns: 1, owner: { pid: 8, comm: 'wget' } }, accepted))).toEqual([
      'wget (8)',
      'nginx (9)',
    ]);
    // the same ends in another namespace are of another
    expect(of(connections({ netns: 5, owner: { pid: 8, comm: 'wget' } }))).toEqual(['curl (7)', '']);
  });

  it('of two pings between the same hosts is two, and of an echo and an error message as well', () => {
    const echo = (packet: number) => hop({ packet, time: packet, netns: 1, ip: { saddr: A, daddr: B, protocol: 1 }, ports: [0, 0] }); // biome-ignore format: short
    const reply = (packet: number) => hop({ packet, time: packet, netns: 1, ip: { saddr: B, daddr: A, protocol: 1 }, ports: [0, 0] }); // biome-ignore format: short
    const flows = flowsOf([echo(1), echo(2), reply(3), reply(4), reply(5)], (view) => {
      for (const [i, [type, id, seq]] of [[8, 50, 1], [8, 60, 1], [0, 50, 1], [0, 60, 1], [3, 0, 0]].entries()) {
        view.setUint8(i * ROW_BYTES + ROW.l4Kind, 3);
        view.setUint8(i * ROW_BYTES + ROW.icmpType, type ?? 0);
        view.setUint16(i * ROW_BYTES + ROW.icmpId, id ?? 0, true);
        view.setUint16(i * ROW_BYTES + ROW.icmpSeq, seq ?? 0, true);
      }
    }); // biome-ignore format: short
    expect(flows.map(({ a, b }) => [a.packets, b.packets]).sort()).toEqual([
      [1, 0],
      [1, 1],
      [1, 1],
    ]);
    const times = flows.map(({ roundTrip }) => roundTrip?.ns);
    expect(times.filter((ns) => ns === 2)).toHaveLength(2);
    const [first] = flows.filter(({ roundTrip }) => roundTrip !== undefined);
    expect(first?.roundTrip && roundTripText(first, first.roundTrip)).toContain('echo request and reply');
  });

  it('is sorted by what both sides have, what lacks it last', () => {
    const flows = flowsOf([
      ...translated,
      hop({ packet: 9, time: 50, ip: { saddr: A, daddr: B, protocol: 17 }, ports: [1, 2] }),
    ]);
    expect(sortFlows(flows, 'packets').map(({ newest }) => newest)).toEqual([2, 9]);
    expect(sortFlows(flows, 'last').map(({ newest }) => newest)).toEqual([9, 2]);
  });
});

describe('connections in time', () => {
  it('are blocks of processes, and what overlaps is in lanes', () => {
    const all = connections(
      { time: 100, durationNs: 0, owner: { pid: 1, comm: 'a' } },
      { event: SOCKET_EVENT.fail, time: 60, durationNs: 10, owner: { pid: 1, comm: 'a' } },
      { event: SOCKET_EVENT.close, time: 200, durationNs: 50, owner: { pid: 2, comm: 'b' } },
      { event: SOCKET_EVENT.close, time: 190, durationNs: 20, owner: { pid: 1, comm: 'a' } },
    );
    const blocks = layOutConnections(all, ({ last }) => last.owner.comm, { fromNs: 0, toNs: 200 }, 400);
    expect(blocks.map(({ name, lanes, bars }) => [name, lanes, bars.map(({ x, lane }) => [x, lane])])).toEqual([
      ['a', 2, [[100, 0], [200, 0], [340, 1]]],
      ['b', 1, [[300, 0]]],
    ]); // biome-ignore format: short
    // open until now
    expect(blocks[0]?.bars[1]?.width).toBe(200);
  });
});

describe('drops', () => {
  it('are bars that stand on each other', () => {
    const bins = (count: number) => Uint32Array.from({ length: 60 }, (_, i) => (i === 0 ? count : 0));
    const series = [3, 1].map((count) => ({ key: `${count}`, count, bins: bins(count), groups: 1 }));
    const { bars, most } = stackBars(series, 600, 80);
    expect(most).toBe(4);
    expect(bars.map(({ y, height }) => [y, height])).toEqual([
      [20, 60],
      [0, 20],
    ]);
  });

  it('have an axis of whole parts of the clock', () => {
    const ticks = timeTicks({ fromNs: 0, toNs: 10e9 }, Date.UTC(2026, 0, 1), 330);
    expect(ticks.map(({ label }) => label.slice(-3))).toEqual([':00', ':05', ':10']);
    // with milliseconds they are longer, the first one is not centred, and still none is over another
    const fine = timeTicks({ fromNs: 0, toNs: 21e6 }, 0, 918).map(({ x }) => x);
    for (const [i, x] of fine.slice(1).entries()) expect(x - (fine[i] ?? 0)).toBeGreaterThan(120);
    expect(timeTicks({ fromNs: 5, toNs: 5 }, 0, 600)).toEqual([]);
  });

  it('are of the worst kind of those looked at, and say so when they differ', () => {
    const said = (tone: 'problem' | 'notice' | 'ordinary') => ({ tone, title: tone });
    expect(kindOf([said('ordinary'), said('problem')], 2)).toEqual({
      tone: 'problem', isMixed: true, title: 'ordinary', count: 2,
    }); // biome-ignore format: short
    expect(kindOf([said('ordinary')], 1)).toMatchObject({ tone: 'ordinary', isMixed: false });
    expect(kindOf([], 1).tone).toBeUndefined();
  });
});
