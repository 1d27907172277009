/** `skbtracer lab`: a command, or a shell, on a real kernel in a VM; what it takes is the lab's own to say. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { hasLab, LAB, NO_LAB } from '../place.ts';
import { failure } from './usage.ts';

/** Resolves to the command's exit status; 125 says that the VM died without one. */
export async function lab(words: readonly string[]): Promise<number> {
  if (!hasLab()) throw failure(NO_LAB);
  const child = spawn(process.execPath, [LAB, ...words], { stdio: 'inherit' });
  // Ctrl-C is for the lab, which is on the same terminal, and ends its VM first
  const wait = () => undefined;
  const end = () => child.kill('SIGTERM');
  process.on('SIGINT', wait).on('SIGTERM', end);
  try {
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return status ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } finally {
    process.off('SIGINT', wait).off('SIGTERM', end);
  }
}
