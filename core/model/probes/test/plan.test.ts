import { describe, expect, it } from 'vitest';
import type { FunctionInfo, ProbePlan } from '../../../messages/source.ts';
import { compilePattern } from '../pattern.ts';
import { DEFAULT_PLAN, isPlain, type ProbePart, planOf, planText, switchPart } from '../plan.ts';
import { idsOf, resolvePlan } from '../resolve.ts';

const fn = (id: number, name: string, isDefault = false, module = ''): FunctionInfo => ({
  id, name, module, argument: 1, isDefault,
}); // biome-ignore format: short
const TABLE = [
  fn(1, 'br_forward', true, 'bridge'),
  fn(2, 'br_handle_local_finish', false, 'bridge'),
  fn(3, 'ip_rcv', true),
  fn(4, 'ip_sabotage_in', false, 'br_netfilter'),
  fn(5, 'skb_put'),
  fn(6, 'tcp_v4_rcv', true),
  fn(7, 'tcp_v6_rcv', true),
  fn(8, 'tcp_parse_options'),
];
const parts = (add: Partial<ProbePlan['add']>) => ({ ...DEFAULT_PLAN.add, ...add });
const plan = (
  base: ProbePlan['base'],
  add: Partial<ProbePlan['add']> = {},
  remove: Partial<ProbePlan['add']> = {},
): ProbePlan => ({ ...DEFAULT_PLAN, base, add: parts(add), remove: parts(remove) });

