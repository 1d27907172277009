'use client';

import { useEffect, useRef, useState } from 'react';
import { commands } from '../../state/commands.ts';
import { type Figures, MapChart, type Target, targetId } from './chart.ts';
import type { MapLayout } from './layout.ts';
import type { Journey } from './useJourney.ts';
import { type Direction, placeOf, walk } from './walk.ts';
import './map.css';

interface NetworkMapProps {
  readonly layout: MapLayout;
  readonly figures: Figures;
  readonly journey: Journey;
  readonly target: Target | undefined;
  readonly onTarget: (target: Target) => void;
  /** A click, or Enter: the person wants to know more; or its dropped packets. */
  readonly onOpen: (target: Target, droppedOnly: boolean) => void;
  readonly onMove: (key: string, x: number, y: number) => void;
}

const ARROWS: readonly (readonly [Direction, string])[] = [
  ['left', 'ArrowLeft'],
  ['right', 'ArrowRight'],
  ['up', 'ArrowUp'],
  ['down', 'ArrowDown'],
];

/** The drawing, and the keys that walk it. */
export function NetworkMap({ layout, figures, journey, target, onTarget, onOpen, onMove }: NetworkMapProps) {
  const host = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const chart = useRef<MapChart | null>(null);
  const latest = useRef({ layout, target, journey, onTarget, onOpen, onMove });
  latest.current = { layout, target, journey, onTarget, onOpen, onMove };
  const [size, setSize] = useState({ width: 0, height: 0 });

  useEffect(() => {
    if (svg.current === null || host.current === null) return;
    const element = host.current;
    const made = new MapChart(svg.current, {
      pick: (picked, droppedOnly) => latest.current.onOpen(picked, droppedOnly),
      move: (key, x, y) => latest.current.onMove(key, x, y),
      step: (visit) => latest.current.journey.go(visit),
    });
    chart.current = made;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    const go = (direction: Direction) => {
      const now = latest.current;
      const next = walk(now.layout, now.target, direction);
      const place = next === undefined ? undefined : placeOf(now.layout, next);
      if (next === undefined || place === undefined) return;
      now.onTarget(next);
      made.show(place.x, place.y);
    };
    const open = () =>
      latest.current.target !== undefined && latest.current.onOpen(latest.current.target, false);
    const off = commands.register([
      { id: 'map.fit', title: 'Fit the whole network', group: 'Map', keys: [{ key: 'f' }], run: () => made.fit() },
      { id: 'map.in', title: 'Zoom in', group: 'Map', keys: [{ key: '+' }, { code: 'KeyW' }], run: () => made.zoomBy(1.5) },
      { id: 'map.out', title: 'Zoom out', group: 'Map', keys: [{ key: '-' }, { code: 'KeyS' }], run: () => made.zoomBy(1 / 1.5) },
      { id: 'map.open', title: 'Details of what is selected', group: 'Map', keys: [{ key: 'Enter' }], enabled: () => latest.current.target !== undefined, run: open },
      ...ARROWS.map(([direction, key]) => ({ id: `map.${direction}`, title: `To the next thing ${direction === 'up' || direction === 'down' ? direction : `on the ${direction}`}`, group: 'Map' as const, keys: [{ key }], run: () => go(direction) })),
    ]); // biome-ignore format: a table
    return () => {
      off();
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    if (size.width > 0) chart.current?.update(layout, size);
  }, [layout, size]);
  useEffect(() => chart.current?.setFigures(figures), [figures]);
  useEffect(() => chart.current?.setSelected(target), [target]);
  useEffect(() => {
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    chart.current?.setJourney(journey.visits, journey.current, isStill);
  }, [journey.visits, journey.current]);

  return (
    <div
      ref={host}
      role="listbox"
      tabIndex={0}
      aria-label="Map of the network: namespaces and their interfaces. Arrow keys move, Enter opens; the table says the same"
      aria-activedescendant={target === undefined ? undefined : targetId(target)}
      className="h-full min-h-0 min-w-0 flex-1 overflow-hidden bg-sunken outline-offset-[-2px]"
      data-drawing
      data-testid="map"
    >
      <svg ref={svg} role="presentation" className="network" />
    </div>
  );
}
