'use client';

import * as v from 'valibot';
import { create } from 'zustand';
import { remember, remembered } from './storage.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export const TIME_SCALES = ['sequence', 'linear'] as const;
export type TimeScale = (typeof TIME_SCALES)[number];

/** What is remembered of a switch is its word; anything else is as if nothing were. */
const flag = (otherwise: boolean) =>
  v.fallback(
    v.pipe(
      v.picklist(['true', 'false']),
      v.transform((text) => text === 'true'),
    ),
    otherwise,
  );

/** All there is: by name, how it is read and what it is as long as nothing is remembered. */
const SETTINGS = v.object({
  theme: v.fallback(v.picklist(THEMES), 'system'),
  timeScale: v.fallback(v.picklist(TIME_SCALES), 'sequence'),
  welcomed: flag(false),
  formOpen: flag(true),
  /** The path view's explanation, and its details of the selected hop. */
  whyOpen: flag(true),
  detailsOpen: flag(false),
  /** The time strip below the tabs. */
  stripOpen: flag(true),
  /** The path view's story, and the tree of the packet's relatives. */
  storyOpen: flag(true),
  lineageOpen: flag(false),
});
export type Preferences = Readonly<v.InferOutput<typeof SETTINGS>>;

/** Choices of this browser. Nobody is welcomed before it is known whether they were. */
export const usePreferences = create<Preferences>(() => ({ ...v.parse(SETTINGS, {}), welcomed: true }));

/** Makes choices, and remembers them. */
export function prefer(choices: Partial<Preferences>): void {
  for (const [name, choice] of Object.entries(choices)) remember(name, String(choice));
  usePreferences.setState(choices);
  if (choices.theme === undefined) return;
  if (choices.theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choices.theme;
}

/**
 * Takes in what was remembered; called once in the browser, after the server's markup was taken over. public/theme.js
 * reads the theme before the first paint.
 */
export function loadPreferences(): void {
  const names = Object.keys(SETTINGS.entries);
  usePreferences.setState(
    v.parse(SETTINGS, Object.fromEntries(names.map((name) => [name, remembered(name)]))),
  );
}
