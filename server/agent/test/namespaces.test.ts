import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadAddon, NativeError } from '../../../native/index.ts';
import { NamespaceTable } from '../namespaces.ts';

const OWN = '/proc/self/ns/net';
const own = statSync(OWN).ino;

describe('NamespaceTable', () => {
  it('tells the namespace that it is in first, with its interfaces, and tells a change once', async () => {
    let interfaces = [{ ifindex: 1, name: 'lo' }];
    const table = new NamespaceTable(async () => interfaces);
    expect(await table.refresh(true)).toBe(true);
    expect(table.namespaces[0]).toEqual({ inode: own, name: 'host', origin: 'host', interfaces });
    expect(await table.refresh(true)).toBe(false);
    interfaces = [...interfaces, { ifindex: 2, name: 'eth0' }];
    expect(await table.refresh(false)).toBe(false); // none came or went: nobody is asked
    expect(await table.refresh(true)).toBe(true);
    expect(table.namespaces[0]?.interfaces).toEqual(interfaces);
  });

  it('keeps what it knows of a namespace that cannot be read any more', async () => {
    let isThere = true;
    const table = new NamespaceTable(async () => {
      if (!isThere) throw new NativeError('NETNS_GONE', 'it is gone');
      return [{ ifindex: 1, name: 'lo' }];
    });
    await table.refresh(true);
    isThere = false;
    expect(await table.refresh(true)).toBe(false);
    expect(table.namespaces[0]?.interfaces).toEqual([{ ifindex: 1, name: 'lo' }]);
  });
});

describe('interfaces of the addon', () => {
  const addon = loadAddon();

  it('are those of the namespace that the file stands for', async () => {
    const read = addon.interfaces(OWN).then(
      (list) => list.map(({ ifindex, name }) => `${ifindex} ${name}`).sort(),
      (error: unknown) => error,
    );
    const there = readdirSync('/sys/class/net')
      .filter((name) => name !== 'bonding_masters')
      .map((name) => `${readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8').trim()} ${name}`);
    const found = await read;
    // without privileges a namespace, even one's own, cannot be entered
    if (found instanceof NativeError) expect(found.code).toBe('NETNS_REFUSED');
    else expect(found).toEqual(there.sort());
  });

  it('are refused for what is no namespace', async () => {
    await expect(addon.interfaces('/proc/0/ns/net')).rejects.toMatchObject({ code: 'NETNS_GONE' });
    await expect(addon.interfaces('/dev/null')).rejects.toMatchObject({ code: 'NETNS_REFUSED' });
  });
});
