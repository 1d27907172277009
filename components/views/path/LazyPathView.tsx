'use client';

import { lazily } from '../shell/lazy.tsx';

/** The path's script comes behind the list's: it is the largest part of the page. */
export const LazyPathView = lazily(() => import('./PathView.tsx').then((module) => module.PathView));
