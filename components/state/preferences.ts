'use client';

import { create } from 'zustand';
import { remember, remembered } from './storage.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export const TIME_SCALES = ['sequence', 'linear'] as const;
export type TimeScale = (typeof TIME_SCALES)[number];

interface Preferences {
  readonly theme: Theme;
  readonly timeScale: TimeScale;
  readonly welcomed: boolean;
  readonly formOpen: boolean;
  /** The path view's explanation and its details of the selected hop. */
  readonly whyOpen: boolean;
  readonly detailsOpen: boolean;
  /** The time strip below the tabs. */
  readonly stripOpen: boolean;
  /** Its story, and the tree of the packet's relatives. */
  readonly storyOpen: boolean;
  readonly lineageOpen: boolean;
  setTheme(theme: Theme): void;
  setTimeScale(scale: TimeScale): void;
  setWelcomed(welcomed: boolean): void;
  setFormOpen(open: boolean): void;
  setWhyOpen(open: boolean): void;
  setDetailsOpen(open: boolean): void;
  setStripOpen(open: boolean): void;
  setStoryOpen(open: boolean): void;
  setLineageOpen(open: boolean): void;
}

const oneOf = <T extends string>(values: readonly T[], text: string | null, otherwise: T): T =>
  values.find((value) => value === text) ?? otherwise;

/** Choices of this browser, remembered. public/theme.js reads the theme before the first paint. */
export const usePreferences = create<Preferences>((set) => ({
  theme: 'system',
  timeScale: 'sequence',
  welcomed: true,
  formOpen: true,
  whyOpen: true,
  detailsOpen: false,
  stripOpen: true,
  storyOpen: true,
  lineageOpen: false,
  setTheme(theme) {
    remember('theme', theme);
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    set({ theme });
  },
  setTimeScale(timeScale) {
    remember('timeScale', timeScale);
    set({ timeScale });
  },
  setWelcomed(welcomed) {
    remember('welcomed', String(welcomed));
    set({ welcomed });
  },
  setFormOpen(formOpen) {
    remember('formOpen', String(formOpen));
    set({ formOpen });
  },
  setWhyOpen(whyOpen) {
    remember('whyOpen', String(whyOpen));
    set({ whyOpen });
  },
  setDetailsOpen(detailsOpen) {
    remember('detailsOpen', String(detailsOpen));
    set({ detailsOpen });
  },
  setStripOpen(stripOpen) {
    remember('stripOpen', String(stripOpen));
    set({ stripOpen });
  },
  setStoryOpen(storyOpen) {
    remember('storyOpen', String(storyOpen));
    set({ storyOpen });
  },
  setLineageOpen(lineageOpen) {
    remember('lineageOpen', String(lineageOpen));
    set({ lineageOpen });
  },
}));

/** Takes in what was remembered; called once in the browser, after the server's markup was taken over. */
export function loadPreferences(): void {
  usePreferences.setState({
    theme: oneOf(THEMES, remembered('theme'), 'system'),
    timeScale: oneOf(TIME_SCALES, remembered('timeScale'), 'sequence'),
    welcomed: remembered('welcomed') === 'true',
    formOpen: remembered('formOpen') !== 'false',
    whyOpen: remembered('whyOpen') !== 'false',
    detailsOpen: remembered('detailsOpen') === 'true',
    stripOpen: remembered('stripOpen') !== 'false',
    storyOpen: remembered('storyOpen') !== 'false',
    lineageOpen: remembered('lineageOpen') === 'true',
  });
}
