import { describe, expect, it } from 'vitest';
import type { Capabilities, CaptureState, FunctionInfo, PlannedProgram } from '../../../messages/source.ts';
import { DEFAULT_SPEC } from '../../../messages/source.ts';
import { WAYPOINTS } from '../../waypoints.ts';
import { type DoctorFacts, examine, type Finding } from '../index.ts';
import { kernelVersion } from '../kernel.ts';

const fine = { ok: true, detail: 'is there' };
const CAPABILITIES: Capabilities = {
  root: fine, btf: fine, bpf: fine, ringBuffer: fine, kprobe: fine, kprobeMulti: fine, fentry: fine, lockdown: fine,
  tracefs: fine, symbols: fine, modules: fine,
}; // biome-ignore format: short
const functionOf = (name: string, i: number): FunctionInfo => ({
  id: i + 1,
  name,
  module: '',
  argument: 1,
  isDefault: true,
});
const RUNNING: CaptureState = {
  phase: 'running', spec: DEFAULT_SPEC, generation: 1, attached: 129, refused: [], backend: 'kprobe.multi', attachMs: 1,
}; // biome-ignore format: short
const program = (name: string): PlannedProgram => ({ name, target: 'some_function', kind: 'fexit' });
const PROGRAMS = [
  'skbt_listener_tcp4', 'skbt_source', 'skbt_hook_end', 'skbt_nft_end', 'skbt_ipt_end', 'skbt_conntrack_end',
].map(program); // biome-ignore format: short

/** A host on which nothing is wanting. */
const WHOLE: DoctorFacts = {
  capabilities: CAPABILITIES,
  privileges: '1ffffffffff',
  kernel: '6.12.117+deb12-amd64',
  architecture: 'x64',
  functions: WAYPOINTS.map(({ name }, i) => functionOf(name, i)),
  reasons: 96,
  capture: RUNNING,
  programs: PROGRAMS,
};
const found = (facts: Partial<DoctorFacts>, id: string): Finding | undefined =>
  examine({ ...WHOLE, ...facts }).find((one) => one.id === id);
const refuse = (...names: readonly (keyof Capabilities)[]): Capabilities => ({
  ...CAPABILITIES,
  ...Object.fromEntries(names.map((name) => [name, { ok: false, detail: 'is refused' }])),
});
const wanting = (facts: Partial<DoctorFacts>): readonly string[] =>
  examine({ ...WHOLE, ...facts })
    .filter(({ state }) => state !== 'ok')
    .map(({ id, state }) => `${id} ${state}`);

