/** The index of a recording while it is made: what cannot be written ends it, and nothing else. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { blocksOf, type Places, placesOf } from './blocks.ts';
import { StoreDatabase } from './database.ts';
import { EventFold } from './events.ts';
import type { Rows } from './names.ts';
import type { IndexedHeader, PartIndex } from './part-index.ts';
import { closeIndex, openIndex } from './read-only.ts';
import { EVENTS_ON_THE_WAY, type EventTable, type RowOf } from './schema.ts';

const NOWHERE: Places = { positions: [], beyond: new Set() };

/** Rows that wait for it to open. */
const ROWS_WAITING_MAX = 1 << 16;

export class IndexFile implements PartIndex {
  readonly #path: string;
  readonly #failed: (error: Error) => void;
  /** Resolves to undefined when there is none. Opening one takes a moment, which no record waits for. */
  readonly #opening: Promise<StoreDatabase | undefined>;
  #database: StoreDatabase | undefined;
  /** Rows that came before it was open. */
  #rows: ((database: StoreDatabase) => void)[] = [];
  #isWell = true;
  readonly #events = new EventFold(this);
  #hasEvents = true;
  #isWhole = false;
  /** Of packets that are in it. */
  #firstPacket = Number.POSITIVE_INFINITY;
  #lastPacket = -1;

  /** In a new file. `failed` hears, once, that it cannot be written. */
  constructor(path: string, failed: (error: Error) => void) {
    this.#path = path;
    this.#failed = failed;
    this.#opening = this.#open(path);
  }

  add<T extends EventTable>(table: T, row: RowOf<T>): void {
    if (table === 'places') this.#note((row as RowOf<'places'>).packet);
    const database = this.#database;
    if (database !== undefined) this.#guard(() => database.add(table, row));
    else if (this.#isWell) this.#rows.push((opened) => opened.add(table, row));
  }

  events(records: Uint8Array): void {
    if (this.#hasEvents) this.#guard(() => this.#events.take(records));
  }

  /** What happened to packets on their way is not in it any more: that is made of the frames when somebody asks. */
  async leaveEvents(): Promise<void> {
    if (this.#isWhole) return;
    this.skipEvents();
    const database = await this.#opening;
    if (this.#isWell) await database?.clear(EVENTS_ON_THE_WAY).catch((error: unknown) => this.#fail(error));
  }

  /** Takes no more of it from now on: of what waits, neither. */
  skipEvents(): void {
    if (!this.#isWhole) this.#hasEvents = false;
  }

  /** The promise, when there is one, resolves once there is room for more rows. */
  room(): Promise<void> | undefined {
    if (this.#rows.length < ROWS_WAITING_MAX) return undefined;
    return this.#opening.then(() => undefined);
  }

  /** What was added until now survives this process, though not yet a loss of power. */
  async flush(): Promise<void> {
    const database = await this.#opening;
    this.#guard(() => database?.flush());
  }

  /** Numbers of the blocks that have records of a packet, in their order; none where it failed. Throws what DuckDB says. */
  async blocksOf(packet: number): Promise<readonly number[]> {
    const database = await this.#opening;
    if (database === undefined || !this.#isWell || !this.#mayHave(packet)) return [];
    if (!this.#isWhole) return database.blocksOf(packet);
    return (await reading(this.#path, (whole) => blocksOf(whole, packet))) ?? [];
  }

  /** Where the newest blocks lie that have records of these packets; undefined where it failed. Throws what DuckDB says. */
  async placesOf(packets: Iterable<number>, max: number): Promise<Places | undefined> {
    const database = await this.#opening;
    if (database === undefined || !this.#isWell) return undefined;
    const here = [...packets].filter((packet) => this.#mayHave(packet));
    if (here.length === 0) return NOWHERE;
    if (!this.#isWhole) return database.placesOf(here, max);
    return (await reading(this.#path, (whole) => placesOf(whole, here, max))) ?? NOWHERE;
  }

  /** It is closed then: others may read it, and what is asked of it opens it for that moment. */
  async makeWhole(names: Rows, header: IndexedHeader): Promise<void> {
    const database = await this.#opening;
    if (database === undefined || !this.#isWell) return;
    try {
      await database.makeWhole(names, header, this.#hasEvents);
      await database.close();
      this.#isWhole = true;
    } catch (error) {
      this.#fail(error);
    }
  }

  async close(): Promise<void> {
    const database = await this.#opening;
    await database?.close().catch((error: unknown) => this.#fail(error));
  }

  async #open(path: string): Promise<StoreDatabase | undefined> {
    try {
      const database = await StoreDatabase.create(path);
      for (const put of this.#rows) put(database);
      this.#database = database;
      return database;
    } catch (error) {
      this.#fail(error);
      return undefined;
    } finally {
      this.#rows = [];
    }
  }

  #note(packet: number): void {
    if (packet < this.#firstPacket) this.#firstPacket = packet;
    if (packet > this.#lastPacket) this.#lastPacket = packet;
  }

  #mayHave(packet: number): boolean {
    return packet >= this.#firstPacket && packet <= this.#lastPacket;
  }

  #guard(work: () => void): void {
    if (!this.#isWell) return;
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (!this.#isWell) return;
    this.#isWell = false;
    this.#failed(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Asks a file that nobody writes any more, which takes no memory but for that moment; undefined once somebody has removed it. */
async function reading<T>(
  path: string,
  ask: (connection: DuckDBConnection) => Promise<T>,
): Promise<T | undefined> {
  const index = await openIndex(path);
  if (index === undefined) return undefined;
  try {
    return await ask(index.connection);
  } finally {
    closeIndex(index);
  }
}
