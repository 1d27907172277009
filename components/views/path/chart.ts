/** The timeline's SVG: d3 owns everything inside it, React nothing. */
import {
  curveBumpX,
  line,
  type Selection,
  scaleLinear,
  select,
  type ZoomBehavior,
  type ZoomTransform,
  zoom,
  zoomIdentity,
} from 'd3';
import { formatDuration } from '../../../core/model/format.ts';
import { hueOf } from '../../state/hue.ts';
import { isNetnsNumber } from '../../ui/Netns.tsx';
import { chooseLabels, isTranslated, type Mark, type TimelineLayout, type TimeScale } from './layout.ts';

const LEFT = 104;
const RIGHT = 16;
const LABEL_PX = 5.9;
const ZOOM_MAX = 400;

export interface ChartEvents {
  pick(index: number): void;
  hover(index: number): void;
}

export const stageColour = (stage: string): string => `var(--stage-${stage === 'xdp/tc' ? 'xdp' : stage})`;

export class TimelineChart {
  readonly #svg: Selection<SVGSVGElement, unknown, null, undefined>;
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;
  readonly #events: ChartEvents;
  #layout: TimelineLayout | undefined;
  #scale: TimeScale = 'sequence';
  #width = 0;
  #transform: ZoomTransform = zoomIdentity;
  #cursor = -1;
  #stretch: readonly [number, number] = [-1, -1];

  constructor(svg: SVGSVGElement, events: ChartEvents) {
    this.#svg = select(svg);
    this.#events = events;
    for (const name of ['bands', 'stretch', 'axis', 'route', 'marks', 'labels', 'cursor'])
      this.#svg.append('g').attr('class', name);
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent([1, ZOOM_MAX])
      .filter(
        (event: Event) =>
          !(event instanceof WheelEvent) ||
          event.ctrlKey ||
          event.shiftKey ||
          event.altKey ||
          event.deltaY !== 0,
      )
      .on('zoom', (event: { readonly transform: ZoomTransform }) => {
        this.#transform = event.transform;
        this.#draw();
      });
    this.#svg.call(this.#zoom).on('dblclick.zoom', null);
  }

  update(layout: TimelineLayout, scale: TimeScale, width: number): void {
    const isOther = this.#layout === undefined || this.#scale !== scale;
    this.#layout = layout;
    this.#scale = scale;
    this.#width = width;
    this.#svg.attr('width', width).attr('height', layout.height).attr('viewBox', `0 0 ${width} ${layout.height}`);
    this.#zoom.extent([[LEFT, 0], [width - RIGHT, layout.height]]).translateExtent([[LEFT, 0], [width - RIGHT, layout.height]]);
    if (isOther) this.fit();
    else this.#draw();
  } // biome-ignore format: pairs

  setCursor(index: number): void {
    this.#cursor = index;
    this.#draw();
  }

  /** Hops that are shown to belong together; -1, -1 for none. */
  setStretch(from: number, to: number): void {
    this.#stretch = [from, to];
    this.#draw();
  }

  fit(): void {
    this.#svg.call(this.#zoom.transform, zoomIdentity);
  }

  zoomBy(factor: number): void {
    this.#svg.call(this.#zoom.scaleBy, factor);
  }

