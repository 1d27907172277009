const CELL = 24;

/** Which room on a canvas is taken: a label is written only where no other is. */
export class Room {
  readonly #cells = new Map<number, [number, number, number, number][]>();
  readonly #width: number;
  readonly #height: number;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
  }

  isFree(x: number, y: number, width: number, height: number): boolean {
    if (x < 2 || y < 0 || x + width > this.#width - 2 || y + height > this.#height) return false;
    return this.#cellsOf(x, y, width, height).every((cell) =>
      (this.#cells.get(cell) ?? []).every(
        ([ox, oy, ow, oh]) => x >= ox + ow || x + width <= ox || y >= oy + oh || y + height <= oy,
      ),
    );
  }

  take(x: number, y: number, width: number, height: number): void {
    for (const cell of this.#cellsOf(x, y, width, height)) {
      const there = this.#cells.get(cell);
      if (there === undefined) this.#cells.set(cell, [[x, y, width, height]]);
      else there.push([x, y, width, height]);
    }
  }

  #cellsOf(x: number, y: number, width: number, height: number): number[] {
    const cells: number[] = [];
    for (let row = Math.floor(y / CELL); row <= Math.floor((y + height) / CELL); row += 1)
      for (let column = Math.floor(x / CELL); column <= Math.floor((x + width) / CELL); column += 1)
        cells.push(row * 4096 + column);
    return cells;
  }
}
