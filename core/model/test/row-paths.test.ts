import { describe, expect, it } from 'vitest';
import { ROW, ROW_BYTES } from '../../wire/rows.ts';
import { batch, type HopFields, hop, lineage } from '../../wire/test/records.ts';
import { PathFold } from '../analysis/fold.ts';
import { PacketSteps, STEPS_MAX } from '../analysis/steps.ts';
import { SessionAssembler } from '../assembler.ts';
import { PATH_BEYOND, PATH_UNKNOWN, PATHS_NUMBERED_MAX, PathTable } from '../path-table.ts';

const steps = (packet: number, time: number, ...fields: readonly HopFields[]): Uint8Array[] =>
  fields.map((one, i) => hop({ packet, time: time + i * 100, netns: 5, ifindex: 2, ...one }));

/** By packet: the number of its path, as its row is sent. */
function numbers(session: SessionAssembler): Readonly<Record<number, number>> {
  const { rows } = session.rowsSince(0, 1000);
  const view = new DataView(rows.buffer);
  return Object.fromEntries(
    Array.from({ length: rows.byteLength / ROW_BYTES }, (_, i) => [
      view.getFloat64(i * ROW_BYTES + ROW.packet, true),
      view.getUint32(i * ROW_BYTES + ROW.path, true),
    ]),
  );
}

function session(...records: readonly Uint8Array[]): SessionAssembler {
  const made = new SessionAssembler();
  made.restart();
  made.take(batch(...records));
  return made;
}

describe('the path of a row', () => {
  it('has one number for all who went the same way', () => {
    const made = session(
      ...steps(1, 0, { func: 1 }, { func: 2 }),
      ...steps(2, 1000, { func: 1 }, { func: 3 }),
      ...steps(3, 2000, { func: 1 }, { func: 2 }),
      ...steps(4, 3000, { func: 1 }, { func: 2, ifindex: 9 }),
    );
    expect(numbers(made)).toEqual({ 1: 1, 2: 2, 3: 1, 4: 3 });
  });

  it('changes as the packet goes on, and is the one of the Paths view', () => {
    const made = session(...steps(1, 0, { func: 1 }), ...steps(2, 50, { func: 1 }, { func: 2 }));
    expect(numbers(made)).toEqual({ 1: 1, 2: 2 });
    made.take(batch(...steps(1, 100, { func: 2 })));
    expect(numbers(made)).toEqual({ 1: 2, 2: 2 });
    // what has no step of its own changes nothing
    made.take(batch(lineage({ packet: 7, parent: 1 })));
    expect(numbers(made)).toEqual({ 1: 2, 2: 2, 7: PATH_UNKNOWN });
    const fold = new PathFold(made, null);
    while (!fold.isDone) fold.advance(9);
    expect(fold.result().paths).toMatchObject([{ number: 2, count: 2 }]);
  });

  it('is not known when its first records are gone', () => {
    const made = new SessionAssembler({ budgetBytes: 2048 });
    made.restart();
    made.take(batch(...steps(1, 0, { func: 1 })));
    expect(numbers(made)).toEqual({ 1: 1 });
    for (let i = 0; i < 40; i += 1) made.take(batch(...steps(2, 1000 + i, { func: 1 })));
    expect(numbers(made)[1], 'nothing new was seen of it').toBe(1);
    made.take(batch(...steps(1, 9000, { func: 2 })));
    expect(numbers(made)[1]).toBe(PATH_UNKNOWN);
  });

  it('is beyond what is told apart when it has too many steps', () => {
    const made = session(...steps(1, 0, ...Array.from({ length: STEPS_MAX + 1 }, () => ({ func: 1 }))));
    expect(numbers(made)).toEqual({ 1: PATH_BEYOND });
    numbers(made);
    expect(made.counters.unnumbered).toBe(1);
  });
});

describe('the table of paths', () => {
  const at = (func: number, fingerprint = func): PacketSteps => {
    const made = new PacketSteps();
    made.what[0] = func;
    made.length = 1;
    made.fingerprint = fingerprint;
    return made;
  };

  it('is full at some time, and knows those that it has', () => {
    const table = new PathTable();
    for (let func = 1; func <= PATHS_NUMBERED_MAX; func += 1) expect(table.numberOf(at(func))).toBe(func);
    expect(table.numberOf(at(1_000_000))).toBe(PATH_BEYOND);
    expect(table.numberOf(at(7))).toBe(7);
    table.clear();
    expect(table.numberOf(at(1_000_000))).toBe(1);
  });

  it('tells apart two paths of one fingerprint', () => {
    const table = new PathTable();
    expect([table.numberOf(at(1, 5)), table.numberOf(at(2, 5)), table.numberOf(at(1, 5))]).toEqual([1, 2, 1]);
  });
});
