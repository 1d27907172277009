import type { Failure, Result } from '../../../core/base/result.ts';
import { packets } from '../packets/store.ts';
import { visible, visibleVersion } from '../packets/visible.ts';
import { packetsToFold } from './scope.ts';

/** While packets arrive, it is asked again after this long, or after so many times what the answer took. */
const EVERY_MS = 700;
const REST_FACTOR = 4;
const FAILED_MS = 2000;
/** What memory lacks is read from the disk once no more of it comes. */
const SETTLED_MS = 3000;

/** What the server folds packets into, and who takes it. */
export interface Folding<T> {
  /** Of what was taken last. */
  session(): number;
  /** @param packets null for all */
  ask(session: number, packets: Float64Array<ArrayBuffer> | null): Promise<Result<T>>;
  take(session: number, folded: T): void;
  fail(failure: Failure): void;
  /** One answer is enough. */
  readonly isOnce: boolean;
}

/** Has the packets that pass the display filter folded, and again while they change; the result ends it. */
export function keepFolded<
  T extends { readonly leftOut: { readonly older: number; readonly truncated: number } },
>(folding: Folding<T>): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let folded = -1;
  /** When the same is asked once more. */
  let againMs = Number.POSITIVE_INFINITY;
  const turn = async () => {
    const { session } = packets;
    const version = visibleVersion();
    let wait = EVERY_MS;
    const began = performance.now();
    // of another tool's capture the session is 0: nobody said that one began
    const isThere = session > 0 || packets.size > 0;
    const isNew = version !== folded || folding.session() !== session;
    if (isThere && (isNew || began >= againMs)) {
      const scope = packetsToFold();
      const result = await folding.ask(session, scope.packets);
      if (isOver) return;
      if (result.ok) {
        const { leftOut } = result.value;
        folding.take(session, {
          ...result.value,
          leftOut: { ...leftOut, older: leftOut.older + scope.older },
        });
        folded = version;
        if (folding.isOnce) return;
        const isLacking = isNew && leftOut.truncated > 0;
        againMs = isLacking ? performance.now() + SETTLED_MS : Number.POSITIVE_INFINITY;
      } else if (result.error.code !== 'SESSION_OVER') folding.fail(result.error);
      wait = result.ok ? Math.max(EVERY_MS, REST_FACTOR * (performance.now() - began)) : FAILED_MS;
    }
    timer = setTimeout(turn, wait);
  };
  const off = visible.subscribe(() => undefined); // which keeps its version up to date
  turn();
  return () => {
    isOver = true;
    off();
    clearTimeout(timer);
  };
}
