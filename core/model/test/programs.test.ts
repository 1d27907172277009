/** Programs of tc and XDP are functions with two ends, whatever they are called. */
import { describe, expect, it } from 'vitest';
import type { FunctionInfo, ProbeParts, ProbePlan } from '../../messages/source.ts';
import { explainFunction } from '../functions/index.ts';
import { DEFAULT_PLAN, planOf, switchPart } from '../probes/plan.ts';
import { idsOf, resolvePlan } from '../probes/resolve.ts';
import { askedNames, isProgram, isProgramExit } from '../programs.ts';
import { stageOf } from '../stages.ts';

const fn = (id: number, name: string, module = ''): FunctionInfo => ({
  id, name, module, argument: 1, isDefault: isProgram({ module }),
}); // biome-ignore format: short
const TABLE = [
  fn(1, 'ip_rcv'),
  fn(2, 'tcp_look', 'bpf_tc'),
  fn(3, 'tcp_look+exit', 'bpf_tc'),
  fn(4, 'tcp_look', 'bpf_xdp'),
  fn(5, 'tcp_look+exit', 'bpf_xdp'),
  fn(6, 'xdp_pass', 'bpf_xdp'),
  fn(7, 'xdp_pass+exit', 'bpf_xdp'),
];

const parts = (some: Partial<ProbeParts>): ProbeParts => ({ ...DEFAULT_PLAN.add, ...some });
const ids = (plan: ProbePlan) => {
  const result = resolvePlan(plan, TABLE);
  if (!result.ok) throw new Error(result.error.message);
  expect(result.value.missing).toEqual([]);
  return idsOf(result.value).sort((a, b) => a - b);
};
const added = (some: Partial<ProbeParts>) => ids({ ...planOf('none'), add: parts(some) });

describe('a program', () => {
  it('has an exit, by what is behind its name', () => {
    expect(TABLE.filter(isProgramExit).map(({ id }) => id)).toEqual([3, 5, 7]);
    expect(isProgramExit({ name: 'f+exit', module: 'nf_nat' })).toBe(false);
    expect(askedNames({ name: 'tcp_look+exit', module: 'bpf_tc' })).toEqual(['tcp_look+exit', 'tcp_look']);
    expect(askedNames({ name: 'ip_rcv', module: '' })).toEqual(['ip_rcv']);
  });

  it('belongs to its stage, whatever its name looks like', () => {
    expect(stageOf('tcp_look', 'bpf_tc')).toBe('xdp/tc');
    expect(stageOf('tcp_look+exit', 'bpf_xdp')).toBe('xdp/tc');
    expect(stageOf('tcp_look')).toBe('transport');
  });

  it('is explained as what it is', () => {
    expect(explainFunction('ip_rcv', 'bpf_tc')).toMatch(/^An eBPF program that is attached to tc/);
    expect(explainFunction('ip_rcv+exit', 'bpf_xdp')).toMatch(/^The XDP program has returned/);
    expect(explainFunction('ip_rcv', '')).toBe(explainFunction('ip_rcv'));
  });
});

describe('the plan', () => {
  it('has programs by default, by stage, kind and name, both ends of each', () => {
    expect(ids(DEFAULT_PLAN)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(added({ stages: ['xdp/tc'] })).toEqual([2, 3, 4, 5, 6, 7]);
    expect(added({ modules: ['bpf_xdp'] })).toEqual([4, 5, 6, 7]);
    expect(added({ functions: ['tcp_look'] })).toEqual([2, 3, 4, 5]);
    expect(added({ pattern: 'xdp_.*s' })).toEqual([6, 7]);
    expect(added({ functions: ['xdp_pass+exit'] })).toEqual([7]);
  });

  it('is without what is taken away, an exit alone too', () => {
    const without = (some: Partial<ProbeParts>) => ids({ ...planOf('all'), remove: parts(some) });
    expect(without({ modules: ['bpf_tc'] })).toEqual([1, 4, 5, 6, 7]);
    expect(without({ functions: ['tcp_look'] })).toEqual([1, 6, 7]);
    expect(without({ functions: ['xdp_pass+exit'] })).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('has a kind of programs again as it was', () => {
    const named = { ...planOf('none'), add: parts({ functions: ['ip_rcv', 'xdp_pass'] }) };
    const off = switchPart(named, { by: 'module', name: 'bpf_xdp' }, false, TABLE);
    expect(ids(off)).toEqual([1]);
    expect(ids(switchPart(off, { by: 'module', name: 'bpf_xdp' }, true, TABLE))).toEqual([1, 6, 7]);
  });

  it('says that none is loaded', () => {
    const plan = { ...planOf('none'), add: parts({ modules: ['bpf_tc'] }) };
    const result = resolvePlan(plan, TABLE.slice(0, 1));
    expect(result.ok ? '' : result.error.message).toBe(
      'no program of tc is loaded that has types (BTF), which it takes to be probed',
    );
  });
});
