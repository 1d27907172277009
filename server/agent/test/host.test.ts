import { describe, expect, it } from 'vitest';
import { type HostFiles, readHost, readPrivileges } from '../host.ts';

const LIST = '/sys/kernel/tracing/available_filter_functions';
const LIST_IN_DEBUGFS = '/sys/kernel/debug/tracing/available_filter_functions';

/** A host with these files; `error` stands for the errno. */
const host = (
  files: Readonly<Record<string, string | { readonly error: string }>>,
  folders: Readonly<Record<string, readonly string[]>> = {},
): HostFiles => ({
  begin(path) {
    const file = files[path] ?? { error: 'ENOENT' };
    return typeof file === 'string' ? { text: file } : file;
  },
  names: (folder) => folders[folder] ?? [],
});

describe('what the host lets us read', () => {
  it('finds tracefs at either place', () => {
    expect(readHost(undefined, host({ [LIST]: 's' })).tracefs.ok).toBe(true);
    expect(readHost(undefined, host({ [LIST_IN_DEBUGFS]: 's' })).tracefs.ok).toBe(true);
  });

  it('says whether tracefs is missing, forbidden, or without the list', () => {
    expect(readHost(undefined, host({})).tracefs).toEqual({
      ok: false,
      detail: expect.stringMatching(/^tracefs is not mounted: .*mount -t tracefs/),
    });
    expect(readHost(undefined, host({ [LIST]: { error: 'EACCES' } })).tracefs.detail).toMatch(
      /^tracefs cannot be read: EACCES/,
    );
    const bare = host({}, { '/sys/kernel/tracing': ['events', 'trace_pipe'] });
    expect(readHost(undefined, bare).tracefs.detail).toContain('CONFIG_DYNAMIC_FTRACE');
  });

  it('tells addresses that are shown from those that are hidden', () => {
    const hidden = '0000000000000000 A fixed_percpu_data\n0000000000000000 T _text\n';
    const shown = '0000000000000000 A fixed_percpu_data\nffffffff81000000 T _text\n';
    expect(readHost(undefined, host({ '/proc/kallsyms': shown })).symbols.ok).toBe(true);
    const symbols = (mask: string) => readHost(mask, host({ '/proc/kallsyms': hidden })).symbols;
    expect(symbols('1ffffffffff')).toEqual({
      ok: false,
      detail: expect.stringContaining('kptr_restrict is 2'),
    });
    expect(symbols('0')).toEqual({ ok: false, detail: expect.stringContaining('CAP_SYSLOG is missing') });
    expect(readHost(undefined, host({})).symbols.detail).toContain('ENOENT');
  });

  it('misses types of modules only where modules are loaded', () => {
    const typed = host({ '/proc/modules': 'v' }, { '/sys/kernel/btf': ['vmlinux', 'veth', 'bridge'] });
    expect(readHost(undefined, typed).modules).toEqual({ ok: true, detail: 'BTF of 2 modules' });
    const untyped = host({ '/proc/modules': 'v' }, { '/sys/kernel/btf': ['vmlinux'] });
    expect(readHost(undefined, untyped).modules.ok).toBe(false);
    expect(readHost(undefined, host({})).modules.ok).toBe(true);
  });

  it('reads the mask of capabilities', () => {
    expect(readPrivileges('Name:\tnode\nCapPrm:\t0\nCapEff:\t000001ffffffffff\n')).toBe('000001ffffffffff');
    expect(readPrivileges('')).toBeUndefined();
    expect(readPrivileges()).toMatch(/^[0-9a-f]{16}$/);
  });
});
