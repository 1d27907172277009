/** Where everything of a path's timeline goes, in pixels; no DOM, so that it can be tested. */
import type { Stage } from '../../../core/messages/source.ts';
import type { Hop } from '../../../core/model/hop.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { stageOf } from '../../../core/model/stages.ts';

export interface Lane {
  readonly netns: number;
  readonly netnsName: string;
  /** Interface name; '' for hops without one. */
  readonly name: string;
  readonly y: number;
  readonly height: number;
}

/** Lanes of one namespace, one below the other. */
export interface Band {
  readonly netnsName: string;
  readonly y: number;
  readonly height: number;
}

export interface Mark {
  readonly index: number;
  readonly hop: Hop;
  readonly lane: number;
  readonly y: number;
  /** Function, or the drop's reason. */
  readonly label: string;
  readonly stage: Stage;
  /** Place on the scale: number in the path, or time in ns from the first hop. */
  readonly at: number;
  /** How much its label wants to be read: drops and changes before places where something new begins. */
  readonly weight: number;
}

export interface TimelineLayout {
  readonly lanes: readonly Lane[];
  readonly bands: readonly Band[];
  readonly marks: readonly Mark[];
  readonly height: number;
  /** Of `at`. */
  readonly domain: readonly [number, number];
}

export type TimeScale = 'sequence' | 'linear';

const TOP = 22;
const BOTTOM = 10;
/** Above and below a lane's marks, and between two depths: where there is room, and at least. */
const ROOMY = { pad: 15, step: 4 };
const TIGHT = { pad: 10, step: 2 };
/** A band's first lane has the namespace's name above its own. */
const FIRST_LANE = 32;
/** Deeper calls stay at this depth's height: the table tells the rest. */
const DEPTH_MAX = 9;
const BAND_GAP = 8;

/**
 * Lays a path out: a band for each namespace and in it a lane for each interface, in the order of first visit.
 * @param available height to keep within, as far as lanes can be read then
 */
export function layOut(
  hops: readonly Hop[],
  names: NameBook,
  scale: TimeScale,
  available = Number.POSITIVE_INFINITY,
): TimelineLayout {
  const keys = placeKeys(hops, names);
  const order = laneOrder(keys);
  const depths = laneDepths(order, keys, hops);
  const { pad, step, heights } = spacing(order, depths, available);
  const lanes: Lane[] = [];
  const bands: Band[] = [];
  let y = TOP;
  order.forEach((key, i) => {
    const [netnsName = '', name = ''] = key.split('\n');
    const height = heights[i] ?? 0;
    const open = bands.at(-1);
    if (open?.netnsName === netnsName) bands[bands.length - 1] = { ...open, height: y + height - open.y };
    else {
      if (open !== undefined) y += BAND_GAP;
      bands.push({ netnsName, y, height });
    }
    lanes.push({ netns: 0, netnsName, name, y, height });
    y += height;
  });
  const first = hops[0]?.timeNs ?? 0;
  const marks = hops.map((hop, index): Mark => {
    const lane = order.indexOf(keys[index] ?? '');
    const label = labelOf(hop, names);
    return {
      index,
      hop,
      lane,
      y:
        (lanes[lane]?.y ?? TOP) +
        pad +
        2 +
        Math.min(DEPTH_MAX, hop.depth - (depths[lane]?.least ?? 0)) * step,
      label,
      stage:
        hop.kind === 'hop'
          ? stageOf(names.functionName(hop.func), names.function(hop.func)?.module)
          : 'other',
      at: scale === 'sequence' ? index : hop.timeNs - first,
      weight: weightOf(hop, index, hops.length, keys[index - 1] !== keys[index]),
    };
  });
  const last = marks.at(-1)?.at ?? 0;
  return {
    lanes,
    bands,
    marks,
    height: y + BOTTOM,
    domain: [0, Math.max(last, scale === 'sequence' ? 1 : 1000)],
  };
}

