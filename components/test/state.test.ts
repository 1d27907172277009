import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fail, ok } from '../../core/base/result.ts';
import { DEFAULT_SPEC, NO_STATS } from '../../core/messages/source.ts';
import { SessionAssembler } from '../../core/model/assembler.ts';
import { NameBook } from '../../core/model/names.ts';
import { readPath } from '../../core/model/path.ts';
import { planOf } from '../../core/model/probes/plan.ts';
import { batch, free, hop } from '../../core/wire/test/records.ts';
import { CommandList, keyLabel } from '../state/commands.ts';
import {
  adoptProbes, adoptSpec, draftAsked, draftRefused, draftSpec, innerProblem, sayProblem, useDraft, writeDraft, writeExpression,
  writeForm, writeInner,
} from '../state/draft.ts'; // biome-ignore format: a list
import { lossReport } from '../state/losses.ts';
import { heldScrollTop, isAtEnd, readingRow } from '../state/packets/anchor.ts';
import { orderRows } from '../state/packets/order.ts';
import { PacketStore } from '../state/packets/store.ts';
import { situationOf } from '../state/session.ts';
import { chooseLabels, layOut } from '../views/path/layout.ts';

const NOT_KEPT = { phase: 'off', why: 'a test' } as const;

vi.stubGlobal('requestAnimationFrame', (callback: () => void) => callback());

/** Rows as the server would send them, of packets with these ids and lengths of life. */
function rowsOf(...lives: readonly [packet: number, ns: number][]): ArrayBuffer {
  const session = new SessionAssembler();
  session.restart();
  session.take(
    batch(
      ...lives.flatMap(([packet, ns]) => [
        hop({ packet, time: packet }),
        free({ packet }),
        hop({ packet, time: packet + ns }),
      ]),
    ),
  );
  return session.rowsSince(0, 1e6).rows.buffer;
}

