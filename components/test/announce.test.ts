import { beforeEach, describe, expect, it, vi } from 'vitest';
import { VERDICT } from '../../core/model/packet.ts';
import { packedRows, type RowFields } from '../../core/wire/test/rows.ts';
import { announce, useAnnouncements } from '../state/announce.ts';
import { DropKinds } from '../state/packets/drop-kinds.ts';
import { PacketStore } from '../state/packets/store.ts';
import { type Missing, nowMissing, type Situation } from '../state/session.ts';

vi.stubGlobal('requestAnimationFrame', (callback: () => void) => callback());

describe('kinds of drops', () => {
  let store: PacketStore;
  let kinds: DropKinds;
  const dropped = (packet: number, reason: number): RowFields => ({
    packet,
    reason,
    verdict: VERDICT.dropped,
  });
  const take = (session: number, ...rows: readonly RowFields[]) =>
    store.take(packedRows(...rows), session, false);

  beforeEach(() => {
    store = new PacketStore();
    kinds = new DropKinds(store);
  });

  it('are new once in a session, also when a row that was there turns into a drop', () => {
    take(1, { packet: 1 }, dropped(2, 7), dropped(3, 7));
    expect(kinds.fresh()).toEqual([7]);
    expect(kinds.fresh()).toEqual([]);
    take(1, dropped(1, 9), dropped(4, 7));
    expect(kinds.fresh()).toEqual([9]);
    take(2, dropped(1, 7));
    expect(kinds.fresh()).toEqual([7]);
  });

  it('are none of packets that were not dropped, whatever their rows have in that place', () => {
    take(1, { packet: 1, reason: 7, verdict: VERDICT.delivered });
    expect(kinds.fresh()).toEqual([]);
  });
});

it('what is announced is kept for a while, and the same thing twice is two', () => {
  for (let i = 0; i < 5; i += 1) announce('again');
  const { said } = useAnnouncements.getState();
  expect(said.map(({ text }) => text)).toEqual(Array(4).fill('again'));
  expect(new Set(said.map(({ id }) => id)).size).toBe(4);
});

it('says when server, source and capture are back, and nothing while the page only opens', () => {
  const said = (...kinds: readonly Situation['kind'][]) => {
    let missing: Missing = '';
    return kinds.flatMap((kind) => {
      const next = nowMissing(missing, kind);
      missing = next.missing;
      return next.text === '' ? [] : [next.text];
    });
  };
  expect(said('connecting', 'source-starting', 'capture-starting', 'running')).toEqual([]);
  expect(said('running', 'source-gone', 'source-starting', 'stopped', 'capture-starting', 'running')).toEqual(
    ['The source is back, and captures'],
  );
  expect(said('running', 'offline', 'running', 'running')).toEqual(['The server is back']);
  expect(said('running', 'stopped', 'capture-starting', 'running')).toEqual([
    'The capture is stopped',
    'Capturing',
  ]);
});