/** Heights of the lanes, no tighter than it takes to stay within the height that there is. */
function spacing(
  order: readonly string[],
  depths: readonly { readonly least: number; readonly most: number }[],
  available: number,
): { readonly pad: number; readonly step: number; readonly heights: readonly number[] } {
  const isFirst = (i: number) => i === 0 || order[i - 1]?.split('\n')[0] !== order[i]?.split('\n')[0];
  const gaps = Math.max(0, order.filter((_, i) => isFirst(i)).length - 1) * BAND_GAP;
  const at = (tightness: number) => {
    const pad = Math.round(ROOMY.pad - (ROOMY.pad - TIGHT.pad) * tightness);
    const step = ROOMY.step - (ROOMY.step - TIGHT.step) * tightness;
    const heights = depths.map(({ least, most }, i) => {
      const height = Math.round(pad * 2 + Math.min(DEPTH_MAX, most - least) * step);
      return tightness > 0 && isFirst(i) ? Math.max(FIRST_LANE, height) : height;
    });
    return { pad, step, heights, total: TOP + gaps + heights.reduce((sum, h) => sum + h, 0) + BOTTOM };
  };
  const tries = [0, 0.25, 0.5, 0.75].map(at);
  return tries.find(({ total }) => total <= available) ?? at(1);
}

/** Labels that fit, the weightiest first: none runs into another of its lane. */
export function chooseLabels(
  marks: readonly Mark[],
  x: (mark: Mark) => number,
  width: (text: string) => number,
  right: number,
): ReadonlyMap<number, 'start' | 'end'> {
  const taken = new Map<number, [number, number][]>();
  const chosen = new Map<number, 'start' | 'end'>();
  const sorted = [...marks].sort((a, b) => b.weight - a.weight || a.index - b.index);
  for (const mark of sorted) {
    const w = width(mark.label) + 8;
    const at = x(mark);
    if (at < -20 || at > right + 20) continue;
    const anchor = at + w > right ? 'end' : 'start';
    const [from, to] = anchor === 'start' ? [at - 4, at + w] : [at - w, at + 4];
    if (from < 0) continue;
    const others = taken.get(mark.lane) ?? [];
    if (others.some(([a, b]) => from < b && to > a)) continue;
    others.push([from, to]);
    taken.set(mark.lane, others);
    chosen.set(mark.index, anchor);
  }
  return chosen;
}

/** `namespace\ninterface` of each hop; a hop without one is where the hop before was. */
function placeKeys(hops: readonly Hop[], names: NameBook): string[] {
  let netns = firstKnown(hops, (hop) => (hop.netns === 0 ? '' : names.netnsName(hop.netns)));
  let device = '';
  return hops.map((hop) => {
    const before = netns;
    if (hop.netns !== 0) netns = names.netnsName(hop.netns);
    if (netns !== before) device = '';
    const named = hop.ifindex === 0 ? '' : hop.state.device || names.interfaceName(hop.netns, hop.ifindex);
    if (named !== '') device = named;
    return `${netns}\n${device}`;
  });
}

/** Depth in a lane counts from the shallowest hop there. */
function laneDepths(order: readonly string[], keys: readonly string[], hops: readonly Hop[]) {
  return order.map((lane) => {
    const depths = hops.filter((_, i) => keys[i] === lane).map((hop) => hop.depth);
    return { least: Math.min(...depths), most: Math.max(...depths) };
  });
}

const firstKnown = (hops: readonly Hop[], text: (hop: Hop) => string): string =>
  hops.map(text).find((found) => found !== '') ?? 'unknown';

/** Lanes by namespace in the order of first visit, and within it by first visit. */
function laneOrder(keys: readonly string[]): string[] {
  const lanes = [...new Set(keys)];
  const namespaces = [...new Set(lanes.map((key) => key.split('\n')[0]))];
  return namespaces.flatMap((name) => lanes.filter((key) => key.split('\n')[0] === name));
}

/** Addresses or ports were other ones before; a header that was not written yet has zeros. */
export const isTranslated = (hop: Hop): boolean =>
  hop.changes.some(({ field, before }) => /^(ip\.[sd]addr|l4\.[sd]port)$/.test(field) && before !== 0);

export function labelOf(hop: Hop, names: NameBook): string {
  return hop.kind === 'hop' ? names.functionName(hop.func) : names.reasonName(hop.reason);
}

function weightOf(hop: Hop, index: number, count: number, isCrossing: boolean): number {
  if (hop.kind === 'drop') return 100;
  if (isTranslated(hop)) return 60;
  if (index === 0 || index === count - 1) return 50;
  if (isCrossing) return 40;
  return Math.max(1, 20 - hop.depth);
}
