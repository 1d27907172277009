'use client';

import { useMemo } from 'react';
import type { Connection } from '../../../core/model/connections.ts';
import { formatCount } from '../../../core/model/format.ts';
import { useWidth } from '../../ui/useWidth.ts';
import { timeTicks } from '../drops/chart.ts';
import { type ConnectionsPaneProps, connectionText } from './ConnectionsPane.tsx';
import { programName } from './text.ts';
import { LANE, layOutConnections } from './timeline.ts';

const LABEL = 150;

/** A bar from the beginning of a connection to its end, by program. What is selected stands out. */
export function ConnectionTimeline({
  connections,
  selected,
  span,
  names,
  baseUnixMs,
  onSelect,
}: ConnectionsPaneProps) {
  const [ref, whole] = useWidth<HTMLDivElement>();
  const width = Math.max(0, whole - LABEL - 20);
  const time = useMemo(() => {
    const begun = connections.reduce((from, { begunNs }) => Math.min(from, begunNs), span.fromNs || Infinity);
    const end = connections.reduce(
      (to, { endedNs, last }) => Math.max(to, endedNs ?? last.timeNs),
      span.toNs,
    );
    return { fromNs: begun, toNs: Math.max(end, begun + 1) };
  }, [connections, span]);
  const blocks = useMemo(
    () => layOutConnections(connections, (one) => programName(one, names), time, width),
    [connections, names, time, width],
  );
  const ticks = useMemo(() => timeTicks(time, baseUnixMs, width), [time, baseUnixMs, width]);
  return (
    <div
      ref={ref}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      role="group"
      aria-label="Connections over time, by program; the table has the same"
      className="min-h-0 flex-1 overflow-y-auto px-2.5 outline-offset-[-2px]"
    >
      {width > 0 && (
        <>
          <svg
            width={whole - 20}
            height={18}
            aria-hidden
            className="sticky top-0 block border-b border-line bg-surface"
          >
            {ticks.map(({ x, label }) => (
              <text
                key={label}
                x={LABEL + x}
                y={12}
                textAnchor={x < 30 ? 'start' : x > width - 30 ? 'end' : 'middle'}
                className="fill-muted text-2xs"
              >
                {label}
              </text>
            ))}
          </svg>
          {blocks.map(({ name, lanes, bars }) => (
            <div key={name} className="flex border-b border-line/60 py-1">
              <div style={{ width: LABEL }} className="min-w-0 shrink-0 truncate pr-2" title={name}>
                {name} <span className="text-muted">{bars.length > 1 ? formatCount(bars.length) : ''}</span>
              </div>
              <svg
                width={width}
                height={Math.max(16, lanes * LANE)}
                role="img"
                aria-label={`${name}: ${bars.length}`}
              >
                {bars.map((bar) => (
                  <Bar
                    key={bar.connection.id}
                    {...bar}
                    isSelected={selected.has(bar.connection)}
                    title={connectionText(bar.connection, names)}
                    onSelect={onSelect}
                  />
                ))}
              </svg>
            </div>
          ))}
        </>
      )}
    </div>
  );
}

interface BarProps {
  readonly connection: Connection;
  readonly x: number;
  readonly width: number;
  readonly lane: number;
  readonly isSelected: boolean;
  readonly title: string;
  readonly onSelect: (connection: Connection) => void;
}

/** Asked for: filled. Accepted, or there before: an outline. Failed: in the colour of drops. Open: no right edge. */
function Bar({ connection, x, width, lane, isSelected, title, onSelect }: BarProps) {
  const { beginning, hasFailed, endedNs } = connection;
  const colour = hasFailed ? 'var(--dropped)' : isSelected ? 'var(--focus)' : 'var(--stage-transport)';
  const y = lane * LANE + 2;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the table is for the keyboard
    <g onClick={() => onSelect(connection)}>
      <title>{title}</title>
      <rect
        x={x + 0.5}
        y={y + 0.5}
        width={Math.max(2, width - 1)}
        height={LANE - 4}
        rx={1}
        fill={colour}
        fillOpacity={isSelected ? 1 : beginning === 'connect' ? 0.75 : 0.2}
        stroke={colour}
        strokeDasharray={endedNs === undefined ? '3 2' : undefined}
      />
    </g>
  );
}
