/** Scenarios about the packets of one trace: starting one takes most of a scenario's time. */
import type { Scenario } from './scenario.ts';

export interface Part<T> {
  readonly name: string;
  readonly check: (made: T) => void;
}

/** The first of them that runs makes what all look at; when that fails, all fail. */
export function together<T>(make: () => Promise<T>, parts: readonly Part<T>[]): readonly Scenario[] {
  let made: Promise<T> | undefined;
  return parts.map(({ name, check }) => ({
    name,
    async run() {
      made ??= make();
      check(await made);
    },
  }));
}
