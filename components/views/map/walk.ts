/** Which thing on the map is the next one in a direction, for the arrow keys. */
import type { Target } from './chart.ts';
import type { MapLayout } from './layout.ts';

export type Direction = 'left' | 'right' | 'up' | 'down';

interface Stop {
  readonly target: Target;
  readonly x: number;
  readonly y: number;
}

/** Regions by their names' place, interfaces by their own. */
function stopsOf({ boxes, spots }: MapLayout): Stop[] {
  return [
    ...boxes.map(
      ({ region, x, y }): Stop => ({ target: { kind: 'region', inode: region.inode }, x: x + 14, y: y + 14 }),
    ),
    ...[...spots.values()].map(({ node, x, y }): Stop => ({ target: { kind: 'node', key: node.key }, x, y })),
  ];
}

const isSame = (a: Target, b: Target | undefined): boolean =>
  b !== undefined &&
  a.kind === b.kind &&
  (a.kind === 'region' ? b.kind === 'region' && a.inode === b.inode : b.kind !== 'region' && a.key === b.key);

/** The nearest in a quarter around the direction; the first region when nothing is selected; undefined at an edge. */
export function walk(layout: MapLayout, from: Target | undefined, direction: Direction): Target | undefined {
  const stops = stopsOf(layout);
  const here = stops.find(({ target }) => isSame(target, from));
  if (here === undefined) return stops[0]?.target;
  const [dx, dy] = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[direction] as [number, number];
  let best: Stop | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const stop of stops) {
    const along = (stop.x - here.x) * dx + (stop.y - here.y) * dy;
    const across = Math.abs((stop.x - here.x) * dy) + Math.abs((stop.y - here.y) * dx);
    if (along <= 0.5 || across > along * 2 + 30) continue;
    const cost = along + 2.5 * across;
    if (cost >= least) continue;
    best = stop;
    least = cost;
  }
  return best?.target;
}

export function placeOf(
  layout: MapLayout,
  target: Target,
): { readonly x: number; readonly y: number } | undefined {
  return stopsOf(layout).find((stop) => isSame(stop.target, target));
}
