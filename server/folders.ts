import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder for its owner alone, where it is not there, and those above it for all to pass. Throws what the system
 * says: `mkdirSync` with `recursive` of Node 20 goes on for ever in /proc.
 */
export function makeFolder(path: string, mode = 0o700): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), 0o755);
  mkdirSync(path, { mode });
}