describe('the doctor', () => {
  it('finds nothing wanting where nothing is', () => {
    const findings = examine(WHOLE);
    expect(findings.map(({ state }) => state)).toEqual(findings.map(() => 'ok'));
    expect(findings.every(({ effect }) => effect === '')).toBe(true);
    expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
  });

  it('says of everything that is wanting what is not seen, and what to do', () => {
    const findings = examine({
      capabilities: refuse('kprobeMulti', 'modules'),
      privileges: '0',
      kernel: '5.15.0',
      architecture: 'x64',
      functions: [],
      reasons: 0,
      capture: { ...RUNNING, refused: [{ name: 'ip_rcv', reason: 'Device busy' }] },
      programs: [],
    }).filter(({ state }) => state !== 'ok');
    expect(findings.length).toBeGreaterThan(8);
    for (const { id, effect, advice } of findings) {
      expect(effect, id).not.toBe('');
      expect(advice, id).not.toBe('');
    }
  });

  it.each(['root', 'btf', 'bpf', 'ringBuffer', 'fentry', 'lockdown', 'tracefs', 'symbols'] as const)(
    'puts what stops all tracing first, in the agent’s words: %s',
    (capability) => {
      const [first] = examine({ ...WHOLE, capabilities: refuse(capability) });
      expect(first).toMatchObject({ id: capability, state: 'missing', found: 'is refused' });
    },
  );

  it('tells what is wrong, and not what follows from it', () => {
    const nothing = { functions: [], reasons: 0, programs: undefined, capture: { phase: 'idle' } } as const;
    expect(wanting({ ...nothing, capabilities: refuse('btf', 'fentry', 'modules') })).toEqual([
      'btf missing',
    ]);
    expect(wanting({ ...nothing, reasons: 96, capabilities: refuse('tracefs') })).toEqual([
      'tracefs missing',
    ]);
    const refusedAll = refuse('root', 'bpf', 'ringBuffer', 'kprobe', 'kprobeMulti', 'fentry');
    expect(wanting({ ...nothing, reasons: 96, privileges: '0', capabilities: refusedAll })).toEqual([
      'root missing',
    ]);
    const forbidden = refuse('bpf', 'ringBuffer', 'kprobe', 'kprobeMulti', 'fentry');
    expect(wanting({ capabilities: forbidden })).toEqual(['bpf missing']);
  });

  it('tells each privilege that is not there by its name, with what it costs', () => {
    expect(found({ privileges: '1ffffffffff' }, 'privileges')?.state).toBe('ok');
    // all but CAP_NET_ADMIN (12), CAP_NET_RAW (13) and CAP_SYS_PTRACE (19)
    const held = (0x1ffffffffffn & ~(3n << 12n) & ~(1n << 19n)).toString(16);
    expect(wanting({ privileges: held })).toEqual([
      'CAP_NET_ADMIN limited',
      'CAP_NET_RAW limited',
      'CAP_SYS_PTRACE limited',
    ]);
    for (const id of ['CAP_NET_ADMIN', 'CAP_NET_RAW'])
      expect(found({ privileges: held }, id)?.effect).toContain('self-test');
    // CAP_SYS_ADMIN (21): programs cannot be fitted to modules
    const noAdmin = { privileges: (0x1ffffffffffn & ~(1n << 21n)).toString(16), programs: [] };
    const inModule = WHOLE.functions?.map((one) => ({ ...one, module: 'nf_tables' }));
    expect(found({ ...noAdmin, functions: inModule }, 'CAP_SYS_ADMIN')?.state).toBe('missing');
    expect(found(noAdmin, 'CAP_SYS_ADMIN')?.state).toBe('limited');
    expect(wanting(noAdmin)).not.toContain('nftables limited');
    // Debian's 6.1: no kprobe.multi, and perf refuses kprobes
    const refused = { ...noAdmin, capabilities: refuse('kprobe', 'kprobeMulti') };
    expect(found(refused, 'CAP_SYS_ADMIN')?.effect).toContain('refuses single kprobes');
    expect(found(refused, 'kprobeMulti')).toBeUndefined();
    // CAP_SYSLOG (34): hidden addresses say it
    const noSyslog = (0x1ffffffffffn & ~(1n << 34n)).toString(16);
    expect(wanting({ privileges: noSyslog })).toEqual(['CAP_SYSLOG limited']);
    expect(wanting({ privileges: noSyslog, capabilities: refuse('symbols') })).toEqual(['symbols missing']);
    expect(wanting({ privileges: undefined })).toEqual([]);
  });

  it('takes single kprobes for a limit, and no kprobes at all for the end', () => {
    expect(found({ capabilities: refuse('kprobeMulti') }, 'kprobeMulti')).toMatchObject({
      state: 'limited',
      effect: expect.stringContaining('kprobe of its own'),
    });
    const none = { ...refuse('kprobeMulti'), kprobe: { ok: false, detail: 'no kprobes' } };
    expect(found({ capabilities: none }, 'kprobeMulti')?.state).toBe('missing');
  });

  it('names the waypoints that a kernel lacks', () => {
    const functions = WHOLE.functions?.filter(({ name }) => name !== 'deliver_clone');
    expect(found({ functions }, 'waypoints')).toMatchObject({
      state: 'limited',
      found: expect.stringContaining(`1 of ${WAYPOINTS.length} are not in this kernel: deliver_clone.`),
    });
    const few = found({ functions: WHOLE.functions?.slice(0, 10) }, 'waypoints')?.found;
    expect(few).toContain(`and ${WAYPOINTS.length - 10 - 12} more`);
  });

  it('says how many probes were refused while a capture runs, and nothing when none does', () => {
    const refused = [{ name: 'ip_rcv', reason: 'Device busy' }];
    expect(found({ capture: { ...RUNNING, refused } }, 'refused')).toMatchObject({
      state: 'limited',
      found: '1 of 130 functions refused: ip_rcv.',
    });
    expect(found({ capture: { phase: 'idle' } }, 'refused')).toBeUndefined();
  });

  it('knows why 6.1 takes no program on the socket lookups', () => {
    const programs = PROGRAMS.filter(({ name }) => !/listener|source/.test(name));
    const old = { programs, kernel: '6.1.0-40-amd64' };
    expect(found(old, 'lookups')).toMatchObject({
      state: 'limited',
      found: expect.stringContaining('more than six arguments'),
    });
    expect(found(old, 'source')?.found).toContain('more than six arguments');
    expect(found({ programs }, 'lookups')?.found).not.toContain('six arguments');
    expect(found({ ...old, architecture: 'arm64' }, 'lookups')?.found).not.toContain('six arguments');
  });

  it('warns of modules that may come later', () => {
    const programs = PROGRAMS.filter(({ name }) => name !== 'skbt_nft_end');
    expect(found({ programs }, 'nftables')).toMatchObject({
      state: 'limited',
      found: 'nf_tables is not loaded.',
    });
    expect(found({ programs }, 'iptables')?.state).toBe('ok');
  });

  it('does not guess where nothing was told', () => {
    const ids = examine({ ...WHOLE, functions: undefined, reasons: undefined, programs: undefined }).map(
      ({ id }) => id,
    );
    for (const id of ['waypoints', 'reasons', 'lookups', 'nftables']) expect(ids).not.toContain(id);
  });

  it('reads kernel releases', () => {
    expect(kernelVersion('6.12.117+deb12-amd64')).toEqual([6, 12]);
    expect(kernelVersion('6.1-rc3')).toEqual([6, 1]);
    expect(kernelVersion('something')).toBeUndefined();
    expect(found({ kernel: '5.15.0-91-generic' }, 'version')?.state).toBe('missing');
    expect(found({ kernel: '5.17.1' }, 'version')?.state).toBe('ok');
    expect(found({ kernel: '6.9.3' }, 'version')?.found).toContain('tests run on 6.1 and 6.12 only');
  });
});