function resolved(asked: ProbePlan) {
  const result = resolvePlan(asked, TABLE);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
const ids = (asked: ProbePlan) => idsOf(resolved(asked)).sort((a, b) => a - b);
const refusal = (asked: ProbePlan, table: readonly FunctionInfo[] = TABLE) => {
  const result = resolvePlan(asked, table);
  if (result.ok) throw new Error('it was not refused');
  return result.error;
};

describe('a plan', () => {
  it('comes to its base', () => {
    expect(ids(DEFAULT_PLAN)).toEqual([1, 3, 6, 7]);
    expect(ids(planOf('all'))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('adds stages, modules, names that match as a whole, and single functions', () => {
    expect(ids(plan('none', { stages: ['bridge'] }))).toEqual([1, 2]);
    expect(ids(plan('none', { modules: ['br_netfilter'] }))).toEqual([4]);
    expect(ids(plan('none', { modules: [''] }))).toEqual([3, 5, 6, 7, 8]);
    expect(ids(plan('none', { pattern: 'tcp_v[46]_rcv' }))).toEqual([6, 7]);
    expect(ids(plan('none', { pattern: 'rcv' , functions: ['skb_put'] }))).toEqual([5]);
    expect(ids(plan('default', { functions: ['skb_put'] }))).toEqual([1, 3, 5, 6, 7]);
  }); // biome-ignore format: short

  it('removes what is to go, whatever has added it', () => {
    expect(ids(plan('default', {}, { stages: ['transport'] }))).toEqual([1, 3]);
    expect(ids(plan('all', { functions: ['br_forward'] }, { modules: ['bridge'] }))).toEqual([3, 4, 5, 6, 7, 8]);
    expect(ids(plan('default', {}, { pattern: 'tcp.*', functions: ['ip_rcv'] }))).toEqual([1]);
  }); // biome-ignore format: short

  it('takes in what was on the stacks of drops, if it wants that, and tells it', () => {
    const onDrops = [2, 3, 5];
    const joins = (asked: ProbePlan) => {
      const result = resolvePlan(asked, TABLE, onDrops);
      return result.ok ? [idsOf(result.value).sort((a, b) => a - b), result.value.joined] : result;
    };
    expect(joins(DEFAULT_PLAN)).toEqual([[1, 3, 6, 7], []]);
    expect(joins({ ...DEFAULT_PLAN, probeStack: true })).toEqual([
      [1, 2, 3, 5, 6, 7],
      [2, 5],
    ]);
    const removed = { ...plan('default', {}, { functions: ['skb_put'] }), probeStack: true };
    expect(joins(removed)).toEqual([[1, 2, 3, 6, 7], [2]]);
    expect(planText(removed)).toBe('waypoints without skb_put, and what is found on the stacks of drops');
  });

  it('has functions without an skb by their names only, and nothing else takes them in or away', () => {
    const table = [
      ...TABLE,
      { ...fn(9, 'fib_table_lookup'), argument: 0 },
      { ...fn(10, 'ip_mtu'), argument: 0 },
    ];
    const of = (asked: ProbePlan, onDrops: readonly number[] = []) => {
      const result = resolvePlan(asked, table, onDrops);
      return result.ok ? idsOf(result.value).sort((a, b) => a - b) : result.error;
    };
    const others = ['fib_table_lookup'];
    expect(of(planOf('all'))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(of(plan('none', { stages: ['ip'], pattern: 'fib.*|ip_.*' }))).toEqual([3, 4]);
    expect(of({ ...DEFAULT_PLAN, probeStack: true }, [2, 9, 10])).toEqual([1, 2, 3, 6, 7]);
    expect(of({ ...DEFAULT_PLAN, others })).toEqual([1, 3, 6, 7, 9]);
    expect(of({ ...plan('default', {}, { stages: ['ip'] }), others })).toEqual([1, 6, 7, 9]);
    expect(of({ ...planOf('none'), others })).toEqual({
      code: 'PLAN_EMPTY',
      message:
        'functions that take no skb are told for packets that are in one that does: add some of those, too',
    });
    expect(of({ ...plan('default', { functions: ['ip_mtu'] }), others })).toEqual([1, 3, 6, 7, 9]);
    expect(isPlain({ ...DEFAULT_PLAN, others })).toBe(false);
    expect(planText({ ...DEFAULT_PLAN, others })).toBe('waypoints, and fib_table_lookup without an skb');
    expect(switchPart(planOf('none'), { by: 'stage', name: 'ip' }, true, table.slice(8)).add.stages).toEqual([
      'ip',
    ]);
  });

  it('stands by stage in the order of stages', () => {
    expect(resolved(DEFAULT_PLAN).stages).toEqual([
      { stage: 'bridge', ids: [1] },
      { stage: 'ip', ids: [3] },
      { stage: 'transport', ids: [6, 7] },
    ]);
  });

  it('says what it names in vain, and what was probably meant', () => {
    expect(resolved(plan('default', { functions: ['ip_rvc'] })).missing).toEqual([
      'no function ip_rvc with an skb among its arguments can be probed here; did you mean ip_rcv?',
    ]);
    expect(resolved(plan('default', { pattern: 'tcp_v' })).missing).toEqual([
      "no function's name matches 'tcp_v'; it must match the whole name, as '.*tcp_v.*' does tcp_v4_rcv, tcp_v6_rcv",
    ]);
    expect(resolved(plan('default', { pattern: 'skb_putt' })).missing).toEqual([
      "no function's name matches 'skb_putt'; there is skb_put",
    ]);
    // a module may be loaded later
    expect(resolved(plan('default', { modules: ['nf_tables'] })).missing).toEqual([]);
  });

  it('that comes to nothing is refused with what there is', () => {
    expect(refusal(plan('none'))).toEqual({
      code: 'PLAN_EMPTY',
      message: 'nothing would be probed by nothing; there are functions of bridge, ip, transport, skb',
    });
    expect(refusal(plan('none', { modules: ['brigde'] })).message).toBe(
      'module brigde is not loaded, or has no function with an skb among its arguments; did you mean bridge?; there are br_netfilter, bridge',
    );
    expect(refusal(plan('none', { functions: ['nothing_like_it'] })).message).toBe(
      'no function nothing_like_it with an skb among its arguments can be probed here',
    );
    expect(refusal(DEFAULT_PLAN, []).message).toBe('there is no function that can be probed on this kernel');
  });
});

describe('a regular expression', () => {
  it('that is none is refused with why', () => {
    expect(refusal(plan('none', { pattern: 'tcp_[' }))).toEqual({
      code: 'PATTERN_SYNTAX',
      message:
        "'tcp_[' is no regular expression: missing closing ]: '[' (syntax of RE2: no look-ahead, no back reference)",
    });
    expect(refusal(plan('all', {}, { pattern: 'a(?=b)' })).code).toBe('PATTERN_SYNTAX');
    expect(refusal(plan('none', { pattern: '(a)\\1' })).code).toBe('PATTERN_SYNTAX');
  });

  it('cannot be made to take long: what backtracks for ever elsewhere only does not match', () => {
    // with `RegExp`, each of these would take longer than anyone waits
    const name = 'a'.repeat(128);
    for (const pattern of ['(a*)*b', '(a+a+)+c', '(a|aa)+d', '(.*)(.*)(.*)(.*)(.*)(.*)x']) {
      const compiled = compilePattern(pattern);
      expect(compiled.ok && compiled.value(name)).toBe(false);
    }
  });

  it('cannot be made large', () => {
    expect(refusal(plan('none', { pattern: 'a'.repeat(257) })).code).toBe('PATTERN_TOO_LARGE');
    expect(refusal(plan('none', { pattern: '(a{1000}){1000}' })).code).toBe('PATTERN_SYNTAX');
    expect(refusal(plan('none', { pattern: 'a{900}b{900}c{900}' }))).toEqual({
      code: 'PATTERN_TOO_LARGE',
      message: "the regular expression 'a{900}b{900}c{900}' repeats too much: write it with fewer {counts}",
    });
  });
});

describe('a part', () => {
  const bridge: ProbePart = { by: 'stage', name: 'bridge' };
  const off = (from: ProbePlan, part: ProbePart) => switchPart(from, part, false, TABLE);
  const on = (from: ProbePlan, part: ProbePart) => switchPart(from, part, true, TABLE);

  it('goes as a whole, and comes back as much as it was', () => {
    const without = off(DEFAULT_PLAN, bridge);
    expect(ids(without)).toEqual([3, 6, 7]);
    expect(isPlain(without)).toBe(false);
    expect(on(without, bridge)).toEqual(DEFAULT_PLAN);
    expect(ids(on(off(planOf('all'), bridge), bridge))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('comes as a whole where the plan has nothing of it', () => {
    const skb: ProbePart = { by: 'stage', name: 'skb' };
    const module: ProbePart = { by: 'module', name: 'br_netfilter' };
    expect(ids(on(DEFAULT_PLAN, skb))).toEqual([1, 3, 5, 6, 7]);
    expect(ids(on(DEFAULT_PLAN, module))).toEqual([1, 3, 4, 6, 7]);
    expect(off(on(DEFAULT_PLAN, module), module).add).toEqual(DEFAULT_PLAN.add);
  });

  it('is told in words', () => {
    expect(planText(DEFAULT_PLAN)).toBe('waypoints');
    expect(planText(plan('none', { stages: ['ip'], pattern: 'tcp.*' }))).toBe('ip, /tcp.*/');
    expect(planText(plan('all', { modules: ['tun'] }, { stages: ['skb'], modules: [''] }))).toBe(
      'all functions and module tun without skb, the kernel itself',
    );
  });
});
