// @vitest-environment happy-dom
/** The story beside a path: what it says, where a click leads, what is marked; the tree, and what is copied. */
import { cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asPacketId } from '../../core/base/units.ts';
import { NameBook } from '../../core/model/names.ts';
import { storyOf } from '../../core/model/story/index.ts';
import { RELATION } from '../../core/wire/layout.gen.ts';
import { useNames } from '../state/names.ts';
import { loadPreferences, prefer, usePreferences } from '../state/preferences.ts';
import { selectHop, selectPacket, useSelection } from '../state/selection.ts';
import { pathJson } from '../views/path/copy.ts';
import { detailsText, hopDetails } from '../views/path/details.ts';
import { LineageStrip } from '../views/path/Lineage.tsx';
import { StoryPanel } from '../views/path/StoryPanel.tsx';
import { decisionOf, hopOf, lineageOf, pathOf } from './paths.ts';

const names = new NameBook();
names.take({
  functions: ['ip_rcv', 'ip_forward', 'ip_output', 'nf_nat_manip_pkt', 'veth_xmit'].map((name, i) => ({
    id: i + 1,
    name,
    module: '',
    argument: 1,
    isDefault: true,
  })),
  namespaces: [{ inode: 1, name: 'web', origin: 'named', interfaces: [{ ifindex: 2, name: 'eth0' }] }],
});
const ip = {
  saddr: '10.0.0.1',
  daddr: '10.0.0.2',
  version: 4,
  protocol: 17,
  length: 100,
  id: 7,
  frag: 0,
  ttl: 63,
  tos: 0,
};
const path = pathOf({
  hops: [
    hopOf({ time: 100, func: 1 }),
    hopOf({ time: 200, func: 2 }),
    hopOf({
      time: 300,
      func: 3,
      state: { ip },
      changes: [
        { field: 'ip.ttl', before: 64, after: 63 },
        { field: 'ip.tos', before: 8, after: 0 },
      ],
    }),
    hopOf({ time: 400, func: 5, state: { ip } }),
  ],
  decisions: [decisionOf(1, { time: 220 })],
  origins: [lineageOf(9, 1, RELATION.clone, 90)],
  children: [lineageOf(1, 12, RELATION.clone, 210)],
});

beforeEach(() => {
  localStorage.clear();
  loadPreferences();
  useNames.setState({ book: names, version: 1 });
  selectPacket(1);
});
afterEach(cleanup);

describe('the story', () => {
  const steps = storyOf(path, names);
  const step = (text: RegExp) => screen.getByRole('button', { name: text });

  it('puts the cursor on the hops of a step, and marks the step of the hop under the cursor', () => {
    const { rerender } = render(<StoryPanel path={path} steps={steps} />);
    expect(screen.getAllByRole('listitem')).toHaveLength(2);
    expect(step(/Forwarded in web/).textContent).toContain('TTL 64 → 63');
    fireEvent.click(step(/driver of/));
    expect(useSelection.getState()).toMatchObject({ hop: 3, decision: -1 });
    expect(step(/driver of/).getAttribute('aria-current')).toBe('step');
    selectHop(1);
    rerender(<StoryPanel path={path} steps={steps} />);
    expect(step(/Forwarded/).getAttribute('aria-current')).toBe('step');
    expect(step(/driver of/).getAttribute('aria-current')).toBeNull();
  });

  it('says how it ended, and that there is nothing to tell', () => {
    render(<StoryPanel path={path} steps={steps} />);
    expect(within(step(/driver of/)).getByText('in flight')).toBeTruthy();
    cleanup();
    render(<StoryPanel path={pathOf({})} steps={[]} />);
    expect(screen.getByText(/nothing to tell/)).toBeTruthy();
  });

  it('is remembered as it was left', () => {
    expect(usePreferences.getState().storyOpen).toBe(true);
    prefer({ storyOpen: false });
    usePreferences.setState({ storyOpen: true });
    loadPreferences();
    expect(usePreferences.getState().storyOpen).toBe(false);
  });
});

describe('the details', () => {
  it('mark the fields that a hop sees changed, old and new, also one that is gone', () => {
    const hop = path.hops[2];
    const sections = hop === undefined ? [] : hopDetails(hop, names, 0);
    const terms = sections.find(({ title }) => title === 'IP')?.terms ?? [];
    expect(terms.filter(({ was }) => was !== undefined)).toEqual([
      { name: 'ttl', value: '63', was: '64' },
      { name: 'DSCP, ECN', value: 'none', was: '2, 0' },
    ]);
    expect(detailsText(sections)).toMatch(/ttl +63 \(was 64\)/);
  });

  it('say what the function does, and mark nothing where nothing changed', () => {
    const hop = path.hops[3];
    const sections = hop === undefined ? [] : hopDetails(hop, names, 0);
    expect(sections[0]?.about).toMatch(/^The veth driver gives it to the other end/);
    expect(sections.flatMap(({ terms }) => terms).filter(({ was }) => was !== undefined)).toEqual([]);
  });
});

describe('the tree of relatives', () => {
  it('opens below the line, and leads to each of them', () => {
    render(<LineageStrip path={path} />);
    fireEvent.click(screen.getByRole('button', { name: 'Relatives' }));
    const tree = screen.getByRole('list', { name: 'Tree of relatives' });
    const lines = within(tree).getAllByRole('button');
    expect(lines.map((line) => line.textContent)).toEqual([
      '#9no longer on this page',
      'cloned#1no longer on this page',
      'clone#12no longer on this page',
    ]);
    expect(lines[1]?.getAttribute('aria-current')).toBe('true');
    fireEvent.click(within(tree).getByRole('button', { name: /#12/ }));
    expect(useSelection.getState().packet).toBe(12);
  });
});

describe('a path as JSON', () => {
  it('has hops, decisions, relatives and the end, in the order of their times', () => {
    const free = { kind: 'free', packet: asPacketId(1), dropped: false } as const;
    const last = path.hops.at(-1);
    const whole = { ...path, free: last === undefined ? undefined : { ...last, ...free } };
    const lines: { kind: string; time_ns: number }[] = pathJson(whole, names)
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ kind }) => kind)).toEqual([
      'lineage', 'hop', 'hop', 'lineage', 'decision', 'hop', 'hop', 'free',
    ]); // biome-ignore format: a list
  });
});
