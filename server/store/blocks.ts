import type { DuckDBConnection } from '@duckdb/node-api';

/** Of a megabyte each: what a question about many packets reads at most. */
export const BLOCKS_READ_MAX = 256;

/** Which blocks of a recording's frames have records of packets. */
export interface Places {
  /** At which byte each of the newest of them lies, in their order. */
  readonly positions: readonly number[];
  /** Packets of which a block is not among these. */
  readonly beyond: ReadonlySet<number>;
}

/** Numbers of the blocks that have records of a packet, in their order. Throws what DuckDB says. */
export async function blocksOf(connection: DuckDBConnection, packet: number): Promise<readonly number[]> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT block FROM places WHERE packet = ${Math.floor(packet)} ORDER BY block`,
  );
  return reader.getColumns()[0]?.map(Number) ?? [];
}

/** Where these packets are, in the newest `max` blocks of their recording. Throws what DuckDB says. */
export async function placesOf(
  connection: DuckDBConnection,
  packets: Iterable<number>,
  max: number,
): Promise<Places> {
  const list = [...packets].map(Math.floor).join(', ') || '0';
  const places = await connection.runAndReadAll(
    `SELECT packet, block, position FROM places JOIN blocks USING (block) WHERE packet IN (${list}) ORDER BY block DESC`,
  );
  const positions = new Map<number, number>();
  const beyond = new Set<number>();
  for (const row of places.getRows()) {
    const [packet = 0, block = 0, position = 0] = row.map(Number);
    if (positions.has(block)) continue;
    if (positions.size < max) positions.set(block, position);
    else beyond.add(packet);
  }
  return { positions: [...positions.values()].reverse(), beyond };
}
