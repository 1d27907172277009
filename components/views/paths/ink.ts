import { hueOf } from '../../state/hue.ts';
import { stageColour } from '../path/chart.ts';

/** The theme's colours as a canvas takes them. */
export interface Ink {
  readonly font: string;
  readonly surface: string;
  readonly text: string;
  readonly soft: string;
  readonly muted: string;
  readonly edge: string;
  readonly focus: string;
  readonly dropped: string;
  /** Of a namespace. */
  hue(name: string): string;
  stage(stage: string): string;
}

/** Reads them where they are used: a canvas knows no custom properties, its element does. */
export function readInk(canvas: HTMLCanvasElement): Ink {
  const probe = document.createElement('span');
  probe.hidden = true;
  const known = new Map<string, string>();
  const read = (colour: string): string => {
    const before = known.get(colour);
    if (before !== undefined) return before;
    probe.style.color = colour;
    (canvas.parentElement ?? document.body).append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    known.set(colour, value);
    return value;
  };
  return {
    font: getComputedStyle(canvas).fontFamily,
    surface: read('var(--surface)'),
    text: read('var(--text)'),
    soft: read('var(--text-soft)'),
    muted: read('var(--text-muted)'),
    edge: read('var(--line-strong)'),
    focus: read('var(--focus)'),
    dropped: read('var(--dropped)'),
    hue: (name) => read(`oklch(from var(--hue-base) l c ${hueOf(name)})`),
    stage: (stage) => read(stageColour(stage)),
  };
}
