/** Rows on their way to a table: gathered in typed arrays, given to DuckDB 2,048 at once, without an object for a value. */
import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import { type ColumnType, type Row, type RowOf, storedIn, TABLES, type Table } from './schema.ts';

/** The package, which is read when the first database is opened: it has 68 MB. */
export type DuckDB = typeof import('@duckdb/node-api');

/** Rows of DuckDB's vectors. */
const CHUNK_ROWS = 2048;
const TWO_32 = 2 ** 32;

/** The values of one column until they are full. */
interface Column {
  readonly type: DuckDBType;
  put(row: number, value: string | number): void;
  /** Into a column of a chunk that has that many rows. */
  writeTo(chunk: DuckDBDataChunk, column: number, rows: number): void;
}

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array;

/** A vector of numbers, as all of them are. */
interface NumberVector {
  readonly items: { set(values: ArrayLike<number> | ArrayLike<bigint>): void };
  flush(): void;
}

function writeNumbers(chunk: DuckDBDataChunk, column: number, values: Numbers | BigUint64Array): void {
  const vector = chunk.getColumnVector(column) as unknown as NumberVector;
  vector.items.set(values);
  vector.flush();
}

class NumberColumn implements Column {
  readonly type: DuckDBType;
  readonly #values: Numbers;

  constructor(type: DuckDBType, values: Numbers) {
    this.type = type;
    this.#values = values;
  }

  put(row: number, value: number): void {
    this.#values[row] = value;
  }

  writeTo(chunk: DuckDBDataChunk, column: number, rows: number): void {
    writeNumbers(chunk, column, this.#values.subarray(0, rows));
  }
}

/** Halves beside each other, so that no value becomes a BigInt. */
class WideColumn implements Column {
  readonly type: DuckDBType;
  readonly #wide = new BigUint64Array(CHUNK_ROWS);
  readonly #halves = new Uint32Array(this.#wide.buffer);

  constructor(type: DuckDBType) {
    this.type = type;
  }

  put(row: number, value: number): void {
    this.#halves[2 * row] = value % TWO_32;
    this.#halves[2 * row + 1] = value / TWO_32;
  }

  writeTo(chunk: DuckDBDataChunk, column: number, rows: number): void {
    writeNumbers(chunk, column, this.#wide.subarray(0, rows));
  }
}

class TextColumn implements Column {
  readonly type: DuckDBType;
  readonly #values: string[] = new Array(CHUNK_ROWS).fill('');

  constructor(type: DuckDBType) {
    this.type = type;
  }

  put(row: number, value: string): void {
    this.#values[row] = value;
  }

  writeTo(chunk: DuckDBDataChunk, column: number, rows: number): void {
    const vector = chunk.getColumnVector(column);
    for (let row = 0; row < rows; row += 1) vector.setItem(row, this.#values[row] ?? '');
    vector.flush();
  }
}

/** Numbers of words, as they come. */
export class Words {
  readonly #numbers = new Map<string, number>();

  numberOf(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(word, number);
    return number;
  }

  get rows(): readonly RowOf<'words'>[] {
    return [...this.#numbers].map(([text, word]) => ({ word, text }));
  }
}

class WordColumn implements Column {
  readonly type: DuckDBType;
  readonly #numbers = new Uint32Array(CHUNK_ROWS);
  readonly #words: Words;

  constructor(type: DuckDBType, words: Words) {
    this.type = type;
    this.#words = words;
  }

  put(row: number, value: string): void {
    this.#numbers[row] = this.#words.numberOf(value);
  }

  writeTo(chunk: DuckDBDataChunk, column: number, rows: number): void {
    writeNumbers(chunk, column, this.#numbers.subarray(0, rows));
  }
}

const MAKERS: Readonly<Record<ColumnType, (duckdb: DuckDB, words: Words) => Column>> = {
  u8: ({ UTINYINT }) => new NumberColumn(UTINYINT, new Uint8Array(CHUNK_ROWS)),
  u16: ({ USMALLINT }) => new NumberColumn(USMALLINT, new Uint16Array(CHUNK_ROWS)),
  u32: ({ UINTEGER }) => new NumberColumn(UINTEGER, new Uint32Array(CHUNK_ROWS)),
  i32: ({ INTEGER }) => new NumberColumn(INTEGER, new Int32Array(CHUNK_ROWS)),
  u64: ({ UBIGINT }) => new WideColumn(UBIGINT),
  text: ({ VARCHAR }) => new TextColumn(VARCHAR),
  word: ({ UINTEGER }, words) => new WordColumn(UINTEGER, words),
};

/** Appends to one table. */
export class TableWriter<T extends Table> {
  readonly #duckdb: DuckDB;
  readonly #names: readonly string[];
  readonly #columns: readonly Column[];
  readonly #types: readonly DuckDBType[];
  readonly #appender: DuckDBAppender;
  #rows = 0;
  #isAppended = false;

  private constructor(duckdb: DuckDB, table: T, appender: DuckDBAppender, words: Words) {
    this.#duckdb = duckdb;
    const columns = Object.entries(TABLES[table]);
    this.#names = columns.map(([name]) => name);
    this.#columns = columns.map(([, type]) => MAKERS[type](duckdb, words));
    this.#types = this.#columns.map(({ type }) => type);
    this.#appender = appender;
  }

  static async open<T extends Table>(
    duckdb: DuckDB,
    connection: DuckDBConnection,
    table: T,
    words: Words,
  ): Promise<TableWriter<T>> {
    return new TableWriter(
      duckdb,
      table,
      await connection.createAppender(storedIn(table, TABLES[table])),
      words,
    );
  }

  add(row: RowOf<T>): void {
    const values = row as Row<Readonly<Record<string, ColumnType>>>;
    const at = this.#rows;
    for (let i = 0; i < this.#columns.length; i += 1)
      this.#columns[i]?.put(at, values[this.#names[i] ?? ''] ?? 0);
    this.#rows = at + 1;
    if (this.#rows === CHUNK_ROWS) this.#append();
  }

  /** Everything added until now is in the database, and survives this process. Throws what DuckDB says. */
  flush(): void {
    this.#append();
    if (!this.#isAppended) return;
    this.#appender.flushSync();
    this.#isAppended = false;
  }

  close(): void {
    this.flush();
    this.#appender.closeSync();
  }

  #append(): void {
    if (this.#rows === 0) return;
    const chunk = this.#duckdb.DuckDBDataChunk.create(this.#types, this.#rows);
    for (const [i, column] of this.#columns.entries()) column.writeTo(chunk, i, this.#rows);
    this.#appender.appendDataChunk(chunk);
    this.#rows = 0;
    this.#isAppended = true;
  }
}
