import type { ZoomTransform } from 'd3';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import type { Passage } from '../../state/paths/store.ts';
import type { Ink } from './ink.ts';
import type { GraphLayout } from './layout.ts';
import { edgeKey, exitKey } from './lines.ts';

export const PAD = { left: 8, right: 8, top: 26, bottom: 14 };
const DIM = 0.16;

export interface ChartContent {
  readonly analysis: PathsAnalysis;
  readonly layout: GraphLayout;
  /** Parts of the selected path (nodes, edges, exits by key); undefined without one. */
  readonly selected: ReadonlySet<string> | undefined;
  readonly passage: Passage | undefined;
  /** Where the keys have walked to, as long as they are the graph's. */
  readonly cursor: Passage | undefined;
  readonly reasonName: (reason: number) => string;
}

interface SceneParts {
  readonly pen: CanvasRenderingContext2D;
  readonly ink: Ink;
  readonly content: ChartContent;
  readonly frame: Frame;
  readonly hovered: Passage | undefined;
}

/** Where the layout's units are on the canvas. */
export class Frame {
  readonly width: number;
  readonly height: number;
  readonly #layout: GraphLayout;
  readonly #transform: ZoomTransform;

  constructor(layout: GraphLayout, width: number, height: number, transform: ZoomTransform) {
    this.width = width;
    this.height = height;
    this.#layout = layout;
    this.#transform = transform;
  }

  x(x: number): number {
    return this.#transform.applyX(PAD.left + (x / this.#layout.width) * (this.width - PAD.left - PAD.right));
  }

  y(y: number): number {
    return this.#transform.applyY(
      PAD.top + ((y + 0.5) / this.#layout.height) * (this.height - PAD.top - PAD.bottom),
    );
  }
}

/** All that painting once needs to know. */
export class Scene {
  readonly pen: CanvasRenderingContext2D;
  readonly ink: Ink;
  readonly content: ChartContent;
  readonly #frame: Frame;
  readonly #marked: ReadonlySet<string>;

  constructor({ pen, ink, content, frame, hovered }: SceneParts) {
    this.pen = pen;
    this.ink = ink;
    this.content = content;
    this.#frame = frame;
    this.#marked = new Set(
      [content.passage, content.cursor, hovered].flatMap((one) =>
        one === undefined ? [] : [passageKey(one)],
      ),
    );
  }

  get width(): number {
    return this.#frame.width;
  }

  get height(): number {
    return this.#frame.height;
  }

  x(x: number): number {
    return this.#frame.x(x);
  }

  y(y: number): number {
    return this.#frame.y(y);
  }

  /** What is pointed at, or what paths are narrowed to. */
  isMarked(key: string): boolean {
    return this.#marked.has(key);
  }

  /** What the selected path does not go through steps back. */
  alpha(key: string): number {
    const { selected } = this.content;
    return selected === undefined || selected.has(key) ? 1 : DIM;
  }
}

/** The key of a part of the graph, as {@link ChartContent.selected} has it. */
export const passageKey = (passage: Passage): string =>
  passage.kind === 'node'
    ? String(passage.node)
    : passage.kind === 'edge'
      ? edgeKey(passage.from, passage.to)
      : exitKey(passage.from, passage.reason);
