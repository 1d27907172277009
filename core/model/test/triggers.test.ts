import { describe, expect, it } from 'vitest';
import { NO_TRIGGER, type TriggerChoice } from '../../messages/freezing.ts';
import { SessionAssembler } from '../assembler.ts';
import { VERDICT } from '../packet.ts';
import { type Trigger, TriggerWatch } from '../triggers.ts';
import { readFrames } from './recording.ts';

const { batches, names } = readFrames('capture');
const tables = {
  functions: [...names.functions.values()],
  reasons: Array.from({ length: 200 }, (_, value) => ({ value, name: names.reasonName(value) })),
};

/** What happened first in each batch of the capture. */
function found(choice: Partial<TriggerChoice>, learnNs = 0) {
  const session = new SessionAssembler();
  session.takeNames(tables);
  const watch = new TriggerWatch({ ...NO_TRIGGER, ...choice }, names, learnNs, session);
  return batches
    .map((records) => {
      session.take(records);
      return watch.look(records);
    })
    .filter((one) => one !== undefined);
}

/** Rows of all packets. */
const memory = new SessionAssembler();
memory.takeNames(tables);
for (const records of batches) memory.take(records);
const rowsOf = (session: SessionAssembler) =>
  [...session.newest(1000)].map((packet) => session.row(packet)).filter((row) => row !== undefined);
const rows = rowsOf(memory);

describe('what is waited for', () => {
  it('is nothing when nothing was chosen', () => expect(found({})).toEqual([]));

  it('is a drop, of these reasons or of any', () => {
    const [first, ...rest] = found({ drops: ['NETFILTER_DROP'] });
    expect(first?.why).toBe('dropped NETFILTER_DROP');
    const row = memory.row(first?.packet ?? 0);
    expect(row?.verdict).toBe(VERDICT.dropped);
    expect(first?.timeNs).toBe(row?.lastNs);
    expect(
      [first, ...rest].every(
        ({ why } = { packet: 0, timeNs: 0, why: '' }) => why === 'dropped NETFILTER_DROP',
      ),
    ).toBe(true);
    expect(found({ drops: [] }).length).toBeGreaterThan(rest.length + 1);
    expect(found({ drops: ['TCP_ZEROWINDOW'] })).toEqual([]);
  });

  it('is a packet that took too long', () => {
    const slow = found({ slowNs: 5e6 });
    expect(slow.length).toBeGreaterThan(0);
    for (const { packet, why } of slow) {
      const row = memory.row(packet);
      expect((row?.lastNs ?? 0) - (row?.firstNs ?? 0)).toBeGreaterThan(5e6);
      expect(why).toMatch(/^took \d/);
    }
    expect(found({ slowNs: 3600e9 })).toEqual([]);
  });

  it('is a reset', () => {
    const resets = new Set(
      rows.filter(({ tcpFlags }) => (tcpFlags & 4) !== 0).map(({ packet }) => Number(packet)),
    );
    const told = found({ resets: true });
    expect(told.length > 0).toBe(resets.size > 0);
    for (const { packet, why } of told) {
      expect(resets).toContain(packet);
      expect(why).toBe('TCP RST');
    }
  });

  it('is a path that was not there in the beginning', () => {
    const all = found({ newPaths: true }, -1);
    const later = found({ newPaths: true }, 3e9);
    expect(all.length).toBeGreaterThan(later.length);
    for (const { timeNs } of later) expect(timeNs).toBeGreaterThan(3e9);
  });

  it('is nothing that there was before somebody waited', () => {
    const session = new SessionAssembler();
    session.takeNames(tables);
    for (const records of batches) session.take(records);
    const watch = new TriggerWatch({ ...NO_TRIGGER, drops: [] }, names, 0, session);
    expect(watch.look(new Uint8Array())).toBeUndefined();
  });

  it('is told once for each packet', () => {
    const told = found({ drops: [], slowNs: 1, newPaths: true, resets: true, retransmits: true });
    expect(new Set(told.map(({ packet }) => packet)).size).toBe(told.length);
  });
});

it('is a datagram that a bridge doubled, once for each; and none that arrives once', () => {
  const { batches: tasks, names: tasksNames } = readFrames('tasks');
  const all = new SessionAssembler();
  const watch = new TriggerWatch({ ...NO_TRIGGER, duplicates: true }, tasksNames, 0, all);
  all.takeNames({ functions: [...tasksNames.functions.values()] });
  const told: Trigger[] = [];
  for (const records of tasks) {
    all.take(records);
    const one = watch.look(records);
    if (one !== undefined) told.push(one);
  }
  expect(told.length).toBeGreaterThan(0);
  for (const { packet, why } of told) {
    expect(why).toBe('a duplicate of what a socket had already');
    const row = all.row(packet);
    const parent = all.row(row?.parent ?? 0);
    const children = rowsOf(all).filter((child) => child.parent === packet);
    const other = [parent, ...children].find((one) => one?.verdict === VERDICT.delivered);
    expect(row?.verdict).toBe(VERDICT.delivered);
    // before the translation of one of them their ports differ
    expect(other?.sport, `the other one of packet ${packet}`).toBe(row?.sport);
  }
  expect(found({ duplicates: true })).toEqual([]);
});
