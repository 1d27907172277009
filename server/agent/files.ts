/** Files of /proc, /sys and /run, which may be gone by the time that they are read. */
import { readdirSync, readFileSync } from 'node:fs';

/** Names in a folder; none when it cannot be read. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A file's text, '' when it cannot be read. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
