/**
 * What is made of the real output of `ip` and `lsns`: fixtures/ip-*.txt, taken in the lab in its sample network with a
 * bond, VLAN, VXLAN, GRE, WireGuard, a macvlan and a namespace without a name added.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { type Topology, topologySchema } from '../../../core/messages/topology.ts';
import { readIpOutput } from '../ip-output.ts';
import type { Seen } from '../namespaces.ts';
import { type Run, TopologyTable } from '../topology.ts';

interface Place {
  readonly name: string;
  readonly inode: number;
  readonly stdout: string;
}

/** Outputs by place: `== name inode`, then what was printed there. */
function recorded(kernel: string): ReadonlyMap<string, Place> {
  const text = readFileSync(join(import.meta.dirname, 'fixtures', `ip-${kernel}.txt`), 'utf8');
  const places = text.split(/^== /m).slice(1);
  return new Map(
    places.map((place) => {
      const [head = '', ...lines] = place.split('\n');
      const [name = '', inode = ''] = head.split(' ');
      return [name, { name, inode: Number(inode), stdout: lines.join('\n') }] as const;
    }),
  );
}

const foundIn = (places: ReadonlyMap<string, Place>): Seen[] =>
  [...places.values()]
    .filter(({ name }) => name !== 'lsns')
    .map(({ name, inode }) => ({
      inode,
      name,
      origin: name === 'host' ? 'host' : name === 'sleep' ? 'process' : 'named',
      enter: name === 'host' ? [] : ['enter', name],
      file: `/run/netns/${name}`,
      pid: name === 'sleep' ? '77' : '',
      key: '',
    }));

function tableOf(
  places: ReadonlyMap<string, Place>,
  run?: Run,
  find: () => readonly Seen[] = () => foundIn(places),
) {
  const ran: string[] = [];
  const table = new TopologyTable({
    find,
    inodeOfName: (name) => places.get(name)?.inode,
    cgroupOf: (pid) => Number(pid) + 1000,
    run:
      run ??
      (async (command) => {
        ran.push(command.slice(0, 3).join(' '));
        const place = command[0] === 'lsns' ? 'lsns' : command[0] === 'enter' ? (command[1] ?? '') : 'host';
        return { ok: true, stdout: places.get(place)?.stdout ?? '' };
      }),
  });
  return { table, ran };
}

/** `host/vweb -> web/eth0` and so on, for all that has a far end. */
function wires({ namespaces }: Topology): string[] {
  const name = (netns: number, ifindex: number) => {
    const place = namespaces.find(({ inode }) => inode === netns);
    return `${place?.name ?? '?'}/${place?.links.find((link) => link.ifindex === ifindex)?.name ?? ifindex}`;
  };
  return namespaces.flatMap(({ inode, links }) =>
    links.flatMap(({ ifindex, far }) =>
      far === undefined ? [] : [`${name(inode, ifindex)} -> ${name(far.netns, far.ifindex)}`],
    ),
  );
}

