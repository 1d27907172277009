/** What is written on the graph, where there is room: the weightiest first. */
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { pointOn } from './layout.ts';
import { edgeKey, exitKey } from './lines.ts';
import { Room } from './room.ts';
import { PAD, type Scene } from './scene.ts';

/** Rows at least so high have room for times between names; else only steps so much slower than usual are told. */
const ROOMY_ROW = 30;
const SLOW_FACTOR = 8;

/** Left and right, between which something must stay. */
type Ends = readonly [number, number];

/** Names of namespaces stay on top, whatever is below them. */
export function drawHeads(scene: Scene): void {
  const {
    pen,
    content: { layout },
  } = scene;
  pen.font = `600 11px ${scene.ink.font}`;
  for (const lane of layout.lanes) {
    const from = Math.max(0, scene.x(lane.x));
    const to = Math.min(scene.width, scene.x(lane.x + lane.width));
    if (to - from < 30) continue;
    pen.save();
    pen.beginPath();
    pen.rect(from, 0, to - from, 22);
    pen.clip();
    write(scene, lane.name, from + 11, 16, scene.ink.text);
    pen.restore();
  }
  pen.font = `11px ${scene.ink.font}`;
}

/** The weightiest first, where they fit: what is pointed at, drops, the selected path, beginnings and forks, times. */
export function drawLabels(scene: Scene): void {
  const { pen, content } = scene;
  const { analysis, layout, selected } = content;
  const room = new Room(scene.width, scene.height);
  const place = (text: string, [from, to]: Ends, x: number, y: number, colour: string) => {
    if (y < PAD.top || x < 0) return;
    const width = pen.measureText(text).width;
    const beside = [x + 8, x - 8 - width].find(
      (at) => at > from + 5 && at + width < to - 3 && room.isFree(at, y - 6, width, 11),
    );
    if (beside === undefined) return;
    room.take(beside, y - 6, width + 4, 11);
    write(scene, text, beside, y + 4, colour);
  };
  layout.exits.forEach((exit, i) => {
    if (scene.alpha(exitKey(exit.from, exit.reason)) < 1) return;
    const text = `${content.reasonName(exit.reason)} ${formatCount(analysis.exits[i]?.count ?? 0)}`;
    place(text, [0, scene.width], scene.x(exit.x), scene.y(exit.y), scene.ink.dropped);
  });
  for (const { x, y } of layout.spots) room.take(scene.x(x) - 4, scene.y(y) - 4, 8, 8);
  const degree = new Map<number, number>();
  for (const { from, to } of analysis.edges)
    for (const node of [from, to]) degree.set(node, (degree.get(node) ?? 0) + 1);
  const weight = (node: number) =>
    (scene.isMarked(String(node)) ? 1e6 : 0) +
    (selected?.has(String(node)) === true ? 1e5 : 0) +
    ((analysis.nodes[node]?.starts ?? 0) + (analysis.nodes[node]?.ends ?? 0) > 0 ? 100 : 0) +
    (degree.get(node) ?? 0);
  for (const spot of [...layout.spots].sort((a, b) => weight(b.node) - weight(a.node))) {
    if (scene.alpha(String(spot.node)) < 1) continue;
    const isStrong = scene.isMarked(String(spot.node));
    const colour = isStrong ? scene.ink.text : scene.ink.soft;
    place(spot.name, laneEnds(scene, spot.lane), scene.x(spot.x), scene.y(spot.y), colour);
  }
  drawTimes(scene, room);
}

function laneEnds(scene: Scene, index: number): Ends {
  const lane = scene.content.layout.lanes[index];
  return lane === undefined ? [0, 0] : [scene.x(lane.x), scene.x(lane.x + lane.width)];
}

function drawTimes(scene: Scene, room: Room): void {
  const { pen, content } = scene;
  const { analysis, layout } = content;
  const slowest = layout.curves
    .map((curve, i) => ({ curve, edge: analysis.edges[i] }))
    .sort((a, b) => (b.edge?.p50Ns ?? 0) - (a.edge?.p50Ns ?? 0));
  const usual = slowest[slowest.length >> 1]?.edge?.p50Ns ?? 0;
  const least = scene.y(1) - scene.y(0) >= ROOMY_ROW ? 0 : usual * SLOW_FACTOR;
  pen.font = `10px ${scene.ink.font}`;
  for (const { curve, edge } of slowest) {
    if (edge === undefined || edge.p50Ns < least || scene.alpha(edgeKey(curve.from, curve.to)) < 1) continue;
    const [px, py] = pointOn(curve, 0.5);
    const [x, y] = [scene.x(px) + 5, scene.y(py)];
    const text = `${formatDuration(edge.p50Ns)}, p99 ${formatDuration(edge.p99Ns)}`;
    const width = pen.measureText(text).width;
    if (y < PAD.top || x < 0 || !room.isFree(x, y - 6, width, 12)) continue;
    room.take(x, y - 6, width + 4, 12);
    write(scene, text, x, y + 3.5, scene.ink.muted);
  }
  pen.font = `11px ${scene.ink.font}`;
}

function write({ pen, ink }: Scene, text: string, x: number, y: number, colour: string): void {
  pen.lineJoin = 'round';
  pen.lineWidth = 3;
  pen.strokeStyle = ink.surface;
  pen.strokeText(text, x, y);
  pen.fillStyle = colour;
  pen.fillText(text, x, y);
}
