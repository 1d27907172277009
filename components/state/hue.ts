/**
 * A stable hue in degrees for a name: the same namespace has the same colour in every session and on every
 * machine. FNV-1a over UTF-16 units, spread by the golden angle so that similar names are far apart.
 */
export function hueOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) {
    hash ^= name.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  hash ^= hash >>> 15;
  return Math.round((((hash >>> 0) % 997) * 137.508) % 360);
}
