/** Small remembered choices. Storage may be blocked or full: the page then works without remembering. */
const PREFIX = 'skbtracer.';

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // Not remembering is all that follows.
  }
}
