import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAddon, type Network } from '../../../native/index.ts';
import { type NamespaceAddon, NamespaceTable } from '../namespaces.ts';

const OWN = '/proc/self/ns/net';
const own = statSync(OWN).ino;
const LO = { ifindex: 1, name: 'lo' };

/** With one more namespace, of a process that may not be there at all. */
const OTHER = { inode: 4_026_599_999, pid: 4_194_305 };

function addonOf() {
  const state: {
    named: { inode: number; name: string }[];
    processes: (typeof OTHER)[];
    networks: Map<string, Network>;
    looks: string[][];
  } = {
    named: [],
    processes: [],
    networks: new Map([[OWN, { interfaces: [LO], key: 'a' }]]),
    looks: [],
  };
  const addon: NamespaceAddon = {
    networkPlaces: async () => ({ named: state.named, processes: state.processes }),
    async networks(files) {
      state.looks.push([...files]);
      return files.map((file) => state.networks.get(file));
    },
  };
  return { state, table: new NamespaceTable(addon) };
}

describe('NamespaceTable', () => {
  it('tells the namespace that it is in first, with its interfaces, and tells a change once', async () => {
    const { state, table } = addonOf();
    expect(await table.refresh(true)).toBe(true);
    expect(table.namespaces[0]).toEqual({ inode: own, name: 'host', origin: 'host', interfaces: [LO] });
    expect(table.seen[0]).toMatchObject({ inode: own, file: OWN, key: 'a' });
    expect(await table.refresh(true)).toBe(false);
    const interfaces = [LO, { ifindex: 2, name: 'eth0' }];
    state.networks.set(OWN, { interfaces, key: 'b' });
    expect(await table.refresh(false)).toBe(false); // none came or went: nobody is asked
    expect(state.looks).toHaveLength(2);
    expect(table.seen[0]?.key).toBe('a');
    expect(await table.refresh(true)).toBe(true);
    expect(table.namespaces[0]?.interfaces).toEqual(interfaces);
    expect(table.seen[0]?.key).toBe('b');
  });

  it('tells that another way to a namespace changed nothing of it, though it is another key', async () => {
    const { state, table } = addonOf();
    await table.refresh(true);
    state.networks.set(OWN, { interfaces: [LO], key: 'b' });
    expect(await table.refresh(true)).toBe(false);
    expect(table.seen[0]?.key).toBe('b');
  });

  it('looks into all when one has come or gone', async () => {
    const { state, table } = addonOf();
    await table.refresh(false);
    state.processes = [OTHER];
    const file = `/proc/${OTHER.pid}/ns/net`;
    state.networks.set(file, { interfaces: [LO], key: 'x' });
    expect(await table.refresh(false)).toBe(true);
    expect(state.looks.at(-1)).toEqual(expect.arrayContaining([OWN, file]));
    const name = `process(${OTHER.pid})`;
    expect(table.namespaces.at(-1)).toEqual({
      inode: OTHER.inode,
      name,
      origin: 'process',
      interfaces: [LO],
    });
    expect(table.seen.at(-1)).toMatchObject({ key: 'x', pid: String(OTHER.pid) });
    state.processes = [];
    expect(await table.refresh(false)).toBe(true);
    expect(state.looks).toHaveLength(3);
    expect(table.namespaces.some(({ inode }) => inode === OTHER.inode)).toBe(false);
  });

  it('takes a name before a process, and the own namespace before both', async () => {
    const { state, table } = addonOf();
    state.named = [
      { inode: own, name: 'mine' },
      { inode: OTHER.inode, name: 'web' },
      { inode: OTHER.inode, name: 'web-too' },
    ];
    state.processes = [{ inode: own, pid: 1 }, OTHER];
    await table.refresh(true);
    expect(table.seen).toEqual([
      { inode: own, name: 'host', origin: 'host', enter: [], file: OWN, pid: '', key: 'a' },
      {
        inode: OTHER.inode,
        name: 'web',
        origin: 'named',
        enter: ['nsenter', '--net=/run/netns/web', '--'],
        file: '/run/netns/web',
        pid: String(OTHER.pid),
        key: '',
      },
    ]);
  });

  it('keeps what it knows of a namespace that cannot be read any more', async () => {
    const { state, table } = addonOf();
    await table.refresh(true);
    state.networks.clear();
    expect(await table.refresh(true)).toBe(false);
    expect(table.namespaces[0]?.interfaces).toEqual([LO]);
    expect(table.seen[0]?.key).toBe('');
  });
});

