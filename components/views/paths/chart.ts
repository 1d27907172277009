/** The graph's canvas: places scale with the zoom, marks and letters keep their size, so that labels stay legible. */
import { select, type ZoomBehavior, type ZoomTransform, zoom, zoomIdentity } from 'd3';
import { frames } from '../../state/frame.ts';
import type { Passage } from '../../state/paths/store.ts';
import { drawCursor, drawEdges, drawExits, drawLanes, drawNodes } from './draw.ts';
import { type Ink, readInk } from './ink.ts';
import { drawHeads, drawLabels } from './labels.ts';
import { type GraphLayout, pointOn } from './layout.ts';
import { type ChartContent, Frame, PAD, Scene } from './scene.ts';
import { placeOf } from './walk.ts';

const ZOOM_MAX = 40;
const REACH = 9;

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
    // on paper there is no next frame
    if (matchMedia('print').matches) this.#paint();
    else frames.schedule(this.#paint);
  }

  fit(): void {
    select(this.#canvas).call(this.#zoom.transform, zoomIdentity);
  }

  zoomBy(factor: number): void {
    select(this.#canvas).call(this.#zoom.scaleBy, factor);
  }

  /** Where it is on the canvas; undefined when it is not drawn, or an edge. */
  placeOf(passage: Passage): { readonly x: number; readonly y: number } | undefined {
    const content = this.#content;
    const place = content && placeOf(content.layout, passage);
    if (content === undefined || place === undefined) return undefined;
    const frame = this.#frame(content.layout);
    return { x: frame.x(place.x), y: frame.y(place.y) };
  }

  /** Moves what is drawn so that this is seen. */
  reveal(passage: Passage): void {
    const at = this.placeOf(passage);
    if (at === undefined) return;
    const isSeen = at.x > 0 && at.x < this.#width && at.y > PAD.top && at.y < this.#height;
    if (isSeen) return;
    const [x, y] = this.#transform.invert([at.x, at.y]);
    select(this.#canvas).call(this.#zoom.translateTo, x, y);
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

  #frame(layout: GraphLayout): Frame {
    return new Frame(layout, this.#width, this.#height, this.#transform);
  }

  /** What is under the pointer: a drop before a function before an edge. */
  #at(x: number, y: number): Passage | undefined {
    const content = this.#content;
    if (content === undefined) return undefined;
    const frame = this.#frame(content.layout);
    const away = (px: number, py: number) => Math.hypot(frame.x(px) - x, frame.y(py) - y);
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
    const frame = this.#frame(content.layout);
    const scene = new Scene({ pen, ink: this.#ink, content, frame, hovered: this.#hovered });
    drawLanes(scene);
    drawEdges(scene);
    drawExits(scene);
    drawNodes(scene);
    drawLabels(scene);
    drawHeads(scene);
    if (content.cursor !== undefined) drawCursor(scene, this.placeOf(content.cursor));
  }
}

function nearest<T>(all: readonly T[], distance: (one: T) => number): T | undefined {
  let best: T | undefined;
  let least = REACH;
  for (const one of all) {
    const away = distance(one);
    if (away < least) [best, least] = [one, away];
  }
  return best;
}
