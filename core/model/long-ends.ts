import type { Hop, Path } from './hop.ts';
import type { PackedEnds } from './long-path.ts';
import { readPath } from './path.ts';

/** The two ends of a path that has too many hops to be read whole. */
export interface LongEnds {
  readonly head: Path;
  /** Its first hop is the path's `count - tail.hops.length`th; without hops where the head is all there is. */
  readonly tail: Path;
  /** Hops between the two. */
  readonly between: number;
}

/** @param count hops of the whole path */
export function readEnds({ head, tail, context }: PackedEnds, packet: number, count: number): LongEnds {
  const begin = readPath(new Uint8Array(head), packet);
  const rest = readPath(new Uint8Array(tail), packet);
  const hops = rest.hops.slice(context).map((hop, i): Hop => {
    // what changed on the way to the first one changed somewhere between
    return i === 0 ? { ...hop, index: i, changes: [] } : { ...hop, index: i };
  });
  const decisions = rest.decisions.map((one) => ({ ...one, index: Math.max(-1, one.index - context) }));
  const between = Math.max(0, count - begin.hops.length - hops.length);
  return { head: begin, tail: { ...rest, hops, decisions }, between };
}

/** Both ends as one path, in which the tail's hops follow the head's. */
export function joinEnds({ head, tail }: LongEnds): Path {
  const from = head.hops.length;
  const told = tail.told ?? head.told;
  return {
    ...head,
    hops: [...head.hops, ...tail.hops.map((hop) => ({ ...hop, index: hop.index + from }))],
    decisions: [...head.decisions, ...tail.decisions.map((one) => ({ ...one, index: one.index + from }))],
    origins: [...head.origins, ...tail.origins],
    children: [...head.children, ...tail.children],
    free: tail.free ?? head.free,
    ...(told && { told }),
    malformed: head.malformed + tail.malformed,
  };
}
