/** A long path's canvas: a lane for each interface, in it as much ink as there are hops. */
import { select, type ZoomBehavior, zoom, zoomIdentity } from 'd3';
import { formatCount, formatDuration } from '../../../../core/model/format.ts';
import { frames } from '../../../state/frame.ts';
import { binHops, hopAt, type LongPath, type LongScale, lengthOf, placeOf } from './bins.ts';

const LEFT = 132;
const RIGHT = 12;
const TOP = 22;
const LANE = 56;
/** At the closest a hop is this wide. */
const HOP_PX = 24;
const TICK_PX = 120;

interface Ink {
  readonly text: string;
  readonly soft: string;
  readonly line: string;
  readonly bar: string;
  readonly drop: string;
  readonly cursor: string;
}

export interface LongContent {
  readonly path: LongPath;
  readonly scale: LongScale;
  readonly laneNames: readonly string[];
}

export class LongChart {
  readonly #canvas: HTMLCanvasElement;
  readonly #zoom: ZoomBehavior<HTMLCanvasElement, unknown>;
  #content: LongContent | undefined;
  #width = 0;
  #height = 0;
  #cursor = -1;
  #ink: Ink;
  #transform = zoomIdentity;
  readonly #draw = () => this.#paint();

  /** @param pick called with the hop that is clicked */
  constructor(canvas: HTMLCanvasElement, pick: (hop: number) => void) {
    this.#canvas = canvas;
    this.#ink = readInk(canvas);
    this.#zoom = zoom<HTMLCanvasElement, unknown>().on(
      'zoom',
      (event: { transform: typeof zoomIdentity }) => {
        this.#transform = event.transform;
        frames.schedule(this.#draw);
      },
    );
    select(canvas).call(this.#zoom).on('dblclick.zoom', null);
    canvas.addEventListener('click', (event) => {
      const content = this.#content;
      if (content === undefined || event.offsetX < LEFT) return;
      const { path, scale } = content;
      const place = this.#placeAt(event.offsetX);
      const next = hopAt(path, place, scale);
      const isNearer =
        next > 0 && place - placeOf(path, next - 1, scale) < placeOf(path, next, scale) - place;
      pick(Math.min(path.hops.count - 1, isNearer ? next - 1 : next));
    });
  }

  update(content: LongContent): void {
    const isOther = this.#content?.scale !== content.scale;
    this.#content = content;
    this.#extent();
    if (isOther) this.fit();
    frames.schedule(this.#draw);
  }

  resize(width: number, height: number): void {
    [this.#width, this.#height] = [width, height];
    const ratio = globalThis.devicePixelRatio;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#extent();
    frames.schedule(this.#draw);
  }

  recolour(): void {
    this.#ink = readInk(this.#canvas);
    frames.schedule(this.#draw);
  }

  /** Marks a hop, and moves so that it is in view. */
  setCursor(hop: number): void {
    this.#cursor = hop;
    const content = this.#content;
    if (content !== undefined && hop >= 0) {
      const x = this.#xOf(placeOf(content.path, hop, content.scale));
      if (x < LEFT || x > this.#width - RIGHT)
        select(this.#canvas).call(this.#zoom.translateBy, (this.#width / 2 - x) / this.#transform.k, 0);
    }
    frames.schedule(this.#draw);
  }

  fit(): void {
    select(this.#canvas).call(this.#zoom.transform, zoomIdentity);
  }

  zoomBy(factor: number): void {
    select(this.#canvas).call(this.#zoom.scaleBy, factor);
  }

  destroy(): void {
    frames.cancel(this.#draw);
    select(this.#canvas).on('.zoom', null);
  }

  #extent(): void {
    const { path } = this.#content ?? {};
    const area: [[number, number], [number, number]] = [
      [LEFT, 0],
      [Math.max(LEFT + 1, this.#width - RIGHT), this.#height],
    ];
    const most = (HOP_PX * (path?.hops.count ?? 1)) / Math.max(1, this.#width - LEFT - RIGHT);
    this.#zoom
      .extent(area)
      .translateExtent(area)
      .scaleExtent([1, Math.max(1, most)]);
  }

  get #perPx(): number {
    const { path, scale } = this.#content ?? {};
    const length = path === undefined || scale === undefined ? 1 : lengthOf(path, scale);
    return length / Math.max(1, this.#width - LEFT - RIGHT);
  }

  #xOf(place: number): number {
    return this.#transform.applyX(LEFT + place / this.#perPx);
  }

  #placeAt(x: number): number {
    return (this.#transform.invertX(x) - LEFT) * this.#perPx;
  }

  #paint(): void {
    const content = this.#content;
    const context = this.#canvas.getContext('2d');
    if (content === undefined || context === null || this.#width <= LEFT + RIGHT) return;
    const ratio = globalThis.devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    context.font = '11px Inter Variable, system-ui, sans-serif';
    this.#paintAxis(context, content);
    this.#paintLanes(context, content);
    this.#paintCursor(context, content);
  }

  #paintAxis(context: CanvasRenderingContext2D, { scale }: LongContent): void {
    context.lineWidth = 1;
    for (let x = LEFT; x < this.#width - RIGHT; x += TICK_PX) {
      context.strokeStyle = this.#ink.line;
      context.beginPath();
      context.moveTo(x + 0.5, TOP - 6);
      context.lineTo(x + 0.5, this.#height);
      context.stroke();
      const place = Math.max(0, this.#placeAt(x));
      context.fillStyle = this.#ink.soft;
      context.fillText(
        scale === 'sequence' ? `# ${formatCount(Math.round(place) + 1)}` : `+${formatDuration(place)}`,
        x + 4,
        TOP - 9,
      );
    }
  }

  #paintLanes(context: CanvasRenderingContext2D, { path, scale, laneNames }: LongContent): void {
    const bins = Math.max(1, Math.floor(this.#width - LEFT - RIGHT));
    const { counts, most } = binHops(path, scale, this.#placeAt(LEFT), this.#placeAt(LEFT + bins), bins);
    const height = Math.max(14, Math.min(LANE, (this.#height - TOP) / Math.max(1, path.lanes.length)));
    const bar = height - 8;
    const full = Math.log2(most + 1);
    for (const [lane, name] of laneNames.entries()) {
      const y = TOP + lane * height;
      context.fillStyle = this.#ink.text;
      context.fillText(name, 8, y + height / 2 + 4, LEFT - 16);
      context.fillStyle = this.#ink.bar;
      for (let bin = 0; bin < bins; bin += 1) {
        const count = counts[lane * bins + bin] ?? 0;
        if (count === 0) continue;
        const size = Math.max(3, (Math.log2(count + 1) / full) * bar);
        context.fillRect(LEFT + bin, y + height - 4 - size, 1, size);
      }
    }
    context.fillStyle = this.#ink.drop;
    for (const hop of path.drops) {
      const x = this.#xOf(placeOf(path, hop, scale));
      if (x >= LEFT && x <= this.#width - RIGHT)
        context.fillRect(x - 1, TOP + (path.laneOf[hop] ?? 0) * height, 3, height);
    }
  }

  #paintCursor(context: CanvasRenderingContext2D, { path, scale }: LongContent): void {
    if (this.#cursor < 0) return;
    const x = this.#xOf(placeOf(path, this.#cursor, scale));
    if (x < LEFT || x > this.#width - RIGHT) return;
    context.fillStyle = this.#ink.cursor;
    context.fillRect(Math.round(x) - 0.5, TOP - 4, 1.5, this.#height);
  }
}

function readInk(element: Element): Ink {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name);
  return {
    text: of('--text'),
    soft: of('--text-muted'),
    line: of('--line'),
    bar: of('--stage-other') || of('--text-soft'),
    drop: of('--dropped'),
    cursor: of('--focus'),
  };
}