describe('the packet store', () => {
  it('keeps rows in the order of first sight and puts newer states in their place', () => {
    const store = new PacketStore();
    store.take(rowsOf([1, 5], [2, 5]), 1, true);
    store.take(rowsOf([3, 5]), 1, false);
    store.take(rowsOf([1, 50]), 1, false);
    expect([0, 1, 2].map((i) => store.row(i)?.packet)).toEqual([1, 2, 3]);
    expect(store.row(0)?.lastNs).toBe(51);
    expect(store.indexOf(3)).toBe(2);
  });

  it('says when something new is known of a packet', () => {
    const store = new PacketStore();
    store.take(rowsOf([1, 5], [2, 5]), 1, true);
    const [before, other] = [store.stampOf(0), store.stampOf(1)];
    store.take(rowsOf([1, 50]), 1, false);
    expect(store.stampOf(0)).toBeGreaterThan(before);
    expect(store.stampOf(1)).toBe(other);
    expect(store.stampOf(2)).toBe(-1);
  });

  it('starts anew with another session', () => {
    const store = new PacketStore();
    store.take(rowsOf([1, 5], [2, 5]), 1, true);
    store.take(rowsOf([9, 5]), 2, false);
    expect(store.size).toBe(1);
    expect(store.indexOf(1)).toBe(-1);
  });

  it('lets the oldest go and counts them, wherever its buffer begins then', () => {
    const store = new PacketStore(128);
    for (let from = 0; from < 1000; from += 50)
      store.take(
        rowsOf(...Array.from({ length: 50 }, (_, i): [number, number] => [from + i + 1, 1])),
        1,
        from === 0,
      );
    expect(store.size).toBeGreaterThan(120);
    expect(store.size + store.forgotten).toBe(1000);
    const kept = Array.from({ length: store.size }, (_, i) => store.forgotten + 1 + i);
    expect(kept.map((_, i) => store.row(i)?.packet)).toEqual(kept);
    expect(kept.map((packet) => store.indexOf(packet))).toEqual(kept.map((_, i) => i));
    for (let packet = 1; packet <= store.forgotten; packet += 1) expect(store.indexOf(packet)).toBe(-1);
  });

  it('takes a packet that it let go for a new one', () => {
    const store = new PacketStore(64);
    const lives = (from: number, count: number) =>
      rowsOf(...Array.from({ length: count }, (_, i): [number, number] => [from + i, 1]));
    store.take(lives(1, 65), 1, true);
    expect(store.indexOf(1)).toBe(-1);
    store.take(lives(1, 1), 1, false);
    expect(store.row(store.indexOf(1))?.packet).toBe(1);
    store.take(lives(100, 200), 1, false);
    expect(store.indexOf(1)).toBe(-1);
    expect(store.row(store.indexOf(299))?.packet).toBe(299);
  });

  it('tells which rows have changed since a version, in order', () => {
    const store = new PacketStore(4096);
    const changed = (version: number, from = 0, to = store.size) => {
      const found: number[] = [];
      store.eachChanged(version, from, to, (index) => found.push(index));
      return found;
    };
    store.take(rowsOf(...Array.from({ length: 3000 }, (_, i): [number, number] => [i + 1, 1])), 1, true);
    const version = store.version();
    expect(changed(0)).toHaveLength(3000);
    store.take(rowsOf([1, 9], [1500, 9], [2900, 9]), 1, false);
    store.take(rowsOf([5000, 1]), 1, false);
    expect(changed(version)).toEqual([0, 1499, 2899, 3000]);
    expect(changed(version, 1, 2899)).toEqual([1499]);
    store.take(
      rowsOf(...Array.from({ length: 3000 }, (_, i): [number, number] => [10_000 + i, 1])),
      1,
      false,
    );
    const latest = store.version();
    store.take(rowsOf([12_000, 9], [10_000, 9], [5000, 9]), 1, false);
    expect(changed(latest).map((index) => store.row(index)?.packet)).toEqual([5000, 10_000, 12_000]);
  });

  it('passes over what is no list of rows', () => {
    const store = new PacketStore();
    store.take(new ArrayBuffer(77), 1, true);
    expect(store.size).toBe(0);
  });

  it('is sorted and searched without being changed', () => {
    const store = new PacketStore();
    store.take(rowsOf([1, 50], [2, 5], [3, 500]), 1, true);
    const order = orderRows(store, 3, { key: 'duration', descending: true }, null);
    expect([...order].map((i) => store.row(i)?.packet)).toEqual([3, 1, 2]);
    const some = orderRows(store, 2, { key: 'arrival', descending: false }, Uint32Array.of(1, 2));
    expect([...some]).toEqual([1]);
    const visible = Uint32Array.of(0, 2);
    expect([...orderRows(store, 3, { key: 'duration', descending: true }, visible)]).toEqual([2, 0]);
    expect([...visible]).toEqual([0, 2]);
  });

  it('is sorted as its numbers are, alike ones in the order of arrival either way', () => {
    const store = new PacketStore();
    const lives = Array.from({ length: 500 }, (_, i): [number, number] => [
      i + 1,
      [7, 70_000, 5e9, 2 ** 40, 300][(i * 13) % 5] ?? 0,
    ]);
    store.take(rowsOf(...lives), 1, true);
    for (const descending of [false, true]) {
      const sorted = [...orderRows(store, 500, { key: 'duration', descending }, null)];
      const durations = sorted.map((index) => lives[index]?.[1] ?? 0);
      const sign = descending ? -1 : 1;
      expect(durations).toEqual([...durations].sort((a, b) => sign * (a - b)));
      for (const [i, index] of sorted.entries())
        if (i > 0 && durations[i - 1] === durations[i]) expect(sorted[i - 1] ?? 0).toBeLessThan(index);
    }
  });
});

describe('the list', () => {
  const viewport = { scrollTop: 240, height: 480, rowHeight: 24 };

  it('follows only while its end is in view', () => {
    expect(isAtEnd(viewport, 30)).toBe(true);
    expect(isAtEnd(viewport, 40)).toBe(false);
  });

  it('holds the row being read: the selected one when it is in view', () => {
    expect(readingRow(viewport, 100, 15)).toBe(15);
    expect(readingRow(viewport, 100, 80)).toBe(10);
    expect(heldScrollTop(viewport, 15, 25)).toBe(480);
  });
});

