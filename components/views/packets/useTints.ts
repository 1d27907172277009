'use client';

import { useMemo } from 'react';
import { compileFor } from '../../state/display.ts';
import { useNames } from '../../state/names.ts';
import { type Tint, useListing } from '../../state/packets/listing.ts';
import { packets } from '../../state/packets/store.ts';

/** By a row's index, the background that the colour rules give it. */
export function useTints(): (index: number) => Tint | undefined {
  const rules = useListing((state) => state.rules);
  const names = useNames((state) => state.version);
  // biome-ignore lint/correctness/useExhaustiveDependencies: rules are read with the names of now
  const tests = useMemo(
    () =>
      rules.flatMap(({ filter, tint }) => {
        const compiled = compileFor(filter);
        return compiled.ok && compiled.value !== null ? [{ test: compiled.value, tint }] : [];
      }),
    [rules, names],
  );
  return (index) => tests.find(({ test }) => test(packets.view, packets.offsetOf(index)))?.tint;
}
