'use client';

import { useSyncExternalStore } from 'react';
import { type Command, commands } from './commands.ts';

const NONE: readonly never[] = [];

/** The commands that there are now; none on the server. */
export const useCommands = (): readonly Command[] =>
  useSyncExternalStore(
    (listener) => commands.subscribe(listener),
    () => commands.all,
    () => NONE,
  );
