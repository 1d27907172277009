import { expect, it } from 'vitest';
import { stageOf } from '../../stages.ts';
import { WAYPOINTS } from '../../waypoints.ts';
import { aboutWait, isWait, PLACES, PlaceTable, WAIT_IDS, WAITS } from '../places.ts';

const table = new PlaceTable();
const functions = WAYPOINTS.map(({ name }, i) => ({
  id: i + 1,
  name,
  module: '',
  argument: 1,
  isDefault: true,
}));
table.take(functions);

it('every function is in its part of the stack, an unknown one in none', () => {
  for (const { id, name } of functions) expect(PLACES[table.stage(id)]).toBe(stageOf(name));
  expect(PLACES[table.stage(99_999)]).toBe('other');
  expect([table.enters(99_999), table.leaves(99_999)]).toEqual([0, 0]);
});

it('waits are in the order of their names, and each is explained', () => {
  expect(WAITS.map(({ id }) => id)).toEqual(WAIT_IDS);
  for (const id of WAIT_IDS) expect(aboutWait(id)).toMatch(/\.$/);
  expect([isWait('softirq backlog'), isWait('netfilter')]).toEqual([true, false]);
});

it('the default probes tell queue, backlog and socket queue apart', () => {
  const of = (holds: (id: number) => number) =>
    functions.filter(({ id }) => holds(id) !== 0).map(({ name }) => name);
  expect(of((id) => table.enters(id))).toEqual(
    expect.arrayContaining(['enqueue_to_backlog', 'dev_qdisc_enqueue', '__udp_enqueue_schedule_skb']),
  );
  expect(of((id) => table.enters(id))).not.toContain('__dev_queue_xmit');
  const compiled = new PlaceTable();
  compiled.take([{ id: 1, name: 'dev_qdisc_enqueue.isra.0', module: '', argument: 1, isDefault: true }]);
  expect(compiled.enters(1)).toBe(
    table.enters(functions.find(({ name }) => name === 'dev_qdisc_enqueue')?.id ?? 0),
  );
});
