// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { loadPreferences, prefer, usePreferences } from '../state/preferences.ts';

beforeEach(() => localStorage.clear());

describe('choices of this browser', () => {
  it('are remembered, each by itself', () => {
    loadPreferences();
    expect(usePreferences.getState()).toMatchObject({ welcomed: false, stripOpen: true, detailsOpen: false });
    prefer({ stripOpen: false, detailsOpen: true });
    prefer({ timeScale: 'linear' });
    usePreferences.setState({ stripOpen: true, detailsOpen: false, timeScale: 'sequence' });
    loadPreferences();
    expect(usePreferences.getState()).toMatchObject({
      stripOpen: false,
      detailsOpen: true,
      timeScale: 'linear',
      storyOpen: true,
    });
  });

  it('that nobody of us wrote are as if there were none', () => {
    localStorage.setItem('skbtracer.theme', 'purple');
    localStorage.setItem('skbtracer.storyOpen', '{}');
    loadPreferences();
    expect(usePreferences.getState()).toMatchObject({ theme: 'system', storyOpen: true });
  });

  it('put the theme on the page', () => {
    prefer({ theme: 'dark' });
    expect(document.documentElement.dataset.theme).toBe('dark');
    prefer({ theme: 'system' });
    expect(document.documentElement.dataset.theme).toBeUndefined();
  });
});
