/** The graph's lanes, edges, drops and functions, painted on a canvas. */

import type { Curve } from './layout.ts';
import { edgeKey, exitKey } from './lines.ts';
import type { Scene } from './scene.ts';

export function drawLanes(scene: Scene): void {
  const {
    pen,
    content: { layout },
  } = scene;
  for (const lane of layout.lanes) {
    const from = scene.x(lane.x);
    const to = scene.x(lane.x + lane.width);
    pen.globalAlpha = 0.07;
    pen.fillStyle = scene.ink.hue(lane.name);
    pen.beginPath();
    pen.roundRect(from + 2, 2, to - from - 4, scene.height - 4, 5);
    pen.fill();
    pen.globalAlpha = 1;
    pen.fillRect(from + 2, 5, 3, scene.height - 10);
  }
}

export function drawEdges(scene: Scene): void {
  const { pen, content } = scene;
  const { analysis, layout, selected } = content;
  const most = Math.log1p(Math.max(1, ...analysis.edges.map(({ count }) => count)));
  layout.curves.forEach((curve, i) => {
    const count = analysis.edges[i]?.count ?? 0;
    const key = edgeKey(curve.from, curve.to);
    const isMarked = scene.isMarked(key);
    const isOn = selected?.has(key) === true;
    pen.globalAlpha = scene.alpha(key);
    pen.strokeStyle = isMarked ? scene.ink.focus : isOn ? scene.ink.text : scene.ink.edge;
    pen.lineWidth = 0.8 + 3.7 * (Math.log1p(count) / most) + (isMarked ? 1 : 0);
    strokeCurve(scene, curve);
  });
  pen.globalAlpha = 1;
}

function strokeCurve(scene: Scene, { points: [x0, y0, x1, y1, x2, y2, x3, y3] }: Curve): void {
  const { pen } = scene;
  pen.beginPath();
  pen.moveTo(scene.x(x0), scene.y(y0));
  pen.bezierCurveTo(scene.x(x1), scene.y(y1), scene.x(x2), scene.y(y2), scene.x(x3), scene.y(y3));
  pen.stroke();
}

export function drawExits(scene: Scene): void {
  const { pen, content } = scene;
  const { layout, analysis } = content;
  const most = Math.log1p(Math.max(1, ...analysis.exits.map(({ count }) => count)));
  layout.exits.forEach((exit, i) => {
    const spot = layout.spots[exit.from];
    if (spot === undefined) return;
    const [x, y] = [scene.x(exit.x), scene.y(exit.y)];
    const key = exitKey(exit.from, exit.reason);
    pen.globalAlpha = scene.alpha(key);
    pen.strokeStyle = scene.ink.dropped;
    pen.lineWidth = 1 + 2.5 * (Math.log1p(analysis.exits[i]?.count ?? 0) / most);
    pen.beginPath();
    pen.moveTo(scene.x(spot.x), scene.y(spot.y));
    pen.quadraticCurveTo(x, scene.y(spot.y), x, y);
    pen.stroke();
    pen.lineWidth = scene.isMarked(key) ? 4 : 2.6;
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

export function drawNodes(scene: Scene): void {
  const { pen, content } = scene;
  for (const spot of content.layout.spots) {
    const key = String(spot.node);
    const isMarked = scene.isMarked(key);
    pen.globalAlpha = scene.alpha(key);
    pen.beginPath();
    pen.arc(scene.x(spot.x), scene.y(spot.y), isMarked ? 5.5 : 4.2, 0, 2 * Math.PI);
    pen.fillStyle = scene.ink.stage(spot.stage);
    pen.strokeStyle = isMarked ? scene.ink.focus : scene.ink.surface;
    pen.lineWidth = isMarked ? 2.5 : 1.4;
    pen.fill();
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

/** A ring around where the keys are, apart from what it is around. */
export function drawCursor(
  { pen, ink }: Scene,
  at: { readonly x: number; readonly y: number } | undefined,
): void {
  if (at === undefined) return;
  pen.lineWidth = 2;
  pen.strokeStyle = ink.focus;
  pen.beginPath();
  pen.arc(at.x, at.y, 10, 0, 2 * Math.PI);
  pen.stroke();
}
