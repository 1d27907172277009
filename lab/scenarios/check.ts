/** Assertions that say what was found. A scenario fails by throwing. */
export class CheckFailed extends Error {}

export function check(holds: boolean, what: string, found?: unknown): asserts holds {
  if (holds) return;
  throw new CheckFailed(found === undefined ? what : `${what}; found ${shorten(found)}`);
}

export function equal<T>(actual: T, expected: T, what: string): void {
  const same = JSON.stringify(actual) === JSON.stringify(expected);
  check(same, `${what}: expected ${shorten(expected)}`, actual);
}

/** `expected` appears in `actual` in this order, with anything in between. */
export function inOrder(actual: readonly string[], expected: readonly string[], what: string): void {
  let next = 0;
  for (const value of actual) if (value === expected[next]) next += 1;
  check(next === expected.length, `${what}: ${expected[next] ?? ''} is missing or out of order`, actual);
}

/** The one element that fits. */
export function only<T>(values: readonly T[], fits: (value: T) => boolean, what: string): T {
  const found = values.filter(fits);
  const [first] = found;
  check(found.length === 1 && first !== undefined, `exactly one ${what}, not ${found.length}`, found);
  return first;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 3000 ? `${text.slice(0, 3000)}…` : text;
}
