import { describe, expect, it } from 'vitest';
import { PathFold } from '../../../core/model/analysis/fold.ts';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { batch, hop } from '../../../core/wire/test/records.ts';
import { Analyst, type Question } from '../analyst.ts';
import type { Folded } from '../messages.ts';

/** A session of so many packets, and an analyst whose slices are run by hand; every look at the clock takes 5 ms. */
function bench(packets: number) {
  const session = new SessionAssembler();
  session.restart();
  const take = (from: number, to: number, generation = 1) =>
    session.take(
      batch(
        ...Array.from({ length: to - from }, (_, i) => hop({ packet: from + i + 1, func: 1, generation })),
      ),
    );
  take(0, packets);
  const slices: (() => void)[] = [];
  let clock = 0;
  const analyst = new Analyst(
    session,
    ({ packets: ids }: Question & { readonly of?: string }) => new PathFold(session, ids),
    () => {
      clock += 5;
      return clock;
    },
    (work) => slices.push(work),
  );
  const answers: Folded<PathsAnalysis>[] = [];
  return {
    session,
    take,
    answers,
    ask: (ids: Float64Array | null = null, of = '') =>
      analyst.ask({ packets: ids, of }, (answer) => answers.push(answer)),
    slice: () => slices.shift()?.(),
    finish: () => {
      let count = 0;
      for (let next = slices.shift(); next !== undefined; next = slices.shift()) {
        next();
        count += 1;
      }
      return count;
    },
  };
}

describe('an analysis', () => {
  it('is done in slices, with what came before it began', () => {
    const { ask, take, slice, finish, answers } = bench(300);
    ask();
    slice();
    expect(answers).toEqual([]);
    take(300, 310);
    expect(finish()).toBeGreaterThan(3);
    expect(answers[0]?.analysis?.packets).toBe(300);
  });

  it('is done once for all who ask the same, until there is something new', () => {
    const { ask, take, finish, answers } = bench(10);
    ask();
    ask();
    const once = finish();
    ask();
    expect(answers).toHaveLength(3);
    expect(answers[2]?.analysis).toBe(answers[0]?.analysis);
    take(10, 11);
    ask();
    expect(finish()).toBe(once);
    expect(answers[3]?.analysis?.packets).toBe(11);
  });

  it('of some packets is another than of all', () => {
    const { ask, finish, answers } = bench(10);
    ask();
    ask(Float64Array.from([1, 2, 3]));
    ask(Float64Array.from([1, 2]));
    finish();
    expect(answers.map(({ analysis }) => analysis?.packets)).toEqual([10, 3, 2]);
  });

  it('with another question is another, of the same packets too', () => {
    const { ask, finish, answers } = bench(10);
    ask(null, 'this');
    ask(null, 'that');
    finish();
    ask(null, 'that');
    expect(answers).toHaveLength(3);
    expect(answers[1]?.analysis).not.toBe(answers[0]?.analysis);
    expect(answers[2]?.analysis).toBe(answers[1]?.analysis);
  });

  it('says which session it is when that ended meanwhile', () => {
    const { ask, take, slice, finish, answers, session } = bench(300);
    ask();
    slice();
    take(0, 5, 2);
    finish();
    expect(answers).toEqual([{ session: session.session, analysis: undefined }]);
  });

  it('is refused when too many wait', () => {
    const { ask, finish, answers } = bench(10);
    for (let i = 0; i < 70; i += 1) ask();
    expect(answers).toHaveLength(6);
    finish();
    expect(answers.filter(({ analysis }) => analysis !== undefined)).toHaveLength(64);
  });
});
