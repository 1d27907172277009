// @vitest-environment happy-dom
/** The Health view's parts: rows of probes, rates, costs, losses over time, findings. */
import { cleanup, render, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import type { Health } from '../../core/messages/browser.ts';
import { type CaptureState, type Cost, DEFAULT_SPEC, type FunctionInfo } from '../../core/messages/source.ts';
import { LOSS_BINS, type LossSeries, type LossTimeline } from '../../core/model/losses/history.ts';
import { DEFAULT_PLAN, planOf, switchPart } from '../../core/model/probes/plan.ts';
import { takeHealth, useHealthStore } from '../state/health.ts';
import { addAnswer, costTable } from '../views/health/cost.ts';
import { FindingsPane } from '../views/health/FindingsPane.tsx';
import { lossesText } from '../views/health/HealthView.tsx';
import { LossesPane } from '../views/health/LossesPane.tsx';
import { stackLosses } from '../views/health/lossChart.ts';
import {
  functionProbes, PROGRAMS,type ProbeChoice, type ProbeRow, probeRows, programProbes, switchable,
} from '../views/health/probes.ts'; // biome-ignore format: short
import { dayAndClock, formatSpan } from '../views/health/time.ts';

afterEach(cleanup);

const fn = (id: number, name: string, isDefault: boolean, module = ''): FunctionInfo => ({
  id,
  name,
  module,
  argument: 1,
  isDefault,
});
const FUNCTIONS = [
  fn(1, 'ip_rcv', true),
  fn(2, 'veth_xmit', true, 'veth'),
  fn(3, 'netif_rx', true),
  fn(4, 'skb_put', false),
];
const running = (base: 'default' | 'all', refused: readonly { name: string; reason: string }[] = []): CaptureState => ({
  phase: 'running',
  spec: { ...DEFAULT_SPEC, probes: planOf(base) },
  generation: 1,
  attached: 3,
  refused: [...refused],
  backend: 'kprobe.multi',
  attachMs: 1,
}); // biome-ignore format: short
const ALL: ProbeChoice = { by: 'stage', sort: 'order', folded: new Set(), search: '' };
const probes = (capture: CaptureState | undefined, hops: readonly number[] = [0, 5, 7, 9, 1]) =>
  functionProbes({
    functions: FUNCTIONS,
    capture,
    hops: Float64Array.from(hops),
    perSecond: Float64Array.from([0, 1, 2, 3, 4]),
  });
const absentIn = (stage: string) =>
  probes(running('default')).filter((one) => one.stage === stage && one.state.is === 'absent').length;
const names = (rows: readonly ProbeRow[]) =>
  rows.map((row) => (row.kind === 'group' ? `[${row.name}]` : row.name));

describe('the rows of probes', () => {
  it('stand by stage in the order of the way, with what each recorded and how it is attached', () => {
    const rows = probeRows(probes(running('default')), [], { ...ALL, search: 'attached' });
    expect(names(rows)).toEqual(['[driver]', 'veth_xmit', 'netif_rx', '[ip]', 'ip_rcv']);
    expect(rows[0]).toMatchObject({ attached: 2, of: 2, hops: 16, perSecond: 5 });
    expect(rows[1]).toMatchObject({ module: 'veth', by: 'kprobe.multi', hops: 7, perSecond: 2 });
  });

  it('have only functions that are probed, and waypoints that the kernel lacks', () => {
    expect(probes(running('default')).some(({ name }) => name === 'skb_put')).toBe(false);
    expect(probes(running('all')).some(({ name }) => name === 'skb_put')).toBe(true);
    const absent = probes(running('default')).find(({ name }) => name === 'tun_net_xmit');
    expect(absent).toMatchObject({ state: { is: 'absent' }, by: '', stage: 'driver' });
    expect(
      functionProbes({ functions: [], capture: undefined, hops: new Float64Array(0), perSecond: undefined }),
    ).toEqual([]);
  });

  it('have functions that take no skb under what they are called, and no stage is switched by them', () => {
    const other = { ...fn(5, 'genl_rcv_msg', false, 'odd'), argument: 0 };
    const capture = { ...running('default'), probed: [1, 5] };
    const functions = [...FUNCTIONS, other];
    const rows = functionProbes({ functions, capture, hops: new Float64Array(8), perSecond: undefined });
    expect(rows.find(({ name }) => name === 'genl_rcv_msg')).toMatchObject({
      isOther: true,
      state: { is: 'attached' },
    });
    expect(names(probeRows(rows, [], { ...ALL, search: 'no skb' }))).toEqual(['[other]', 'genl_rcv_msg']);
    expect(switchable(functions, capture, 'module').has('odd')).toBe(false);
  });

  it('say why a probe was refused, and that none is attached while nothing runs', () => {
    const refused = [{ name: 'ip_rcv', reason: 'Device busy' }];
    const ip = probes(running('default', refused)).find(({ name }) => name === 'ip_rcv');
    expect(ip).toMatchObject({ state: { is: 'refused', reason: 'Device busy' }, by: '' });
    expect(probes({ phase: 'idle' }).find(({ name }) => name === 'ip_rcv')?.state.is).toBe('off');
  });

  it('are sorted within their group, found by name, module and state, and folded', () => {
    const all = probes(running('default'));
    const driver = (choice: Partial<ProbeChoice>) =>
      names(probeRows(all, [], { ...ALL, ...choice })).filter((name) => /^(veth_xmit|netif_rx)$/.test(name));
    expect(driver({})).toEqual(['veth_xmit', 'netif_rx']);
    expect(driver({ sort: 'hops' })).toEqual(['netif_rx', 'veth_xmit']);
    expect(driver({ sort: 'name' })).toEqual(['netif_rx', 'veth_xmit']);
    const folded = new Set(['driver']);
    expect(driver({ folded })).toEqual([]);
    // a search opens what is folded
    expect(names(probeRows(all, [], { ...ALL, folded, search: 'VETH_X' }))).toEqual([
      '[driver]',
      'veth_xmit',
    ]);
    expect(probeRows(all, [], { ...ALL, search: 'no such thing' })).toEqual([]);
  });

  it('stand by module: the kernel first, what is not there last', () => {
    const heads = probeRows(probes(running('default')), [], { ...ALL, by: 'module' })
      .filter(({ kind }) => kind === 'group')
      .map((row) => row.name);
    expect(heads).toEqual(['the kernel itself', 'veth', 'not in this kernel']);
  });

  it('have what can be switched, also where nothing of it is probed', () => {
    const capture: CaptureState = { ...running('default'), probed: [1, 2, 3] } as CaptureState;
    const heads = (by: ProbeChoice['by'], search = '') =>
      probeRows(probes(capture), [], { ...ALL, by, search }, switchable(FUNCTIONS, capture, by)).flatMap(
        (row) =>
          row.kind === 'group' && row.part !== undefined ? [[row.name, row.isOn, row.attached, row.of]] : [],
      );
    expect(heads('stage')).toEqual([
      ['driver', true, 2, 2 + absentIn('driver')],
      ['ip', true, 1, 1 + absentIn('ip')],
      ['skb', false, 0, 1],
    ]);
    expect(heads('module')).toEqual([
      ['the kernel itself', true, 2, 2],
      ['veth', true, 1, 1],
    ]);
    expect(heads('stage', 'skb_p')).toEqual([]);
    expect(heads('module', 'veth')).toEqual([['veth', true, 1, 1]]);
    expect(heads('stage', 'skb').filter(([, isOn]) => isOn === false)).toEqual([['skb', false, 0, 1]]);
    expect(switchable(FUNCTIONS, { phase: 'idle' }, 'stage').size).toBe(0);
  });

  it('of a part that was switched off say what would come back', () => {
    const plan = switchPart(DEFAULT_PLAN, { by: 'stage', name: 'driver' }, false, FUNCTIONS);
    const capture = {
      ...running('default'),
      spec: { ...DEFAULT_SPEC, probes: plan },
      probed: [1],
    } as CaptureState;
    const [driver] = probeRows(probes(capture), [], ALL, switchable(FUNCTIONS, capture, 'stage'));
    expect(driver).toMatchObject({ name: 'driver', isOn: false, attached: 0, of: 2 });
  });

  it('have the programs for ends, lineage and decisions last', () => {
    const programs = programProbes(
      [{ name: 'skbt_clone', target: 'skb_clone', kind: 'fexit' }],
      running('default'),
    );
    const rows = probeRows(probes(running('default')), programs, ALL);
    expect(names(rows).slice(-2)).toEqual([`[${PROGRAMS}]`, 'skb_clone']);
    expect(rows.at(-2)).toMatchObject({ attached: 1, of: 1 });
    expect(names(probeRows([], programs, { ...ALL, folded: new Set([PROGRAMS]) }))).toEqual([
      `[${PROGRAMS}]`,
    ]);
  });
});

const NO_LOSSES: LossTimeline = { fromUnixMs: 1000, toUnixMs: 9000, binMs: 1000, series: [] };
const report = (session: number, atUnixMs: number, hops: readonly number[]): Health => ({
  session,
  hops: Float64Array.from(hops).buffer,
  atUnixMs,
  losses: NO_LOSSES,
  backlog: { waiting: 0, limit: 16 },
  sourceSinceUnixMs: 0,
});

describe('hops in a second', () => {
  it('are told between two reports of one session, and not guessed before', () => {
    takeHealth(report(1, 1000, [0, 10]));
    expect(useHealthStore.getState().perSecond).toBeUndefined();
    takeHealth(report(1, 3000, [0, 30]));
    expect([...(useHealthStore.getState().perSecond ?? [])]).toEqual([0, 10]);
    takeHealth(report(2, 4000, [0, 1]));
    expect(useHealthStore.getState().perSecond).toBeUndefined();
  });
});

const cost = (atMs: number, runs: number, timeNs: number): Cost => ({
  atMs,
  programs: [{ name: 'skbt_entry', runs, timeNs }],
});

describe('the cost of programs', () => {
  it('is what was measured since it was asked for, and a share of one CPU in the last second', () => {
    const first = addAnswer(undefined, cost(0, 100, 5000));
    expect(costTable(first)).toMatchObject({ cpuShare: undefined });
    expect(costTable(first).programs.get('skbt_entry')).toEqual({ runs: 0, nsPerRun: 0 });
    const second = addAnswer(first, cost(1000, 300, 10_005_000));
    expect(costTable(second).programs.get('skbt_entry')).toEqual({ runs: 200, nsPerRun: 50_000 });
    expect(costTable(second).cpuShare).toBeCloseTo(0.01);
  });

  it('begins anew when the capture does', () => {
    const known = addAnswer(addAnswer(undefined, cost(0, 100, 100)), cost(1000, 200, 200));
    expect(costTable(addAnswer(known, cost(2000, 5, 5)))).toEqual({
      programs: new Map([['skbt_entry', { runs: 0, nsPerRun: 0 }]]),
      cpuShare: undefined,
    });
  });
});

const series = (cause: LossSeries['cause'], counts: Readonly<Record<number, number>>): LossSeries => ({
  cause,
  total: Object.values(counts).reduce((sum, count) => sum + count, 0),
  lastUnixMs: 5000,
  bins: Array.from({ length: LOSS_BINS }, (_, bin) => counts[bin] ?? 0),
});

describe('losses over time', () => {
  it('are stacked where they were told, up to the present', () => {
    const both = [series('ring', { 1: 30 }), series('missed', { 1: 10, 8: 2 })];
    const { bars, most } = stackLosses(NO_LOSSES, both, 900, 100);
    expect(most).toBe(40);
    expect(bars.map(({ series: one, bin, count }) => [one, bin, count])).toEqual([
      [0, 1, 30],
      [1, 1, 10],
      [1, 8, 2],
    ]);
    const [ring, missed, last] = bars;
    // nine parts are over or under way: the last bar ends at the right edge
    expect(last && last.x + last.width).toBeCloseTo(899.5);
    expect(ring && missed && missed.y + missed.height).toBeCloseTo(ring?.y ?? Number.NaN);
    expect(ring && ring.y + ring.height).toBeCloseTo(100);
  });

  it.each([120, 300, 500, 900])('have an axis whose labels do not meet, %d pixels wide', (width) => {
    const { times } = stackLosses(NO_LOSSES, [], width, 100);
    expect(times.length).toBeGreaterThan(0);
    for (const [i, { x }] of times.entries()) {
      expect(x - (times[i - 1]?.x ?? -56)).toBeGreaterThanOrEqual(56);
      expect(x + 28).toBeLessThanOrEqual(width);
    }
  });

  it('say as a fact that nothing was lost', () => {
    render(<LossesPane report={NO_LOSSES} forgottenRows={0} shedRows={0} />);
    expect(screen.getByText('Nothing was lost')).toBeDefined();
    expect(screen.queryByRole('table')).toBeNull();
    expect(screen.getByText('This page has every row that the server sent.')).toBeDefined();
  });

  it('say of every cause how much, what it means and what to do; what was let go is not called lost', () => {
    const losses = { ...NO_LOSSES, series: [series('ring', { 1: 1200 }), series('evicted', { 2: 7 })] };
    render(<LossesPane report={losses} forgottenRows={5} shedRows={0} />);
    const [ring, evicted] = ['Ring buffer full', 'Server memory'].map((name) =>
      screen.getByRole('row', { name: new RegExp(`^${name}`) }),
    );
    expect(ring?.textContent).toContain('1,200 events');
    expect(ring?.textContent).toMatch(/no room to write.*--ring-size/);
    expect(evicted?.textContent).toContain('not lost');
    expect(screen.queryByText('Nothing was lost')).toBeNull();
    expect(screen.getByText(/^Nothing was lost by: probes skipped, /)).toBeDefined();
    expect(screen.getByText('This page has let 5 of its oldest packets go to stay quick.')).toBeDefined();
  });

  it('do not say that nothing was lost before anything was told', () => {
    render(<LossesPane report={undefined} forgottenRows={0} shedRows={0} />);
    expect(screen.queryByText('Nothing was lost')).toBeNull();
  });

  it('are summed by what is counted', () => {
    expect(lossesText([])).toBe('Nothing was lost');
    expect(
      lossesText([series('ring', { 0: 1200 }), series('missed', { 0: 1 }), series('trackFull', { 0: 2 })]),
    ).toBe('Lost: 1,201 events, 2 packets');
  });
});

describe('findings', () => {
  it('say first what is wanting, with what is not seen and what to do', () => {
    render(
      <FindingsPane
        findings={[
          { id: 'a', title: 'Waypoints', state: 'limited', found: 'One lacks.', effect: 'No hop.', advice: 'Load it.' },
          { id: 'b', title: 'BTF', state: 'ok', found: 'Is there.', effect: '', advice: '' },
        ]}
        untold="Hooks were not looked at."
      />,
    ); // biome-ignore format: short
    const items = within(screen.getByRole('list')).getAllByRole('listitem');
    expect(items.map(({ textContent }) => textContent)).toEqual([
      'WaypointslimitedOne lacks.No hop.→ Load it.',
      'okBTF Is there.',
    ]);
    expect(screen.getByText('1 of 2 want a look')).toBeDefined();
    expect(screen.getByText('Hooks were not looked at.')).toBeDefined();
  });
});

describe('times', () => {
  it('have their day when it is another one', () => {
    const at = new Date(2026, 10, 25, 14, 3, 7).getTime();
    expect(dayAndClock(at, new Date(2026, 10, 25, 20))).toBe('14:03:07');
    expect(dayAndClock(at, new Date(2026, 10, 26))).toBe('2026-11-25 14:03:07');
  });

  it('are told in the unit that fits', () => {
    expect(formatSpan(12.3e9)).toBe('12.3 s');
    expect(formatSpan(303e9)).toBe('5 min 3 s');
    expect(formatSpan(7_500e9)).toBe('2 h 5 min');
  });
});
