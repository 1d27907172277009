'use client';

import { create } from 'zustand';

export interface Announcement {
  readonly id: number;
  readonly text: string;
}

/** Announcements that stay for who reads back; older ones go. */
const KEPT_MAX = 4;

/** What the page says aloud, newest last. */
export const useAnnouncements = create<{ readonly said: readonly Announcement[] }>(() => ({ said: [] }));

let last = 0;

/** Says something once, politely, to whoever hears the page: one short sentence without its full stop. */
export function announce(text: string): void {
  last += 1;
  const { said } = useAnnouncements.getState();
  useAnnouncements.setState({ said: [...said, { id: last, text }].slice(-KEPT_MAX) });
}
