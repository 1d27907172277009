/** What a packet went through on its way: asked once for each path, not for each row. */
import { ROW } from '../../wire/rows.ts';
import type { PathBook } from '../path-book.ts';
import { isNumbered, PATHS_NUMBERED_MAX } from '../path-table.ts';

/** Key of a step as a field has it, NaN when it is none of the field's. */
export type StepKey = (func: number, reason: number, netns: number, ifindex: number) => number;

const [UNKNOWN, NO, YES] = [0, 1, 2];

/** Whether a row's path has a step whose key holds; not of rows whose path is not known. */
export function wayTest(
  paths: PathBook,
  keyOf: StepKey,
  holds: (key: number) => boolean,
): (view: DataView, at: number) => boolean {
  const answers = new Uint8Array(PATHS_NUMBERED_MAX + 1);
  let { epoch } = paths;
  const learn = (path: number): number => {
    let has = false;
    const isTold = paths.walk(path, (func, reason, netns, ifindex) => {
      const key = keyOf(func, reason, netns, ifindex);
      has ||= !Number.isNaN(key) && holds(key);
    });
    return isTold ? (has ? YES : NO) : UNKNOWN;
  };
  return (view, at) => {
    const path = view.getUint32(at + ROW.path, true);
    if (!isNumbered(path)) return false;
    if (paths.epoch !== epoch) {
      epoch = paths.epoch;
      answers.fill(UNKNOWN);
    }
    if (answers[path] === UNKNOWN) answers[path] = learn(path);
    return answers[path] === YES;
  };
}

/** The different keys of a path's steps. */
export function keysOnWay(paths: PathBook, path: number, keyOf: StepKey): ReadonlySet<number> {
  const keys = new Set<number>();
  paths.walk(path, (func, reason, netns, ifindex) => {
    const key = keyOf(func, reason, netns, ifindex);
    if (!Number.isNaN(key)) keys.add(key);
  });
  return keys;
}
