/** Long work in steps: a generator that yields wherever it may be interrupted, a millisecond of work or less apart. */
export type Job<T> = Generator<undefined, T, undefined>;

/** Does all of it now. */
export function finish<T>(job: Job<T>): T {
  for (;;) {
    const { done, value } = job.next();
    if (done) return value;
  }
}

/** What the main thread may be held up by at a time: half a frame. */
export const SLICE_MS = 8;

/** Goes on with a job for so long; what it came to, once it is done. */
export function goOn<T>(job: Job<T>, ms = SLICE_MS): { readonly value: T } | undefined {
  const until = performance.now() + ms;
  for (;;) {
    const { done, value } = job.next();
    if (done) return { value };
    if (performance.now() >= until) return undefined;
  }
}
