/** The graph's canvas: places scale with the zoom, marks and letters keep their size, so that labels stay legible. */
import { select, type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from 'd3';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { frames } from '../../state/frame.ts';
import type { Passage } from '../../state/paths/store.ts';
import { type Ink, readInk } from './ink.ts';
import { type Curve, type GraphLayout, pointOn } from './layout.ts';
import { edgeKey, exitKey } from './lines.ts';
import { Room } from './room.ts';

const PAD = { left: 8, right: 8, top: 26, bottom: 14 };
const ZOOM_MAX = 40;
const DIM = 0.16;
const REACH = 9;
/** Rows at least so high have room for times between names; else only steps so much slower than usual are told. */
const ROOMY_ROW = 30;
const SLOW_FACTOR = 8;

/** Left and right, between which something must stay. */
type Ends = readonly [number, number];

export interface ChartContent {
  readonly analysis: PathsAnalysis;
  readonly layout: GraphLayout;
  /** Parts of the selected path (nodes, edges, exits by key); undefined without one. */
  readonly selected: ReadonlySet<string> | undefined;
  readonly passage: Passage | undefined;
  readonly reasonName: (reason: number) => string;
}

export interface ChartEvents {
  hover(passage: Passage | undefined, x: number, y: number): void;
  pick(passage: Passage): void;
  /** Zoomed or moved away from the whole, or back. */
  moved(isWhole: boolean): void;
}

export class GraphChart {
  readonly #canvas: HTMLCanvasElement;
  readonly #zoom: ZoomBehavior<HTMLCanvasElement, unknown>;
  readonly #events: ChartEvents;
  readonly #ends: (() => void)[] = [];
  #content: ChartContent | undefined;
  #ink: Ink;
  #width = 0;
  #height = 0;
  #transform: ZoomTransform = zoomIdentity;
  #hovered: Passage | undefined;
  readonly #paint = () => this.#draw();

  constructor(canvas: HTMLCanvasElement, events: ChartEvents) {
    this.#canvas = canvas;
    this.#events = events;
    this.#ink = readInk(canvas);
    this.#zoom = zoom<HTMLCanvasElement, unknown>()
      .scaleExtent([1, ZOOM_MAX])
      .on('zoom', (event: { readonly transform: ZoomTransform }) => {
        this.#transform = event.transform;
        events.moved(event.transform.k === 1);
        frames.schedule(this.#paint);
      });
    select(canvas).call(this.#zoom).on('dblclick.zoom', null);
    this.#listen();
  }

  update(content: ChartContent): void {
    this.#content = content;
    frames.schedule(this.#paint);
  }

  resize(width: number, height: number): void {
    this.#width = width;
    this.#height = height;
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    const whole: [[number, number], [number, number]] = [[0, 0], [width, height]]; // biome-ignore format: pairs
    this.#zoom.extent(whole).translateExtent(whole);
    frames.schedule(this.#paint);
  }

  /** The colours of the theme have changed. */
  recolour(): void {
    this.#ink = readInk(this.#canvas);
    frames.schedule(this.#paint);
  }

  fit(): void {
    select(this.#canvas).call(this.#zoom.transform, zoomIdentity);
  }

  zoomBy(factor: number): void {
    select(this.#canvas).call(this.#zoom.scaleBy, factor);
  }

  destroy(): void {
    frames.cancel(this.#paint);
    for (const end of this.#ends) end();
    select(this.#canvas).on('.zoom', null);
  }

  #listen(): void {
    const canvas = this.#canvas;
    const on = <E extends 'pointermove' | 'pointerleave' | 'click'>(
      type: E,
      listener: (event: HTMLElementEventMap[E]) => void,
    ) => {
      canvas.addEventListener(type, listener);
      this.#ends.push(() => canvas.removeEventListener(type, listener));
    };
    on('pointermove', (event) => this.#hover(this.#at(event.offsetX, event.offsetY), event));
    on('pointerleave', (event) => this.#hover(undefined, event));
    on('click', (event) => {
      const passage = this.#at(event.offsetX, event.offsetY);
      if (passage !== undefined) this.#events.pick(passage);
    });
  }

  #hover(passage: Passage | undefined, { offsetX, offsetY }: PointerEvent): void {
    this.#hovered = passage;
    this.#canvas.style.cursor = passage === undefined ? 'grab' : 'pointer';
    this.#events.hover(passage, offsetX, offsetY);
    frames.schedule(this.#paint);
  }

  #x(x: number): number {
    const { width } = this.#content?.layout ?? { width: 1 };
    return this.#transform.applyX(PAD.left + (x / width) * (this.#width - PAD.left - PAD.right));
  }

  #y(y: number): number {
    const { height } = this.#content?.layout ?? { height: 1 };
    return this.#transform.applyY(PAD.top + ((y + 0.5) / height) * (this.#height - PAD.top - PAD.bottom));
  }

  /** What is under the pointer: a drop before a function before an edge. */
  #at(x: number, y: number): Passage | undefined {
    const content = this.#content;
    if (content === undefined) return undefined;
    const away = (px: number, py: number) => Math.hypot(this.#x(px) - x, this.#y(py) - y);
    const exit = nearest(content.layout.exits, (one) => away(one.x, one.y));
    if (exit !== undefined) return { kind: 'exit', from: exit.from, reason: exit.reason };
    const spot = nearest(content.layout.spots, (one) => away(one.x, one.y));
    if (spot !== undefined) return { kind: 'node', node: spot.node };
    const curve = nearest(content.layout.curves, (one) => {
      let least = Number.POSITIVE_INFINITY;
      for (let t = 0.05; t < 1; t += 0.05) least = Math.min(least, away(...pointOn(one, t)));
      return least + 3;
    });
    return curve && { kind: 'edge', from: curve.from, to: curve.to };
  }

  #draw(): void {
    const content = this.#content;
    const pen = this.#canvas.getContext('2d');
    if (content === undefined || pen === null || this.#width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.#width, this.#height);
    pen.font = `11px ${this.#ink.font}`;
    this.#drawLanes(pen, content);
    this.#drawEdges(pen, content);
    this.#drawExits(pen, content);
    this.#drawNodes(pen, content);
    this.#drawLabels(pen, content);
    this.#drawHeads(pen, content);
  }

  #drawLanes(pen: CanvasRenderingContext2D, { layout }: ChartContent): void {
    for (const lane of layout.lanes) {
      const from = this.#x(lane.x);
      const to = this.#x(lane.x + lane.width);
      pen.globalAlpha = 0.07;
      pen.fillStyle = this.#ink.hue(lane.name);
      pen.beginPath();
      pen.roundRect(from + 2, 2, to - from - 4, this.#height - 4, 5);
      pen.fill();
      pen.globalAlpha = 1;
      pen.fillRect(from + 2, 5, 3, this.#height - 10);
    }
  }

  /** Names of namespaces stay on top, whatever is below them. */
  #drawHeads(pen: CanvasRenderingContext2D, { layout }: ChartContent): void {
    pen.font = `600 11px ${this.#ink.font}`;
    for (const lane of layout.lanes) {
      const from = Math.max(0, this.#x(lane.x));
      const to = Math.min(this.#width, this.#x(lane.x + lane.width));
      if (to - from < 30) continue;
      pen.save();
      pen.beginPath();
      pen.rect(from, 0, to - from, 22);
      pen.clip();
      this.#write(pen, lane.name, from + 11, 16, this.#ink.text);
      pen.restore();
    }
    pen.font = `11px ${this.#ink.font}`;
  }

  #alpha(key: string, { selected }: ChartContent): number {
    return selected === undefined || selected.has(key) ? 1 : DIM;
  }

  #drawEdges(pen: CanvasRenderingContext2D, content: ChartContent): void {
    const { analysis, layout, selected } = content;
    const most = Math.log1p(Math.max(1, ...analysis.edges.map(({ count }) => count)));
    layout.curves.forEach((curve, i) => {
      const count = analysis.edges[i]?.count ?? 0;
      const key = edgeKey(curve.from, curve.to);
      const isMarked = this.#isMarked(key, content);
      const isOn = selected?.has(key) === true;
      pen.globalAlpha = this.#alpha(key, content);
      pen.strokeStyle = isMarked ? this.#ink.focus : isOn ? this.#ink.text : this.#ink.edge;
      pen.lineWidth = 0.8 + 3.7 * (Math.log1p(count) / most) + (isMarked ? 1 : 0);
      this.#stroke(pen, curve);
    });
    pen.globalAlpha = 1;
  }

  #stroke(pen: CanvasRenderingContext2D, { points: [x0, y0, x1, y1, x2, y2, x3, y3] }: Curve): void {
    pen.beginPath();
    pen.moveTo(this.#x(x0), this.#y(y0));
    pen.bezierCurveTo(this.#x(x1), this.#y(y1), this.#x(x2), this.#y(y2), this.#x(x3), this.#y(y3));
    pen.stroke();
  }

  #drawExits(pen: CanvasRenderingContext2D, content: ChartContent): void {
    const { layout, analysis } = content;
    const most = Math.log1p(Math.max(1, ...analysis.exits.map(({ count }) => count)));
    layout.exits.forEach((exit, i) => {
      const spot = layout.spots[exit.from];
      if (spot === undefined) return;
      const [x, y] = [this.#x(exit.x), this.#y(exit.y)];
      const key = exitKey(exit.from, exit.reason);
      pen.globalAlpha = this.#alpha(key, content);
      pen.strokeStyle = this.#ink.dropped;
      pen.lineWidth = 1 + 2.5 * (Math.log1p(analysis.exits[i]?.count ?? 0) / most);
      pen.beginPath();
      pen.moveTo(this.#x(spot.x), this.#y(spot.y));
      pen.quadraticCurveTo(x, this.#y(spot.y), x, y);
      pen.stroke();
      pen.lineWidth = this.#isMarked(key, content) ? 4 : 2.6;
      pen.lineCap = 'round';
      pen.beginPath();
      for (const [dx, dy] of [[-4, -4], [-4, 4]] as const) {
        pen.moveTo(x + dx, y + dy);
        pen.lineTo(x - dx, y - dy);
      } // biome-ignore format: pairs
      pen.stroke();
      pen.lineCap = 'butt';
    });
    pen.globalAlpha = 1;
  }

  #drawNodes(pen: CanvasRenderingContext2D, content: ChartContent): void {
    for (const spot of content.layout.spots) {
      const key = String(spot.node);
      const isMarked = this.#isMarked(key, content);
      pen.globalAlpha = this.#alpha(key, content);
      pen.beginPath();
      pen.arc(this.#x(spot.x), this.#y(spot.y), isMarked ? 5.5 : 4.2, 0, 2 * Math.PI);
      pen.fillStyle = this.#ink.stage(spot.stage);
      pen.strokeStyle = isMarked ? this.#ink.focus : this.#ink.surface;
      pen.lineWidth = isMarked ? 2.5 : 1.4;
      pen.fill();
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  #isMarked(key: string, { passage }: ChartContent): boolean {
    return [passage, this.#hovered].some((one) => one !== undefined && keyOf(one) === key);
  }

  /** The weightiest first, where they fit: what is pointed at, drops, the selected path, beginnings and forks, times. */
  #drawLabels(pen: CanvasRenderingContext2D, content: ChartContent): void {
    const { analysis, layout, selected } = content;
    const room = new Room(this.#width, this.#height);
    const place = (text: string, [from, to]: Ends, x: number, y: number, colour: string) => {
      if (y < PAD.top || x < 0) return;
      const width = pen.measureText(text).width;
      const beside = [x + 8, x - 8 - width].find(
        (at) => at > from + 5 && at + width < to - 3 && room.isFree(at, y - 6, width, 11),
      );
      if (beside === undefined) return;
      room.take(beside, y - 6, width + 4, 11);
      this.#write(pen, text, beside, y + 4, colour);
    };
    layout.exits.forEach((exit, i) => {
      if (this.#alpha(exitKey(exit.from, exit.reason), content) < 1) return;
      const text = `${content.reasonName(exit.reason)} ${formatCount(analysis.exits[i]?.count ?? 0)}`;
      place(text, [0, this.#width], this.#x(exit.x), this.#y(exit.y), this.#ink.dropped);
    });
    for (const { x, y } of layout.spots) room.take(this.#x(x) - 4, this.#y(y) - 4, 8, 8);
    const degree = new Map<number, number>();
    for (const { from, to } of analysis.edges)
      for (const node of [from, to]) degree.set(node, (degree.get(node) ?? 0) + 1);
    const weight = (node: number) =>
      (this.#isMarked(String(node), content) ? 1e6 : 0) +
      (selected?.has(String(node)) === true ? 1e5 : 0) +
      ((analysis.nodes[node]?.starts ?? 0) + (analysis.nodes[node]?.ends ?? 0) > 0 ? 100 : 0) +
      (degree.get(node) ?? 0);
    for (const spot of [...layout.spots].sort((a, b) => weight(b.node) - weight(a.node))) {
      if (this.#alpha(String(spot.node), content) < 1) continue;
      const isStrong = this.#isMarked(String(spot.node), content);
      const colour = isStrong ? this.#ink.text : this.#ink.soft;
      place(spot.name, this.#laneEnds(content, spot.lane), this.#x(spot.x), this.#y(spot.y), colour);
    }
    this.#drawTimes(pen, content, room);
  }

  #laneEnds({ layout }: ChartContent, index: number): Ends {
    const lane = layout.lanes[index];
    return lane === undefined ? [0, 0] : [this.#x(lane.x), this.#x(lane.x + lane.width)];
  }

  #drawTimes(pen: CanvasRenderingContext2D, content: ChartContent, room: Room): void {
    const { analysis, layout } = content;
    const slowest = layout.curves
      .map((curve, i) => ({ curve, edge: analysis.edges[i] }))
      .sort((a, b) => (b.edge?.p50Ns ?? 0) - (a.edge?.p50Ns ?? 0));
    const usual = slowest[slowest.length >> 1]?.edge?.p50Ns ?? 0;
    const least = this.#y(1) - this.#y(0) >= ROOMY_ROW ? 0 : usual * SLOW_FACTOR;
    pen.font = `10px ${this.#ink.font}`;
    for (const { curve, edge } of slowest) {
      if (edge === undefined || edge.p50Ns < least || this.#alpha(edgeKey(curve.from, curve.to), content) < 1)
        continue;
      const [px, py] = pointOn(curve, 0.5);
      const [x, y] = [this.#x(px) + 5, this.#y(py)];
      const text = `${formatDuration(edge.p50Ns)}, p99 ${formatDuration(edge.p99Ns)}`;
      const width = pen.measureText(text).width;
      if (y < PAD.top || x < 0 || !room.isFree(x, y - 6, width, 12)) continue;
      room.take(x, y - 6, width + 4, 12);
      this.#write(pen, text, x, y + 3.5, this.#ink.muted);
    }
    pen.font = `11px ${this.#ink.font}`;
  }

  #write(pen: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string): void {
    pen.lineJoin = 'round';
    pen.lineWidth = 3;
    pen.strokeStyle = this.#ink.surface;
    pen.strokeText(text, x, y);
    pen.fillStyle = colour;
    pen.fillText(text, x, y);
  }
}

const keyOf = (passage: Passage): string =>
  passage.kind === 'node'
    ? String(passage.node)
    : passage.kind === 'edge'
      ? edgeKey(passage.from, passage.to)
      : exitKey(passage.from, passage.reason);

function nearest<T>(all: readonly T[], distance: (one: T) => number): T | undefined {
  let best: T | undefined;
  let least = REACH;
  for (const one of all) {
    const away = distance(one);
    if (away < least) [best, least] = [one, away];
  }
  return best;
}
