/** Connections as bars in lanes: maths only. */
import { scaleLinear } from 'd3';
import type { Connection } from '../../../core/model/connections.ts';

/** Bars that are drawn, the newest; the table has all. */
export const BARS_MAX = 400;
export const LANE = 12;

export interface ConnectionBar {
  readonly connection: Connection;
  readonly x: number;
  readonly width: number;
  /** Within its program, from 0. */
  readonly lane: number;
}

export interface ProgramLanes {
  readonly name: string;
  readonly lanes: number;
  readonly bars: readonly ConnectionBar[];
}

const LEAST_WIDTH = 3;

/** One block for each program in the order of its first connection; in it, what overlaps goes to the next lane. */
export function layOutConnections(
  connections: readonly Connection[],
  nameOf: (connection: Connection) => string,
  { fromNs, toNs }: { readonly fromNs: number; readonly toNs: number },
  width: number,
): readonly ProgramLanes[] {
  const x = scaleLinear([fromNs, Math.max(fromNs + 1, toNs)], [0, width]).clamp(true);
  const blocks = new Map<string, { ends: number[]; bars: ConnectionBar[] }>();
  for (const connection of [...connections.slice(-BARS_MAX)].sort((a, b) => a.begunNs - b.begunNs)) {
    const name = nameOf(connection);
    const block = blocks.get(name) ?? { ends: [], bars: [] };
    blocks.set(name, block);
    const left = Math.min(x(connection.begunNs), width - LEAST_WIDTH);
    const right = Math.max(left + LEAST_WIDTH, x(connection.endedNs ?? toNs));
    const free = block.ends.findIndex((end) => end < left);
    const lane = free < 0 ? block.ends.length : free;
    block.ends[lane] = right + 1;
    block.bars.push({ connection, x: left, width: right - left, lane });
  }
  return [...blocks].map(([name, { ends, bars }]) => ({ name, lanes: ends.length, bars }));
}
