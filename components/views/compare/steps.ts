/** The steps of two paths beside each other. No DOM. */
import { diffArrays } from 'diff';
import type { NamedStep } from '../../../core/model/compare/side.ts';

export interface StepPair {
  readonly a: NamedStep | undefined;
  readonly b: NamedStep | undefined;
  /** The same; the same in another namespace or on another interface; or on one side only. */
  readonly relation: 'same' | 'elsewhere' | 'apart';
}

/** Steps that one has and the other has not, at most: finding them takes as much as their square. */
const DIFFERENT_MAX = 1000;

const keyOf = ({ func, reason }: NamedStep): string => (reason === '' ? func : `!${reason}`);

/** Undefined: they have too little in common to be put beside each other. */
export function pairSteps(a: readonly NamedStep[], b: readonly NamedStep[]): readonly StepPair[] | undefined {
  const changes = diffArrays(a.map(keyOf), b.map(keyOf), { maxEditLength: DIFFERENT_MAX });
  if (changes === undefined) return undefined;
  const pairs: StepPair[] = [];
  let [i, j] = [0, 0];
  let [gone, come]: [NamedStep[], NamedStep[]] = [[], []];
  const flush = () => {
    for (let at = 0; at < Math.max(gone.length, come.length); at += 1)
      pairs.push({ a: gone[at], b: come[at], relation: 'apart' });
    [gone, come] = [[], []];
  };
  for (const { added, removed, value } of changes) {
    const { length } = value;
    if (removed) gone.push(...a.slice(i, i + length));
    else if (added) come.push(...b.slice(j, j + length));
    else {
      flush();
      for (let at = 0; at < length; at += 1) pairs.push(together(a[i + at], b[j + at]));
    }
    if (!added) i += length;
    if (!removed) j += length;
  }
  flush();
  return pairs;
}

function together(a: NamedStep | undefined, b: NamedStep | undefined): StepPair {
  const isSame = a?.netns === b?.netns && a?.device === b?.device;
  return { a, b, relation: isSame ? 'same' : 'elsewhere' };
}
