'use client';

import dynamic from 'next/dynamic';
import type { ComponentType } from 'react';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';

const loads: (() => Promise<unknown>)[] = [];

/** A part of the page whose script comes when it is shown, or before that when the page has nothing else to do. */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  loads.push(load);
  return dynamic<P>(() => load().catch(() => NotLoaded), { ssr: false, loading: Loading });
}

/** Fetches all lazy parts, one after the other, once the page is idle: what is opened later is there at once. */
export function loadAll(): void {
  const next = (at: number) => {
    const load = loads[at];
    // one that fails is tried again, and told, when it is shown
    load?.().then(
      () => soon(() => next(at + 1)),
      () => undefined,
    );
  };
  soon(() => next(0));
}

function soon(work: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout: 2000 });
  else setTimeout(work, 500);
}

const Loading = () => <div aria-busy className="h-full" />;

function NotLoaded() {
  return (
    <Notice
      title="This part of the page could not be loaded"
      level={2}
      action={<Button onClick={() => location.reload()}>Load the page again</Button>}
    >
      The server does not answer, or it is another version than this page.
    </Notice>
  );
}
