// @vitest-environment happy-dom
/** The explanation above a path: what it says, where its evidence leads, what it remembers. */
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RELATION } from '../../core/wire/layout.gen.ts';
import { loadPreferences } from '../state/preferences.ts';
import { selectPacket, useSelection } from '../state/selection.ts';
import { LineageStrip } from '../views/path/Lineage.tsx';
import { WhyPanel } from '../views/path/WhyPanel.tsx';
import type { Explanation } from '../views/path/why.ts';
import { decisionOf, hopOf, lineageOf, pathOf } from './paths.ts';

const path = pathOf({ hops: [hopOf(), hopOf(), hopOf()], decisions: [decisionOf(1, { value: 0 })] });
const explanation: Explanation = {
  title: 'A rule dropped it',
  certainty: 'likely',
  evidence: [{ text: 'the rule', decision: 0 }, { text: 'the end', hop: 2 }, { text: 'nothing before' }],
  advice: [{ text: 'See the rule:', command: 'nft list ruleset' }],
}; // biome-ignore format: short

beforeEach(() => {
  localStorage.clear();
  loadPreferences();
  selectPacket(1);
});
afterEach(cleanup);

describe('the explanation', () => {
  it('says what, how surely, and leads to the evidence', () => {
    render(<WhyPanel path={path} explanation={explanation} isDrop />);
    expect(screen.getByRole('heading').textContent).toBe('A rule dropped it');
    expect(screen.getByText('likely')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: /hop 2\s*the rule/ }));
    expect(useSelection.getState()).toMatchObject({ hop: 1, decision: 0 });
    fireEvent.click(screen.getByRole('button', { name: /hop 3\s*the end/ }));
    expect(useSelection.getState()).toMatchObject({ hop: 2, decision: -1 });
    expect(screen.queryByRole('button', { name: /nothing before/ })).toBeNull();
  });

  it('is closed for good once it was closed', () => {
    const { unmount } = render(<WhyPanel path={path} explanation={explanation} isDrop />);
    const button = screen.getByRole('button', { name: 'Why' });
    expect(button.getAttribute('aria-expanded')).toBe('true');
    fireEvent.click(button);
    unmount();
    loadPreferences();
    render(<WhyPanel path={path} explanation={explanation} isDrop />);
    expect(screen.getByRole('button', { name: 'Why' }).getAttribute('aria-expanded')).toBe('false');
    expect(screen.queryByText('the end')).toBeNull();
    expect(screen.getByText('A rule dropped it')).toBeTruthy();
  });

  it('copies a command and says so, or that it may not', async () => {
    const writeText = vi.fn().mockResolvedValueOnce(undefined).mockRejectedValueOnce(new Error('no'));
    vi.stubGlobal('navigator', { clipboard: { writeText } });
    render(<WhyPanel path={path} explanation={explanation} isDrop />);
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
