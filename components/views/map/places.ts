/** Where regions are: what a person moved is remembered in this browser, the rest as long as the page is open. */
import { remember, remembered } from '../../state/storage.ts';
import type { Place, Places } from './layout.ts';

const KEY = 'map.places';
/** Namespaces whose moved places are remembered; the longest not moved give way. */
const MOVED_MAX = 256;
const KEPT_MAX = 4096;

let automatic: Places = new Map();

export const knownPlaces = (): Places => new Map([...automatic, ...movedPlaces()]);

/** Also of those that are gone for the moment: they come back where they were. */
export function keepPlaces(places: Places): void {
  automatic = new Map([...new Map([...automatic, ...places])].slice(-KEPT_MAX));
}

export function movePlace(key: string, place: Place): void {
  const moved = new Map(movedPlaces());
  moved.delete(key);
  moved.set(key, place);
  remember(KEY, JSON.stringify([...moved].slice(-MOVED_MAX).map(([name, { x, y }]) => [name, x, y])));
}

/** As if nothing had ever been placed or moved. */
export function forgetPlaces(): void {
  automatic = new Map();
  remember(KEY, '[]');
}

function movedPlaces(): Places {
  const places = new Map<string, Place>();
  let known: unknown;
  try {
    known = JSON.parse(remembered(KEY) ?? '[]');
  } catch {
    return places; // not ours
  }
  for (const one of Array.isArray(known) ? known : []) {
    const [key, x, y] = Array.isArray(one) ? (one as unknown[]) : [];
    if (typeof key === 'string' && typeof x === 'number' && typeof y === 'number') places.set(key, { x, y });
  }
  return places;
}