  /** Moves so that a hop is in view. */
  show(index: number): void {
    const mark = this.#layout?.marks[index];
    if (mark === undefined) return;
    const at = this.#x(mark);
    if (at >= LEFT && at <= this.#width - RIGHT) return;
    this.#svg.call(this.#zoom.translateBy, (this.#width / 2 - at) / this.#transform.k, 0);
  }

  destroy(): void {
    this.#svg.on('.zoom', null).selectAll('*').remove();
  }

  #base() {
    const [from, to] = this.#layout?.domain ?? [0, 1];
    return scaleLinear([from, to], [LEFT + 14, this.#width - RIGHT - 14]);
  }

  #x(mark: Mark): number {
    return this.#transform.applyX(this.#base()(mark.at));
  }

  #draw(): void {
    const layout = this.#layout;
    if (layout === undefined || this.#width === 0) return;
    const right = this.#width - RIGHT;
    const inView = layout.marks.filter((mark) => this.#x(mark) > LEFT - 8 && this.#x(mark) < right + 8);
    this.#drawBands(layout);
    this.#drawStretch(layout, right);
    this.#drawAxis();
    this.#drawRoute(layout);
    this.#drawMarks(inView);
    this.#drawLabels(layout, inView, right);
  }

  #drawBands(layout: TimelineLayout): void {
    const root = this.#svg.select<SVGGElement>('g.bands');
    root
      .selectAll('rect.band')
      .data(layout.bands)
      .join('rect')
      .attr('class', 'band')
      .attr('x', 4)
      .attr('width', Math.max(0, this.#width - 8))
      .attr('y', (band) => band.y)
      .attr('height', (band) => band.height)
      .attr('rx', 5)
      .attr('style', (band) => `--hue:${hueOf(band.netnsName)}`);
    root
      .selectAll('rect.edge')
      .data(layout.bands)
      .join('rect')
      .attr('class', 'edge')
      .attr('x', 4)
      .attr('width', 3)
      .attr('y', (band) => band.y)
      .attr('height', (band) => band.height)
      .attr('rx', 1.5)
      .attr('style', (band) => `--hue:${hueOf(band.netnsName)}`);
    root
      .selectAll('text.netns')
      .data(layout.bands)
      .join('text')
      .attr('class', 'netns')
      .attr('x', 13)
      .attr('y', (band) => band.y + 14)
      .text((band) =>
        isNetnsNumber(band.netnsName) ? `netns …${band.netnsName.slice(-6)}` : clip(band.netnsName, 13),
      );
    root
      .selectAll('text.lane')
      .data(layout.lanes)
      .join('text')
      .attr('class', 'lane')
      .attr('x', 13)
      .attr('y', (lane, i) => lane.y + (isFirstOfBand(layout, i) ? 28 : lane.height / 2 + 4))
      .text((lane) => clip(lane.name, 13));
    root
      .selectAll('line.lane')
      .data(layout.lanes.filter((_, i) => !isFirstOfBand(layout, i)))
      .join('line')
      .attr('class', 'lane')
      .attr('x1', LEFT)
      .attr('x2', this.#width - 4)
      .attr('y1', (lane) => lane.y)
      .attr('y2', (lane) => lane.y);
  }

  #drawStretch({ marks, height }: TimelineLayout, right: number): void {
    const [first, last] = this.#stretch.map((index) => marks[index]);
    const [left, end] =
      first === undefined || last === undefined
        ? [0, 0]
        : [Math.max(LEFT, this.#x(first) - 9), Math.min(right, this.#x(last) + 9)];
    this.#svg
      .select<SVGGElement>('g.stretch')
      .selectAll('rect')
      .data(end > left ? [null] : [])
      .join('rect')
      .attr('x', left)
      .attr('width', end - left)
      .attr('y', 18)
      .attr('height', Math.max(0, height - 24))
      .attr('rx', 4);
  }

  #drawAxis(): void {
    const axis = this.#svg.select<SVGGElement>('g.axis');
    const scale = this.#transform.rescaleX(this.#base());
    const ticks = scale
      .ticks(Math.max(2, Math.floor(this.#width / 110)))
      .filter(
        (tick) =>
          scale(tick) >= LEFT &&
          scale(tick) <= this.#width - RIGHT &&
          (this.#scale === 'linear' || Number.isInteger(tick)),
      );
    axis
      .selectAll('text')
      .data(ticks)
      .join('text')
      .attr('x', (tick) => scale(tick))
      .attr('y', 13)
      .attr('text-anchor', 'middle')
      .text((tick) => (this.#scale === 'linear' ? `+${formatDuration(tick)}` : `hop ${tick + 1}`));
    axis
      .selectAll('line')
      .data(ticks)
      .join('line')
      .attr('x1', (tick) => scale(tick))
      .attr('x2', (tick) => scale(tick))
      .attr('y1', 18)
      .attr('y2', (this.#layout?.height ?? 0) - 10);
  }

  /** One line through all hops; where it goes from lane to lane the packet crosses. */
  #drawRoute(layout: TimelineLayout): void {
    const root = this.#svg.select<SVGGElement>('g.route');
    const path = line<Mark>((mark) => this.#x(mark), (mark) => mark.y).curve(curveBumpX);
    const clipped = this.#clipAround(layout.marks);
    root.selectAll('path').data([clipped]).join('path').attr('d', (marks) => path(marks));
    root
      .selectAll('path.crossing')
      .data(crossings(clipped))
      .join('path')
      .attr('class', 'crossing')
      .attr('d', ([from, to]) => path([from, to]));
  } // biome-ignore format: chains

  /** Marks in view and one beyond either side. */
  #clipAround(marks: readonly Mark[]): Mark[] {
    const isIn = (mark: Mark | undefined) =>
      mark !== undefined && this.#x(mark) > LEFT - 8 && this.#x(mark) < this.#width;
    return marks.filter((mark, i) => isIn(mark) || isIn(marks[i - 1]) || isIn(marks[i + 1]));
  }

  #drawMarks(marks: readonly Mark[]): void {
    const root = this.#svg.select<SVGGElement>('g.marks');
    const groups = root
      .selectAll<SVGGElement, Mark>('g.mark')
      .data([...marks], (mark) => String(mark.index))
      .join((enter) => {
        const group = enter.append('g');
        group
          .append('rect')
          .attr('class', 'target')
          .attr('x', -7)
          .attr('y', -9)
          .attr('width', 14)
          .attr('height', 18);
        group.append('circle').attr('class', 'dot').attr('r', 4.2);
        group.append('path').attr('class', 'cross').attr('d', 'M-4.5-4.5 4.5 4.5M4.5-4.5-4.5 4.5');
        group
          .on('click', (_, mark) => this.#events.pick(mark.index))
          .on('pointerenter', (_, mark) => this.#events.hover(mark.index));
        return group;
      });
    groups
      .attr('class', (mark) => markClass(mark, this.#cursor))
      .attr('transform', (mark) => `translate(${this.#x(mark)},${mark.y})`)
      .attr('style', (mark) => `--stage:${stageColour(mark.stage)}`);
  }

  #drawLabels(layout: TimelineLayout, marks: readonly Mark[], right: number): void {
    const chosen = chooseLabels(
      marks.map((mark) => (mark.index === this.#cursor ? { ...mark, weight: 1000 } : mark)),
      (mark) => this.#x(mark) + 2,
      (text) => text.length * LABEL_PX,
      right + RIGHT,
    );
    this.#svg
      .select<SVGGElement>('g.labels')
      .selectAll<SVGTextElement, Mark>('text')
      .data(marks.filter((mark) => chosen.has(mark.index)), (mark) => String(mark.index))
      .join('text')
      .attr('class', (mark) => (mark.hop.kind === 'drop' ? 'drop' : mark.index === this.#cursor ? 'current' : ''))
      .attr('x', (mark) => this.#x(mark) + (chosen.get(mark.index) === 'end' ? 5 : -3))
      .attr('y', (mark) => this.#labelY(layout, mark))
      .attr('text-anchor', (mark) => chosen.get(mark.index) ?? 'start')
      .text((mark) => mark.label);
  } // biome-ignore format: chains

  /** Above the mark; a drop's, which is long and ends a row of marks, where it hides fewer of them. */
  #labelY(layout: TimelineLayout, mark: Mark): number {
    const above = mark.y - 8;
    const below = mark.y + 16;
    if (mark.hop.kind !== 'drop' || !hasRoomBelow(layout, mark)) return above;
    const width = mark.label.length * LABEL_PX;
    const hides = (baseline: number) =>
      layout.marks.filter(
        (other) =>
          other !== mark &&
          Math.abs(other.y - baseline + 4) < 8 &&
          Math.abs(this.#x(other) - this.#x(mark)) < width,
      ).length;
    return hides(below) < hides(above) ? below : above;
  }
}

/** There is room for a label below the mark. */
function hasRoomBelow({ lanes }: TimelineLayout, { lane, y }: Mark): boolean {
  const own = lanes[lane];
  return own !== undefined && (lane === lanes.length - 1 || y + 20 <= own.y + own.height);
}

function markClass({ hop, index }: Mark, cursor: number): string {
  const kinds = ['mark', hop.kind];
  if (isTranslated(hop) || hop.changes.some(({ field }) => field === 'meta.mark')) kinds.push('changed');
  if (index === cursor) kinds.push('current');
  return kinds.join(' ');
}

function crossings(marks: readonly Mark[]): [Mark, Mark][] {
  return marks.flatMap((mark, i): [Mark, Mark][] => {
    const before = marks[i - 1];
    return before !== undefined && before.lane !== mark.lane && before.index + 1 === mark.index
      ? [[before, mark]]
      : [];
  });
}

const isFirstOfBand = (layout: TimelineLayout, lane: number): boolean =>
  layout.bands.some((band) => band.y === layout.lanes[lane]?.y);

const clip = (text: string, letters: number): string =>
  text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
