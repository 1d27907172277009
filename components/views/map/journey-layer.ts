/** The selected packet's way over the map: a line along the wires, numbers in its order, a dot where it is. */
import { type Selection, timer } from 'd3';
import type { Visit } from './journey.ts';
import { distance, lengthOf, type Point, pathOf, pointAt } from './route.ts';

/** Along one leg, whatever its length: short enough to step quickly, long enough to be followed by the eye. */
const LEG_MS = 420;

type Layer = Selection<SVGGElement, unknown, null, undefined>;

export class JourneyLayer {
  readonly #layer: Layer;
  readonly #step: (visit: number) => void;
  #current = -1;
  #running: ReturnType<typeof timer> | undefined;

  constructor(layer: Layer, step: (visit: number) => void) {
    this.#layer = layer;
    this.#step = step;
    for (const name of ['way', 'done', 'dot', 'stops']) layer.append('g').attr('class', name);
    layer.select('g.dot').append('circle').attr('r', 6);
  }

  /** @param isStill the dot jumps: the person wants no motion, or the map itself has changed */
  draw(visits: readonly Visit[], current: number, isStill: boolean): void {
    const before = this.#current;
    this.#current = current;
    this.#lines('way', visits);
    this.#lines('done', visits.slice(0, current + 1));
    this.#stops(visits, current);
    this.#running?.stop();
    const now = visits[current] ?? visits[0];
    this.#layer.select('g.dot').style('display', now === undefined ? 'none' : 'inline');
    if (now === undefined) return;
    if (isStill || Math.abs(current - before) !== 1 || before < 0) this.#put(now.at);
    else if (current > before) this.#run(now.line);
    else this.#run([...(visits[before]?.line ?? [])].reverse());
  }

  destroy(): void {
    this.#running?.stop();
  }

  #lines(name: string, visits: readonly Visit[]): void {
    this.#layer
      .select(`g.${name}`)
      .selectAll('path')
      .data(visits.slice(1))
      .join('path')
      .attr('d', ({ line }) => pathOf(line));
  }

  /** One at each place, with the numbers of all its stays there. */
  #stops(visits: readonly Visit[], current: number): void {
    const stops: { at: Point; numbers: number[]; isDrop: boolean; isCurrent: boolean }[] = [];
    visits.forEach(({ at, isDrop }, i) => {
      const known = stops.find((stop) => distance(stop.at, at) < 6);
      if (known === undefined) stops.push({ at, numbers: [i + 1], isDrop, isCurrent: i === current });
      else {
        known.numbers.push(i + 1);
        known.isDrop ||= isDrop;
        known.isCurrent ||= i === current;
      }
    });
    const groups = this.#layer
      .select('g.stops')
      .selectAll<SVGGElement, (typeof stops)[number]>('g')
      .data(stops)
      .join((enter) => {
        const group = enter.append('g');
        group.append('rect').attr('height', 15).attr('y', -21).attr('rx', 7.5);
        group.append('text').attr('y', -10).attr('text-anchor', 'middle');
        group.append('path').attr('class', 'cross').attr('d', 'M-6-6 6 6M6-6-6 6');
        return group.on('click', (_, { numbers }) => this.#step((numbers[0] ?? 1) - 1));
      });
    groups
      .attr('class', ({ isDrop, isCurrent }) => `${isDrop ? 'drop' : ''}${isCurrent ? ' current' : ''}`)
      .attr('transform', ({ at }) => `translate(${at[0]},${at[1]})`);
    const width = (numbers: readonly number[]) => Math.max(15, numbers.join(', ').length * 6 + 8);
    groups.select('rect').attr('x', ({ numbers }) => -width(numbers) / 2).attr('width', ({ numbers }) => width(numbers));
    groups.select('text').text(({ numbers }) => numbers.join(', '));
  } // biome-ignore format: pairs

  #run(line: readonly Point[]): void {
    const length = lengthOf(line);
    this.#running = timer((elapsed) => {
      const share = Math.min(1, elapsed / LEG_MS);
      this.#put(pointAt(line, length * (share < 0.5 ? 2 * share * share : 1 - (2 - 2 * share) ** 2 / 2)));
      if (share === 1) this.#running?.stop();
    });
  }

  #put([x, y]: Point): void {
    this.#layer.select('g.dot').attr('transform', `translate(${x},${y})`);
  }
}
