/** The map's SVG: d3 owns everything inside it, React nothing. */
import { drag, type Selection, select, type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from 'd3';
import { hueOf } from '../../state/hue.ts';
import { drawDetail } from './detail.ts';
import type { Visit } from './journey.ts';
import { JourneyLayer } from './journey-layer.ts';
import type { Box, MapLayout, Wire } from './layout.ts';
import { pathOf } from './route.ts';
import { netnsKey } from './sights.ts';
import { NO_TRAFFIC, type Traffic } from './traffic.ts';

export type Target =
  | { readonly kind: 'node' | 'joint'; readonly key: string }
  | { readonly kind: 'region'; readonly inode: number };

export interface MapEvents {
  pick(target: Target, droppedOnly: boolean): void;
  /** A person moved a region. */
  move(key: string, x: number, y: number): void;
  step(visit: number): void;
}

/** What is written on lines and at drops: counts of all, or rates of the last seconds. */
export interface Figures {
  readonly traffic: Traffic;
  text(packets: number): string;
}

/** Below this scale labels of interfaces are too small to read, and regions show only their names. */
const FAR = 0.62;
const MARGIN = 36;
const SCALE_MAX = 6;
const FIT_MAX = 1.35;

export const targetId = (target: Target): string =>
  `map-${target.kind === 'region' ? netnsKey(target.inode) : target.key}`.replaceAll(/[ /]/g, '-');

export class MapChart {
  readonly #svg: Selection<SVGSVGElement, unknown, null, undefined>;
  readonly #world: Selection<SVGGElement, unknown, null, undefined>;
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;
  readonly #events: MapEvents;
  readonly #journey: JourneyLayer;
  #layout: MapLayout | undefined;
  #figures: Figures = { traffic: NO_TRAFFIC, text: String };
  #transform: ZoomTransform = zoomIdentity;
  #size = { width: 0, height: 0 };
  #selected = '';
  #isTouched = false;

  constructor(svg: SVGSVGElement, events: MapEvents) {
    this.#svg = select(svg);
    this.#events = events;
    this.#world = this.#svg.append('g');
    for (const name of ['regions', 'wires', 'inner', 'bars', 'stations', 'figures'])
      this.#world.append('g').attr('class', name);
    this.#journey = new JourneyLayer(this.#world.append('g').attr('class', 'journey'), (visit) => events.step(visit));
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.1, SCALE_MAX])
      .on('zoom', (event: { readonly transform: ZoomTransform; readonly sourceEvent: unknown }) => {
        this.#transform = event.transform;
        if (event.sourceEvent !== null) this.#isTouched = true;
        this.#world.attr('transform', event.transform.toString());
        this.#svg.classed('far', event.transform.k < FAR).style('--k', String(event.transform.k));
      });
    this.#svg.call(this.#zoom).on('dblclick.zoom', null);
  }

  update(layout: MapLayout, size: { readonly width: number; readonly height: number }): void {
    const isOther =
      this.#layout?.graph !== layout.graph || this.#size.width !== size.width || this.#size.height !== size.height;
    this.#layout = layout;
    this.#size = size;
    this.#draw();
    // until a person has zoomed, the whole network is in view
    if (isOther && !this.#isTouched) this.fit();
  }

  setFigures(figures: Figures): void {
    this.#figures = figures;
    this.#drawFigures();
  }

  setSelected(target: Target | undefined): void {
    this.#selected = target === undefined ? '' : targetId(target);
    this.#mark();
  }

  #mark(): void {
    this.#svg.selectAll('.picked').classed('picked', false);
    if (this.#selected !== '') this.#svg.select(`[id="${this.#selected}"]`).classed('picked', true);
  }

  setJourney(visits: readonly Visit[], current: number, isStill: boolean): void {
    this.#world.classed('dimmed', visits.length > 0);
    this.#journey.draw(visits, current, isStill);
  }

  fit(): void {
    this.#isTouched = false;
    const { width, height } = this.#size;
    const bounds = this.#layout?.bounds;
    if (bounds === undefined || width === 0) return;
    const k = Math.min(FIT_MAX, (width - 2 * MARGIN) / bounds.width, (height - 2 * MARGIN) / bounds.height);
    const x = (width - bounds.width * k) / 2 - bounds.x * k;
    const y = Math.max(MARGIN, (height - bounds.height * k) / 2.4) - bounds.y * k;
    this.#svg.call(this.#zoom.transform, zoomIdentity.translate(x, y).scale(Math.max(0.1, k)));
  }

  zoomBy(factor: number): void {
    this.#isTouched = true;
    this.#svg.call(this.#zoom.scaleBy, factor);
  }

  /** Moves so that a point of the map is in view. */
  show(x: number, y: number): void {
    const [at, down] = this.#transform.apply([x, y]);
    const { width, height } = this.#size;
    if (at > 20 && at < width - 60 && down > 20 && down < height - 20) return;
    this.#svg.call(this.#zoom.translateTo, x, y);
  }

  destroy(): void {
    this.#svg.on('.zoom', null).selectAll('*').remove();
    this.#journey.destroy();
  }

  #draw(): void {
    const layout = this.#layout;
    if (layout === undefined) return;
    this.#drawWires(layout.wires);
    this.#drawRegions(layout.boxes);
    drawDetail(this.#world, layout, (key, droppedOnly) => this.#events.pick({ kind: 'node', key }, droppedOnly));
    this.#drawFigures();
    this.#mark();
  }

  /** Those between regions below those within one. */
  #drawWires(wires: readonly Wire[]): void {
    const isInner = ({ joint }: Wire) => joint.from.region === joint.to.region;
    for (const [name, own] of [['wires', wires.filter((wire) => !isInner(wire))], ['inner', wires.filter(isInner)]] as const) {
      const groups = this.#world
        .select<SVGGElement>(`g.${name}`)
        .selectAll<SVGGElement, Wire>('g.joint')
        .data([...own], ({ joint }) => joint.key)
        .join((enter) => {
          const group = enter.append('g');
          group.append('path').attr('class', 'hit');
          group.append('path').attr('class', 'line');
          return group.on('click', (_, { joint }) => this.#events.pick({ kind: 'joint', key: joint.key }, false));
        });
      groups
        .attr('id', ({ joint }) => targetId({ kind: 'joint', key: joint.key }))
        .attr('class', ({ joint: { kind, from, to } }) => `joint ${kind}${[from, to].every(({ link }) => link.isUp && (link.hasCarrier || kind !== 'wire')) ? '' : ' down'}`);
      groups.selectChildren<SVGPathElement, Wire>('path').attr('d', ({ points, joint }) => pathOf(points, joint.kind === 'wire' ? 9 : 5));
    }
  }

  #drawRegions(boxes: readonly Box[]): void {
    const events = this.#events;
    let isMoved = false;
    const move = drag<SVGGElement, Box>()
      .on('start', () => {
        isMoved = false;
      })
      .on('drag', function (event: { readonly x: number; readonly y: number }) {
        isMoved = true;
        select(this).attr('transform', `translate(${event.x},${event.y})`);
      })
      .subject((_, { x, y }) => ({ x, y }))
      .on('end', (event: { readonly x: number; readonly y: number }, { region }) => {
        if (isMoved) events.move(region.key, Math.round(event.x), Math.round(event.y));
      });
    const groups = this.#world
      .select<SVGGElement>('g.regions')
      .selectAll<SVGGElement, Box>('g.region')
      .data([...boxes], ({ region }) => region.key)
      .join((enter) => {
        const group = enter.append('g').attr('class', 'region').attr('role', 'option');
        for (const name of ['box', 'tint', 'edge']) group.append('rect').attr('class', name);
        for (const name of ['title', 'subtitle', 'total']) group.append('text').attr('class', name);
        return group.call(move).on('click', (_, { region }) => events.pick({ kind: 'region', inode: region.inode }, false));
      });
    groups
      .attr('id', ({ region }) => targetId({ kind: 'region', inode: region.inode }))
      .attr('aria-label', ({ region }) => `Namespace ${region.title}, ${region.nodes.length} interfaces${region.problem === '' ? '' : `, ${region.problem}`}`)
      .attr('transform', ({ x, y }) => `translate(${x},${y})`)
      .attr('style', ({ region }) => `--hue:${hueOf(region.name)}`)
      .classed('problem', ({ region }) => region.problem !== '');
    groups.selectAll<SVGRectElement, Box>('rect.box, rect.tint').attr('width', ({ width }) => width).attr('height', ({ height }) => height).attr('rx', 6);
    groups.select<SVGRectElement>('rect.edge').attr('width', 4).attr('height', ({ height }) => height).attr('rx', 2);
    groups.select('text.title').attr('x', 14).attr('y', 20).text(({ region }) => clip(region.title, 18));
    groups.select('text.subtitle').attr('x', 14).attr('y', 34).text(({ region }) => clip(region.problem === '' ? region.subtitle : 'not all is known', 20));
  }

  #drawFigures(): void {
    const layout = this.#layout;
    if (layout === undefined) return;
    const { traffic, text } = this.#figures;
    const packets = (key: string) => traffic.counts.get(key)?.packets ?? 0;
    const thickness = (count: number) => (count === 0 ? 1.4 : 2 + 4 * Math.sqrt(count / Math.max(1, traffic.most)));
    this.#world
      .selectAll<SVGGElement, Wire>('g.joint')
      .classed('busy', ({ joint }) => packets(joint.key) > 0)
      .style('--thick', ({ joint }) => `${thickness(packets(joint.key)).toFixed(1)}px`);
    this.#world
      .selectAll<SVGGElement, { readonly node: { readonly key: string } }>('g.drops')
      .each(function ({ node }) {
        const dropped = traffic.counts.get(node.key)?.dropped ?? 0;
        const group = select(this).classed('none', dropped === 0).attr('aria-label', `${text(dropped)} dropped here`);
        const label = text(dropped);
        group.select('text').text(label);
        group.select('rect').attr('width', 20 + label.length * 6.2);
      });
    this.#world
      .select<SVGGElement>('g.figures')
      .selectAll<SVGTextElement, Wire>('text')
      .data(layout.wires.filter(({ joint }) => joint.kind !== 'port' && joint.kind !== 'stack' && packets(joint.key) > 0), ({ joint }) => joint.key)
      .join('text')
      .attr('x', ({ points }) => labelAt(points)[0] + 6)
      .attr('y', ({ points }) => labelAt(points)[1])
      .text(({ joint }) => text(packets(joint.key)));
    this.#world.selectAll<SVGTextElement, Box>('text.total').attr('x', 14).attr('y', ({ height }) => height - 8).text(({ region, height }) => {
      const count = traffic.counts.get(netnsKey(region.inode))?.packets ?? 0;
      return count > 0 && height > 70 ? `${text(count)} ${text(count).endsWith('s') ? '' : 'packets'}` : '';
    });
  }
} // biome-ignore format: chains

/** Beside the last stretch of a wire, just above where it ends. */
function labelAt(points: Wire['points']): readonly [number, number] {
  const ends = [points.at(-1) ?? [0, 0], points[0] ?? [0, 0]] as const;
  const lower = ends[0][1] >= ends[1][1] ? ends[0] : ends[1];
  return [lower[0], lower[1] - 30];
}

export const clip = (text: string, letters: number): string =>
  text.length > letters ? `${text.slice(0, Math.max(1, letters - 1))}…` : text;
