/** `skbtracer lab`: a command, or a shell, on a real kernel in a VM; what it takes is the lab's own to say. */
import { hasLab, LAB, NO_LAB } from '../place.ts';
import { onTerminal } from './child.ts';
import { failure } from './usage.ts';

/** Resolves to the command's exit status; 125 says that the VM died without one. */
export async function lab(words: readonly string[]): Promise<number> {
  if (!hasLab()) throw failure(NO_LAB);
  return onTerminal([process.execPath, LAB, ...words]);
}
