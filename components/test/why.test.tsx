// @vitest-environment happy-dom
/** The explanation above a path: what it says, where its evidence leads, what it remembers. */
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fact } from '../../core/messages/facts.ts';
import type { Diagnosis } from '../../core/model/diagnosis/index.ts';
import { RELATION } from '../../core/wire/layout.gen.ts';
import { loadPreferences } from '../state/preferences.ts';
import { selectPacket, useSelection } from '../state/selection.ts';
import { LineageStrip } from '../views/path/Lineage.tsx';
import type { Inquiry } from '../views/path/useDiagnosis.ts';
import { WhyPanel } from '../views/path/WhyPanel.tsx';
import { decisionOf, hopOf, lineageOf, pathOf } from './paths.ts';

const path = pathOf({ hops: [hopOf(), hopOf(), hopOf()], decisions: [decisionOf(1, { value: 0 })] });
const LISTENERS = { kind: 'listeners', netns: 1, protocol: 'udp', port: 9 } as const;
const diagnosis: Diagnosis = {
  rule: 'netfilter.table',
  title: 'A rule dropped it',
  certainty: 'likely',
  tone: 'problem',
  reason: 'NETFILTER_DROP',
  category: 'netfilter',
  evidence: [{ text: 'the rule', decision: 0 }, { text: 'the end', hop: 2 }, { text: 'nothing before' }],
  advice: [{ text: 'See the rule:', command: 'nft list ruleset' }],
  wants: [],
}; // biome-ignore format: short
const quiet: Inquiry = { pending: [], failure: undefined, again: () => undefined };
const panel = (change: Partial<Diagnosis> = {}, inquiry: Partial<Inquiry> = {}): ReactNode => (
  <WhyPanel path={path} diagnosis={{ ...diagnosis, ...change }} inquiry={{ ...quiet, ...inquiry }} />
);

beforeEach(() => {
  localStorage.clear();
  loadPreferences();
  selectPacket(1);
});
afterEach(cleanup);

describe('the explanation', () => {
  it('says what, how surely, and leads to the evidence', () => {
    render(panel());
    expect(screen.getByRole('heading').textContent).toBe('A rule dropped it');
    expect(screen.getByText('likely')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: /hop 2\s*the rule/ }));
    expect(useSelection.getState()).toMatchObject({ hop: 1, decision: 0 });
    fireEvent.click(screen.getByRole('button', { name: /hop 3\s*the end/ }));
    expect(useSelection.getState()).toMatchObject({ hop: 2, decision: -1 });
    expect(screen.queryByRole('button', { name: /nothing before/ })).toBeNull();
  });

  it('is closed for good once it was closed', () => {
    const { unmount } = render(panel());
    const button = screen.getByRole('button', { name: 'Why' });
    expect(button.getAttribute('aria-expanded')).toBe('true');
    fireEvent.click(button);
    unmount();
    loadPreferences();
    render(panel());
    expect(screen.getByRole('button', { name: 'Why' }).getAttribute('aria-expanded')).toBe('false');
    expect(screen.queryByText('the end')).toBeNull();
    expect(screen.getByText('A rule dropped it')).toBeTruthy();
  });

  it('of an ordinary end is a line, until it is opened, and that is not remembered', () => {
    const { unmount } = render(panel({ tone: 'ordinary', certainty: 'known' }));
    expect(screen.queryByText('the end')).toBeNull();
    expect(screen.queryByText('known')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Why' }));
    expect(screen.getByText('the end')).toBeTruthy();
    unmount();
    render(panel({ tone: 'ordinary' }));
    expect(screen.queryByText('the end')).toBeNull();
    cleanup();
    render(panel({ tone: 'notice' }));
    expect(screen.getByText('the end')).toBeTruthy();
  });

  it('says what the host is asked, then what it said, behind what the records say', () => {
    const { rerender } = render(panel({}, { pending: [LISTENERS] }));
    const list = screen.getByRole('list', { name: 'Evidence' });
    expect(list.getAttribute('aria-busy')).toBe('true');
    expect(list.lastElementChild?.textContent).toBe('hostthe sockets on udp 9 …');
    const fact: Fact = { query: LISTENERS, readAtUnixMs: 0, answer: { ok: true, lines: [], isCut: false } };
    rerender(panel({ evidence: [{ text: 'nobody listens', fact }, ...diagnosis.evidence] }));
    expect(list.getAttribute('aria-busy')).toBe('false');
    expect(list.children).toHaveLength(4);
    expect(list.lastElementChild?.textContent).toBe('hostnobody listens');
  });

  it('says that the host could not be asked, and asks again', () => {
    const again = vi.fn();
    render(panel({}, { failure: { code: 'SOURCE_GONE', message: 'there is no source' }, again }));
    expect(screen.getByText(/not asked: there is no source/)).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Ask again' }));
    expect(again).toHaveBeenCalledTimes(1);
  });

  it('copies a command and says so, or that it may not', async () => {
    const writeText = vi.fn().mockResolvedValueOnce(undefined).mockRejectedValueOnce(new Error('no'));
    vi.stubGlobal('navigator', { clipboard: { writeText } });
    render(panel());
    const copy = screen.getByRole('button', { name: 'Copy the command' });
    fireEvent.click(copy);
    expect((await screen.findByText('Copied the command')).getAttribute('role')).toBe('status');
    expect(writeText).toHaveBeenCalledWith('nft list ruleset');
    fireEvent.click(copy);
    expect(await screen.findByText('The browser does not let the page copy')).toBeTruthy();
    vi.unstubAllGlobals();
  });
});

describe('the lineage', () => {
  it('leads to relatives, and shows many only when asked', () => {
    const children = Array.from({ length: 12 }, (_, i) => lineageOf(1, i + 20, RELATION.segment));
    render(<LineageStrip path={pathOf({ origins: [lineageOf(9, 1, RELATION.clone)], children })} />);
    expect(screen.getByRole('navigation', { name: 'Lineage' }).textContent).toContain('cloned from#9');
    expect(screen.queryByRole('button', { name: '#31' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'and 4 more' }));
    fireEvent.click(screen.getByRole('button', { name: '#31' }));
    expect(useSelection.getState().packet).toBe(31);
  });

  it('is not there for a packet that is alone', () => {
    const { container } = render(
      <LineageStrip path={pathOf({ origins: [lineageOf(1, 1, RELATION.head)] })} />,
    );
    expect(container.childElementCount).toBe(0);
  });
});
