/** So many may wait for something slower; whoever brings more waits until there is room. */
export class WaitingRoom {
  readonly limit: number;
  #waiting = 0;
  #outside: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** So many more wait. */
  enter(more = 1): void {
    this.#waiting += more;
  }

  /** The promise, when there is one, resolves when there is room for another. */
  room(): Promise<void> | undefined {
    if (this.#waiting < this.limit) return undefined;
    return new Promise((resolve) => {
      this.#outside.push(resolve);
    });
  }

  /** So many are done with. */
  leave(fewer = 1): void {
    this.#waiting -= fewer;
    if (this.#waiting < this.limit) this.letIn();
  }

  /** Nobody need wait outside, however many are in. */
  letIn(): void {
    const outside = this.#outside;
    this.#outside = [];
    for (const resolve of outside) resolve();
  }
}