describe.each(['6.12', '6.1'])('what ip prints on %s', (kernel) => {
  const places = recorded(kernel);

  it('becomes the wiring: every far end with its namespace, also of one that has no name', async () => {
    const { table, ran } = tableOf(places);
    expect(await table.refresh()).toBe(true);
    expect(v.is(topologySchema, table.topology)).toBe(true);
    expect(wires(table.topology).sort()).toEqual([
      'db/eth0 -> host/vdb', 'far/vx7 -> far/w1', 'far/w1 -> lan/w0', 'host/bnd.42 -> host/bnd',
      'host/p0 -> lan/e0', 'host/p1 -> lan/e1', 'host/vdb -> db/eth0', 'host/vout -> outside/eth0',
      'host/vp -> sleep/eth0', 'host/vweb -> web/eth0', 'lan/e0 -> host/p0', 'lan/e1 -> host/p1',
      'lan/mv0 -> lan/e0', 'lan/w0 -> far/w1', 'outside/eth0 -> host/vout', 'sleep/eth0 -> host/vp',
      'web/eth0 -> host/vweb',
    ]); // biome-ignore format: a table
    expect(ran).toHaveLength(8);
    expect(await table.refresh()).toBe(false);
  });

  it('says what each interface is', async () => {
    const { table } = tableOf(places);
    await table.refresh();
    const link = (netns: string, name: string) =>
      table.topology.namespaces.find((one) => one.name === netns)?.links.find((one) => one.name === name);
    expect(link('web', 'eth0')).toMatchObject({
      ifindex: 2, kind: 'veth', isUp: true, hasCarrier: true, mtu: 1500, master: '',
      mac: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
    }); // biome-ignore format: short
    expect(link('web', 'eth0')?.addresses.slice(0, 2)).toEqual(['10.1.0.2/24', 'fd00:1::2/64']);
    expect(link('host', 'br0')).toMatchObject({ kind: 'bridge', notes: [] });
    expect(link('host', 'vweb')).toMatchObject({ master: 'br0', notes: ['hairpin'] });
    expect(link('host', 'vdb')).toMatchObject({ master: 'br0', notes: [] });
    expect(link('host', 'eth0')).toMatchObject({ kind: 'physical', notes: [] });
    expect([link('host', 'br0')?.far, link('host', 'eth0')?.far]).toEqual([undefined, undefined]);
    expect(link('web', 'lo')).toMatchObject({ kind: 'loopback', mac: '' });
    expect(link('host', 'bnd')).toMatchObject({ kind: 'bond', notes: ['mode active-backup', 'active p0'] });
    expect(link('host', 'p1')).toMatchObject({ master: 'bnd', notes: ['backup in bond'], hasCarrier: false });
    expect(link('host', 'bnd.42')).toMatchObject({ kind: 'vlan', tag: '42', isUp: false });
    expect(link('far', 'vx7')).toMatchObject({
      kind: 'vxlan',
      tag: '7',
      local: '192.0.2.8',
      remote: '192.0.2.9',
    });
    expect(link('far', 'gre1')).toMatchObject({ kind: 'gre', tag: '5', remote: '192.0.2.9' });
    expect(link('far', 'gre0')).toMatchObject({ kind: 'gre', tag: '', local: '', remote: '' });
    expect(link('far', 'wg0')).toMatchObject({ kind: 'wireguard', mac: '' });
    expect(link('lan', 'mv0')).toMatchObject({ kind: 'macvlan', notes: ['mode bridge'] });
    const place = (name: string) => table.topology.namespaces.find((one) => one.name === name);
    expect(place('web')?.defaultRoutes).toEqual(['via 10.1.0.1 dev eth0']);
    expect(place('outside')?.defaultRoutes).toEqual([]);
    expect([place('web')?.cgroup, place('sleep')?.cgroup]).toEqual([0, 1077]);
  });
});