describe('the filter being written', () => {
  beforeEach(() => writeExpression(''));
  const running = DEFAULT_SPEC;

  it('is one thing in two views', () => {
    writeForm({ protocol: 'tcp', port: '80' });
    expect(useDraft.getState().expression).toBe('tcp and port 80');
    writeExpression('udp and host 10.1.0.3');
    expect(useDraft.getState().form).toMatchObject({ protocol: 'udp', host: '10.1.0.3', port: '' });
    writeExpression('vlan 7');
    expect(useDraft.getState().form).toBeUndefined();
  });

  it('keeps the last sound expression while a field is half written', () => {
    writeForm({ host: '10.1.0.3' });
    writeForm({ host: '10.1.' });
    expect(useDraft.getState().expression).toBe('host 10.1.0.3');
    expect(draftSpec(useDraft.getState(), running)).toMatchObject({ field: 'form' });
  });

  it('has what stands beside the expression', () => {
    writeDraft({ mark: '0x20/0xf0', netns: '42', interface: 'br0', pid: '' });
    expect(draftSpec(useDraft.getState(), running)).toMatchObject({
      filter: { mark: { value: 0x20, mask: 0xf0 }, netns: 42, interface: 'br0' },
    });
    writeDraft({ mark: 'red' });
    expect(draftSpec(useDraft.getState(), running)).toMatchObject({ field: 'mark' });
    writeDraft({ mark: '', netns: '', interface: '' });
  });
});

describe('what a tunnel carries', () => {
  const inner = (text: string) => ({ ...DEFAULT_SPEC, filter: { ...DEFAULT_SPEC.filter, inner: text } });

  it('is filtered beside the packet itself, and shown as what runs has it', () => {
    writeInner(' port 80 ');
    expect(draftSpec(useDraft.getState(), inner('tcp'))).toMatchObject({
      filter: { expression: '', inner: 'port 80' },
    });
    draftAsked(useDraft.getState());
    adoptSpec(inner('icmp'));
    expect(useDraft.getState().inner).toBe('icmp');
    writeInner('');
    expect(draftSpec(useDraft.getState(), inner('icmp'))).toMatchObject({ filter: { inner: '' } });
  });

  it('must be an expression, and one without a link layer', () => {
    const compiled = (l2: number, l3: number) => ok({ instructions: { l2, l3 } });
    expect(innerProblem(compiled(4, 3))).toBeUndefined();
    expect(innerProblem(compiled(4, 0))?.code).toBe('FILTER_UNSUPPORTED');
    expect(innerProblem(fail('FILTER_SYNTAX', 'no', 3))).toMatchObject({ message: 'no', position: 3 });
    expect(innerProblem(fail('OFFLINE', 'nobody there'))).toBeUndefined();
    writeInner('portt 80');
    sayProblem({ innerProblem: { code: 'FILTER_SYNTAX', message: 'no portt' } });
    expect(draftSpec(useDraft.getState(), DEFAULT_SPEC)).toEqual({ field: 'inner', message: 'no portt' });
    writeInner('port 80');
    expect(draftSpec(useDraft.getState(), DEFAULT_SPEC)).toMatchObject({ filter: { inner: 'port 80' } });
    writeInner('');
  });
});

