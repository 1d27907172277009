'use client';

import { TriangleAlert } from 'lucide-react';
import type { Situation } from '../../state/session.ts';

/** A line above everything when something is not as it should be; what was captured stays on screen. */
export function SituationBanner({ situation }: { readonly situation: Situation }) {
  const text = bannerText(situation);
  if (text === '') return null;
  return (
    <div
      role="alert"
      className="flex items-center gap-2 border-b border-lost bg-lost-soft px-3 py-1.5 text-xs text-text"
    >
      <TriangleAlert size={13} aria-hidden className="shrink-0 text-lost" />
      <span className="min-w-0">{text}</span>
    </div>
  );
}

const STARTING = {
  host: 'The agent starts.',
  lab: 'The lab boots: a few seconds.',
  recording: 'The recording is opened.',
} as const;

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function bannerText(situation: Situation): string {
  switch (situation.kind) {
    case 'offline':
      return 'The server does not answer. This page connects again by itself; what it has shown stays here.';
    case 'source-gone':
      return situation.source === 'recording'
        ? `${capital(situation.note)}. What was read is here.`
        : `The source is gone. ${situation.note}`;
    case 'source-starting':
      return STARTING[situation.source];
    case 'capture-failed':
      return `The capture did not start. ${situation.message.split('\n')[0]}`;
    default:
      return '';
  }
}