describe('what is asked again', () => {
  const places = recorded('6.12');

  function changing() {
    const state = {
      keys: new Map(foundIn(places).map(({ name }) => [name, 'a'])),
      seen: (one: Seen): Seen => one,
      broken: '',
    };
    const ran: string[] = [];
    const run: Run = async (command) => {
      const place = command[0] === 'lsns' ? 'lsns' : command[0] === 'enter' ? (command[1] ?? '') : 'host';
      ran.push(place);
      if (place === state.broken) return { ok: false, reason: 'no answer in 5 s' };
      return { ok: true, stdout: places.get(place)?.stdout ?? '' };
    };
    const find = () =>
      foundIn(places).flatMap((one) => {
        const key = state.keys.get(one.name);
        return key === undefined ? [] : [state.seen({ ...one, key })];
      });
    const { table } = tableOf(places, run, find);
    /** What is run in a round. */
    const round = async () => {
      ran.length = 0;
      const isNew = await table.refresh();
      return { ran: [...ran].sort(), isNew };
    };
    return { state, table, round };
  }

  it('is nothing when nothing has changed, and what is told is the same', async () => {
    const { table, round } = changing();
    expect((await round()).ran).toHaveLength(8);
    const told = table.topology;
    expect(await round()).toEqual({ ran: [], isNew: false });
    expect(table.topology).toEqual(told);
  });

  it('is the namespace that has changed, and which ids there are', async () => {
    const { state, round } = changing();
    await round();
    state.keys.set('db', 'b');
    expect((await round()).ran).toEqual(['db', 'lsns']);
    expect((await round()).ran).toEqual([]);
  });

  it('is the one whose state is not known, as often as it is looked at', async () => {
    const { state, round } = changing();
    state.keys.set('web', '');
    await round();
    expect((await round()).ran).toEqual(['lsns', 'web']);
    expect((await round()).ran).toEqual(['lsns', 'web']);
  });

  it('is what gave no answer', async () => {
    const { state, table, round } = changing();
    state.broken = 'db';
    await round();
    expect((await round()).ran).toEqual(['db', 'lsns']);
    state.broken = 'lsns';
    expect((await round()).ran).toEqual(['db', 'lsns']);
    expect((await round()).ran).toEqual(['lsns']);
    state.broken = '';
    expect((await round()).ran).toEqual(['lsns']);
    expect((await round()).ran).toEqual([]);
    expect(wires(table.topology)).toContain('host/vp -> sleep/eth0');
  });

  it('is one that has come; of one that has gone, only which ids there are', async () => {
    const { state, table, round } = changing();
    state.keys.delete('sleep');
    await round();
    expect(wires(table.topology)).not.toContain('sleep/eth0 -> host/vp');
    state.keys.set('sleep', 'a');
    expect(await round()).toEqual({ ran: ['lsns', 'sleep'], isNew: true });
    expect(wires(table.topology)).toContain('sleep/eth0 -> host/vp');
    state.keys.delete('sleep');
    expect(await round()).toEqual({ ran: ['lsns'], isNew: true });
    expect((await round()).ran).toEqual([]);
  });

  it('is everything when `ip netns` has other names, which ids are told by', async () => {
    const { state, round } = changing();
    await round();
    state.seen = (one) => (one.name === 'sleep' ? { ...one, name: 'nap', origin: 'named' } : one);
    expect((await round()).ran).toHaveLength(8);
    expect((await round()).ran).toEqual([]);
  });

  it('is not what only another process stands for now', async () => {
    const { state, table, round } = changing();
    await round();
    state.seen = (one) => (one.name === 'sleep' ? { ...one, pid: '78' } : one);
    expect(await round()).toEqual({ ran: [], isNew: true });
    expect(table.topology.namespaces.find(({ name }) => name === 'sleep')?.cgroup).toBe(1078);
  });
});

describe('a namespace that cannot be asked', () => {
  const places = recorded('6.12');

  it('is told with the reason, and keeps what was known of it', async () => {
    let isBroken = true;
    const { table } = tableOf(places, async (command) => {
      const place = command[0] === 'lsns' ? 'lsns' : command[0] === 'enter' ? (command[1] ?? '') : 'host';
      if (place === 'db' && isBroken) return { ok: false, reason: 'no answer in 5 s' };
      return { ok: true, stdout: places.get(place)?.stdout ?? '' };
    });
    const db = () => table.topology.namespaces.find(({ name }) => name === 'db');
    await table.refresh();
    expect(db()).toMatchObject({ links: [], problem: 'no answer in 5 s' });
    // the other end knows all the same where it leads
    expect(wires(table.topology)).toContain('host/vdb -> db/2');
    isBroken = false;
    expect(await table.refresh()).toBe(true);
    expect(db()?.problem).toBe('');
    isBroken = true;
    expect(await table.refresh()).toBe(true);
    expect(db()?.problem).toBe('no answer in 5 s');
    expect(db()?.links.length).toBeGreaterThan(1);
  });

  it('that prints nonsense is told so; one that is gone is told no more', async () => {
    const { table } = tableOf(places, async () => ({ ok: true, stdout: 'Object "addr" is unknown\n' }));
    await table.refresh();
    expect(table.topology.namespaces.every(({ problem }) => problem.includes('something else'))).toBe(true);
  });

  it('interfaces that go while they are listed are left out', () => {
    const read = readIpOutput('[{},{"ifindex":3,"ifname":"x"},{}]\n[]\n[]\n');
    expect(read?.links.map(({ link }) => [link.ifindex, link.kind])).toEqual([[3, 'physical']]);
    expect(readIpOutput('')).toBeUndefined();
  });
});