describe('what runs', () => {
  const spec = (expression: string) => ({ ...DEFAULT_SPEC, filter: { ...DEFAULT_SPEC.filter, expression } });
  const shown = () => useDraft.getState().expression;

  it('is what the bar shows, until the person writes something else', () => {
    useDraft.setState({ settled: useDraft.getState().edits });
    adoptSpec(spec('icmp'));
    expect(shown()).toBe('icmp');
    writeForm({ protocol: 'tcp' });
    adoptSpec(spec('arp'));
    expect(shown()).toBe('tcp');
  });

  it('comes back once it is what was asked for, but not over what was written on meanwhile', () => {
    writeExpression('udp');
    draftAsked(useDraft.getState());
    adoptSpec(spec('udp'));
    expect(shown()).toBe('udp');
    const asked = useDraft.getState();
    writeExpression('udp port 53');
    draftAsked(asked);
    adoptSpec(spec('udp'));
    expect(shown()).toBe('udp port 53');
  });

  it('may have other probes while a filter is being written', () => {
    writeExpression('udp port 67');
    adoptProbes(planOf('all'));
    expect(useDraft.getState()).toMatchObject({
      expression: 'udp port 67',
      probes: planOf('all'),
    });
    adoptSpec(spec('icmp'));
    expect(shown()).toBe('udp port 67');
    adoptProbes(planOf('default'));
  });

  it('leaves alone what was refused', () => {
    writeExpression('udp portt');
    draftAsked(useDraft.getState());
    draftRefused(useDraft.getState(), { code: 'FILTER_SYNTAX', message: 'no portt' });
    adoptSpec(spec('icmp'));
    expect(useDraft.getState()).toMatchObject({
      expression: 'udp portt',
      problem: { code: 'FILTER_SYNTAX' },
    });
    writeExpression('');
  });

  it('is not told what was wrong with another one, which was asked for before', () => {
    writeExpression('icmp andd host 10.1.0.3');
    const asked = useDraft.getState();
    draftAsked(asked);
    writeExpression('udp and port 7000');
    draftRefused(asked, { code: 'FILTER_SYNTAX', message: 'no andd', position: 5 });
    expect(useDraft.getState().problem).toBeUndefined();
    writeExpression('');
  });
});