describe('networks of the addon', () => {
  const addon = loadAddon();

  it('have the interfaces of the namespace that the file stands for', async () => {
    const [network] = await addon.networks([OWN]);
    const there = readdirSync('/sys/class/net')
      .filter((name) => name !== 'bonding_masters')
      .map((name) => `${readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8').trim()} ${name}`);
    // without privileges a namespace, even one's own, cannot be entered
    if (process.getuid?.() !== 0) expect(network).toBeUndefined();
    else
      expect(network?.interfaces.map(({ ifindex, name }) => `${ifindex} ${name}`).sort()).toEqual(
        there.sort(),
      );
  });

  it('are not there for what is no namespace', async () => {
    expect([...(await addon.networks(['/proc/0/ns/net', '/dev/null']))]).toEqual([undefined, undefined]);
    expect(await addon.networks([])).toEqual([]);
  });

  it('are found by processes, each once, with a process that is in it', async () => {
    const { processes } = await addon.networkPlaces('/nowhere');
    expect(processes.map(({ inode }) => inode)).toContain(own);
    expect(new Set(processes.map(({ inode }) => inode)).size).toBe(processes.length);
    const mine = processes.find(({ inode }) => inode === own);
    expect(readlinkSync(`/proc/${mine?.pid}/ns/net`)).toBe(`net:[${own}]`);
  });

  it('are found by the names of a folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'named-'));
    symlinkSync(OWN, join(folder, 'own'));
    symlinkSync('/nowhere', join(folder, 'gone'));
    writeFileSync(join(folder, 'another'), '');
    const inode = statSync(join(folder, 'another')).ino;
    expect((await addon.networkPlaces(folder)).named).toEqual([
      { inode, name: 'another' },
      { inode: own, name: 'own' },
    ]);
    expect((await addon.networkPlaces('/nowhere')).named).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});

/** A namespace of one's own to change: needs root, as tracing does. */
describe.skipIf(process.getuid?.() !== 0)('the key of a network', () => {
  const addon = loadAddon();
  let child: ChildProcess;
  const inside = (command: string) =>
    execFileSync('nsenter', ['-t', `${child.pid}`, '-n', '--', 'bash', '-c', command]);
  const key = async () => (await addon.networks([`/proc/${child.pid}/ns/net`]))[0]?.key;

  beforeAll(async () => {
    child = spawn('unshare', ['--net', 'sh', '-c', 'echo in; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (child.stdout !== null) await once(child.stdout, 'data');
  });
  afterAll(() => child.kill());

  /** True when it is another one after the command. */
  async function changes(command: string): Promise<boolean> {
    const before = await key();
    inside(command);
    const after = await key();
    expect([before, after]).toEqual([
      expect.stringMatching(/^[0-9a-f]{16}$/),
      expect.stringMatching(/^[0-9a-f]{16}$/),
    ]);
    return before !== after;
  }

  it('changes with what the topology shows', async () => {
    for (const command of [
      'ip link set lo up',
      'ip address add 10.9.0.1/24 dev lo',
      'ip address add 10.9.0.1/16 dev lo',
      'ip -6 address add fd00:9::1/64 dev lo nodad',
      'ip route add default dev lo',
      'ip route change default via 10.9.0.7 dev lo',
      'ip route del default',
      'ip link set lo mtu 9000',
    ])
      expect([command, await changes(command)]).toEqual([command, true]);
  });

  it('does not change with anything else', async () => {
    for (const command of [
      'true',
      'ip route add 10.77.0.0/16 dev lo',
      'ip route add default dev lo table 77',
      'ip neighbour add 10.9.0.8 lladdr 02:00:00:00:00:08 dev lo',
      'echo datagram > /dev/udp/10.9.0.1/9',
    ])
      expect([command, await changes(command)]).toEqual([command, false]);
  });
});
