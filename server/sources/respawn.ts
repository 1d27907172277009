import type { Source, SourceListener } from './source.ts';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** A source that lived this long is not failing at its start: the wait begins small again. */
const SETTLED_MS = 30_000;

/**
 * Keeps a source going: when it is gone it is started again, after a wait that doubles while it keeps failing.
 * The result stops that, and closes the source that there is.
 */
export function keepGoing(
  start: (listener: SourceListener) => Source,
  listener: () => SourceListener,
  on: { readonly started: (source: Source) => void; readonly waiting: (note: string) => void },
): () => Promise<void> {
  let isOver = false;
  let waitMs = FIRST_WAIT_MS;
  let timer: NodeJS.Timeout | undefined;
  let source: Source | undefined;

  function begin(): void {
    const begunAt = performance.now();
    const inner = listener();
    source = start({
      message: (message) => inner.message(message),
      batch: (records) => inner.batch(records),
      gone(note) {
        inner.gone(note);
        if (isOver) return;
        if (performance.now() - begunAt > SETTLED_MS) waitMs = FIRST_WAIT_MS;
        on.waiting(`${note}. It is started again.`);
        timer = setTimeout(begin, waitMs);
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
      },
    });
    on.started(source);
  }

  begin();
  return async () => {
    isOver = true;
    clearTimeout(timer);
    await source?.close();
  };
}
