/** Which directions are of one conversation. */
import { rowAnswerTuple } from '../../wire/tuple.ts';
import type { HalfFlow } from './half-flow.ts';

export interface Sided {
  readonly half: HalfFlow;
  /** Of its tuple. */
  readonly number: number;
  /** 0: the direction that was seen first. */
  readonly side: 0 | 1;
}

type Index = ReadonlyMap<number, readonly number[]>;

/**
 * Joins each direction with the one that answers: its tuple turned round, or turned round what it became (NAT), in a
 * namespace where the packets of one of the two came to. So equal addresses in namespaces that have nothing to do with
 * each other stay apart. Copies are with what they were made from. What was seen first comes first, copies last.
 */
export function joinHalves(halves: readonly HalfFlow[]): readonly (readonly Sided[])[] {
  const answers = halves.map(({ sample }) => rowAnswerTuple(sample, 0));
  const byTuple = indexOf(halves.map(({ firstTuple }) => [firstTuple]));
  const byAnswer = indexOf(answers.map((answer) => [answer]));
  const byBecome = indexOf(halves.map(({ becomes }) => becomes));

  const meets = (number: number, other: number): boolean => {
    const [one, two] = [halves[number], halves[other]];
    if (one === undefined || two === undefined || one === two) return false;
    return one.netns === two.netns || one.places.includes(two.netns) || two.places.includes(one.netns);
  };
  const opposite = (number: number): readonly number[] => {
    const answer = answers[number] ?? 0;
    const became = halves[number]?.becomes ?? [];
    return [
      ...(byTuple.get(answer) ?? []),
      ...became.flatMap((tuple) => byAnswer.get(tuple) ?? []),
      ...(byBecome.get(answer) ?? []),
    ].filter((other) => meets(number, other));
  };
  const copies = (number: number): readonly number[] => {
    const half = halves[number];
    return [half?.firstTuple ?? 0, ...(half?.becomes ?? [])]
      .flatMap((tuple) => byTuple.get(tuple) ?? [])
      .filter((other) => halves[other]?.isCopy === true);
  };

  const isTaken = new Uint8Array(halves.length);
  return [...halves.keys()]
    .sort((a, b) => rank(halves[a]) - rank(halves[b]))
    .flatMap((first) => {
      if (isTaken[first] === 1) return [];
      isTaken[first] = 1;
      const joined: Sided[] = [];
      const waiting: { readonly number: number; readonly side: 0 | 1 }[] = [{ number: first, side: 0 }];
      const take = (numbers: readonly number[], side: 0 | 1) => {
        for (const number of numbers) {
          if (isTaken[number] === 1) continue;
          isTaken[number] = 1;
          waiting.push({ number, side });
        }
      };
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { number, side } = next;
        const half = halves[number];
        if (half !== undefined) joined.push({ half, number, side });
        take(opposite(number), side === 0 ? 1 : 0);
        take(copies(number), side);
      }
      return [joined.sort((a, b) => rank(a.half) - rank(b.half))];
    });
}

/** Copies may be seen first, but come last. */
const rank = (half: HalfFlow | undefined): number =>
  half === undefined ? 0 : half.firstNs + (half.isCopy ? 2 ** 52 : 0);

function indexOf(tuples: readonly (readonly number[])[]): Index {
  const index = new Map<number, number[]>();
  for (const [number, of] of tuples.entries())
    for (const tuple of of) {
      const same = index.get(tuple);
      if (same === undefined) index.set(tuple, [number]);
      else same.push(number);
    }
  return index;
}
