import type { Direction } from './walk.ts';

/** What the graph does with the keys that are the list's as long as the graph has not the focus. */
export interface GraphKeys {
  readonly hasFocus: () => boolean;
  readonly walk: (direction: Direction) => void;
  readonly choose: () => void;
}

let keys: GraphKeys | undefined;

/** The graph is on screen; the result takes it away. */
export function offerGraphKeys(offered: GraphKeys): () => void {
  keys = offered;
  return () => {
    if (keys === offered) keys = undefined;
  };
}

/** The graph when it has the focus. */
export const focusedGraph = (): GraphKeys | undefined => (keys?.hasFocus() === true ? keys : undefined);
