/**
 * How deep in its calls a hop is, by stack pointers: stacks grow down, so a function whose stack pointer at entry
 * is not above ours has returned, and what is left encloses us.
 */
export class Nesting {
  /** Stack pointers of the calls that enclose the last hop, and its own; as high and low halves. */
  readonly #high: number[] = [];
  readonly #low: number[] = [];
  #cpu = -1;
  #pid = -1;

  /** Depth of a hop at this stack pointer, from 0. A stack pointer of 0 is not known: inside the last hop. */
  depth(high: number, low: number, cpu: number, pid: number): number {
    if (cpu !== this.#cpu || pid !== this.#pid) this.#clear();
    this.#cpu = cpu;
    this.#pid = pid;
    if (high === 0 && low === 0) return this.#high.length;
    while (this.#high.length > 0 && !this.#topEncloses(high, low)) {
      this.#high.pop();
      this.#low.pop();
    }
    this.#high.push(high);
    this.#low.push(low);
    return this.#high.length - 1;
  }

  /** A call encloses this one when it is above, and near enough to be on the same kernel stack. */
  #topEncloses(high: number, low: number): boolean {
    const topHigh = this.#high.at(-1) ?? 0;
    const topLow = this.#low.at(-1) ?? 0;
    const distance = (topHigh - high) * 2 ** 32 + (topLow - low);
    return distance > 0 && distance < STACK_BYTES;
  }

  #clear(): void {
    this.#high.length = 0;
    this.#low.length = 0;
  }
}

/** THREAD_SIZE on x86-64 (arch/x86/include/asm/page_64_types.h); an interrupt has a stack of its own. */
const STACK_BYTES = 16 << 10;