describe('commands', () => {
  const press = (key: string, more = {}) => ({
    key,
    code: '',
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...more,
  });

  it('run by their keys, not in fields, not when off', () => {
    const list = new CommandList();
    const run = vi.fn();
    const off = list.register([{ id: 'a', title: 'A', group: 'Page', keys: [{ key: 'j' }], run }]);
    expect(list.press(press('j'), false)).toBe(true);
    expect(list.press(press('j'), true)).toBe(false);
    expect(list.press(press('j', { ctrlKey: true }), false)).toBe(false);
    off();
    expect(list.press(press('j'), false)).toBe(false);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('show their keys', () => {
    expect(keyLabel({ key: 'f', mod: true })).toBe('Ctrl+F');
    expect(keyLabel({ key: 'ArrowLeft' })).toBe('←');
  });
});

it('a loss is counted once, wherever it shows up', () => {
  const tracer = { ...NO_STATS, events: 100, lostRing: [3, 4], missed: 1, undelivered: 2 };
  const session = {
    packets: 0,
    hops: 0,
    missing: 9,
    malformed: 5,
    unnumbered: 0,
    evicted: 0,
    bytes: 0,
    budgetBytes: 1,
  };
  expect(
    lossReport(
      {
        tracer,
        session,
        eventsPerSecond: 0,
        packetsPerSecond: 0,
        nowNs: undefined,
        keeping: NOT_KEPT,
        freezing: { phase: 'off', why: 'a test' },
        shedRows: 8,
      },
      0,
    ).lostEvents,
  ).toBe(3 + 4 + 1 + 2 + 5);
});

it('what is no lost event does not count as one', () => {
  const tracer = {
    ...NO_STATS,
    trackFull: [2],
    stackFull: [1, 2],
    rateLimited: [5],
    longLived: 1,
    oldestNs: 42e9,
  };
  const session = {
    packets: 0,
    hops: 0,
    missing: 0,
    malformed: 0,
    unnumbered: 0,
    evicted: 0,
    bytes: 0,
    budgetBytes: 1,
  };
  const report = lossReport(
    {
      tracer,
      session,
      eventsPerSecond: 0,
      packetsPerSecond: 0,
      nowNs: undefined,
      keeping: NOT_KEPT,
      freezing: { phase: 'off', why: 'a test' },
      shedRows: 0,
    },
    0,
  );
  expect(report).toMatchObject({ lostEvents: 0, unfollowed: 2 });
  const counted = (losses: typeof report.losses) =>
    losses.filter(({ count }) => count > 0).map(({ where, count, unit }) => `${where}: ${count} ${unit}`);
  expect(counted(report.losses)).toEqual([
    'Tracking table full, CPU 0: 2 packets',
    'Stack table full, CPU 0: 1 stacks',
    'Stack table full, CPU 1: 2 stacks',
  ]);
  expect(counted(report.notShown)).toEqual(['Flow rate: 5 packets', 'Followed for long: 1 packets']);
  expect(report.notShown.map(({ meaning }) => meaning).join()).toContain('the oldest for 42.0 s');
});

it('the worst thing that is the case is what the page says', () => {
  const gone = {
    source: { phase: 'gone', kind: 'lab', note: 'x' },
    capture: { phase: 'idle' },
    session: 1,
    labReason: '',
  } as const;
  expect(situationOf({ phase: 'offline', since: 0 }, gone).kind).toBe('offline');
  expect(situationOf({ phase: 'online' }, gone).kind).toBe('source-gone');
  expect(situationOf({ phase: 'online' }, null).kind).toBe('connecting');
});

describe('the timeline', () => {
  const names = new NameBook();
  names.take({
    functions: ['ip_output', 'br_forward', 'ip_rcv', 'icmp_rcv'].map((name, i) => ({
      id: i + 1,
      name,
      module: '',
      argument: 1,
      isDefault: true,
    })),
    namespaces: ['web', 'host', 'db'].map((name, i) => ({
      inode: i + 1,
      name,
      origin: 'named' as const,
      interfaces: [
        { ifindex: 2, name: 'eth0' },
        { ifindex: 3, name: 'br0' },
      ],
    })),
    reasons: [{ value: 3, name: 'NO_SOCKET' }],
  });
  const path = readPath(
    batch(
      hop({ func: 1, netns: 1, time: 0 }),
      hop({ func: 1, netns: 1, ifindex: 2, time: 10 }),
      hop({ func: 2, netns: 2, ifindex: 3, time: 20 }),
      hop({ func: 2, netns: 2, ifindex: 2, time: 30 }),
      hop({ func: 3, netns: 3, ifindex: 2, time: 1000 }),
      hop({ time: 1010, drop: { reason: 3, location: 16 } }),
    ),
    1,
  );

  it('has a band for each namespace and a lane for each interface, in the order of the way', () => {
    const layout = layOut(path.hops, names, 'sequence');
    expect(layout.bands.map((band) => band.netnsName)).toEqual(['web', 'host', 'db']);
    expect(layout.lanes.map((lane) => lane.name)).toEqual(['', 'eth0', 'br0', 'eth0', 'eth0']);
    const ends = layout.lanes.map((lane) => lane.y + lane.height);
    expect(layout.lanes.slice(1).every((lane, i) => lane.y >= (ends[i] ?? 0))).toBe(true);
  });

  it('leaves a drop where the packet was last', () => {
    const marks = layOut(path.hops, names, 'sequence').marks;
    expect(marks.at(-1)).toMatchObject({ label: 'NO_SOCKET', lane: 4 });
  });

  it('is even in steps and true in time', () => {
    expect(layOut(path.hops, names, 'sequence').marks.map((mark) => mark.at)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(layOut(path.hops, names, 'linear').marks.map((mark) => mark.at)).toEqual([
      0, 10, 20, 30, 1000, 1010,
    ]);
  });

  it('never lets labels of a lane run into each other, and always has the drop', () => {
    const { marks } = layOut(path.hops, names, 'sequence');
    const chosen = chooseLabels(
      marks,
      (mark) => 100 + mark.at * 10,
      (text) => text.length * 6,
      400,
    );
    expect(chosen.has(5)).toBe(true);
    expect(chosen.has(4)).toBe(false);
  });
});
