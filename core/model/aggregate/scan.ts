/** Folding packed rows into something small, at once or a slice at a time. */

/** Packed rows, as the page's packet store has them. */
export interface RowSource {
  readonly view: DataView;
  readonly size: number;
  offsetOf(index: number): number;
  /** Rows let go, when there may be any: indices have moved down by as much. */
  readonly forgotten?: number;
}

/** Takes rows one by one; makes no object for each. */
export interface RowFold<T> {
  add(view: DataView, at: number): void;
  result(): T;
}

/**
 * One pass over rows. Rows that are let go meanwhile, before it came to them, are not in it.
 * @param rows indices of those that count, null for all
 */
export class RowScan<T> {
  readonly #source: RowSource;
  readonly #rows: Uint32Array | null;
  readonly #fold: RowFold<T>;
  readonly #end: number;
  readonly #forgotten: number;
  #next = 0;

  constructor(source: RowSource, rows: Uint32Array | null, fold: RowFold<T>) {
    this.#source = source;
    this.#rows = rows;
    this.#fold = fold;
    this.#end = rows?.length ?? source.size;
    this.#forgotten = source.forgotten ?? 0;
  }

  /** Goes on for up to so many rows; the result at the end, undefined before. */
  step(count: number): T | undefined {
    const { view, size } = this.#source;
    const gone = (this.#source.forgotten ?? 0) - this.#forgotten;
    const until = Math.min(this.#end, this.#next + count);
    for (let i = this.#next; i < until; i += 1) {
      const index = (this.#rows === null ? i : (this.#rows[i] ?? size)) - gone;
      if (index >= 0 && index < size) this.#fold.add(view, this.#source.offsetOf(index));
    }
    this.#next = until;
    return until === this.#end ? this.#fold.result() : undefined;
  }
}

/** The same at once. */
export function foldRows<T>(source: RowSource, rows: Uint32Array | null, fold: RowFold<T>): T {
  return new RowScan(source, rows, fold).step(Number.POSITIVE_INFINITY) ?? fold.result();
}

/** Numbers, in order, without an object for each. */
export class NumberList {
  #values: Float64Array;
  #size = 0;

  constructor(capacity = 8) {
    this.#values = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  push(value: number): void {
    if (this.#size === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#size] = value;
    this.#size += 1;
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.#size);
  }
}
