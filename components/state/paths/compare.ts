'use client';

import { create } from 'zustand';

/** A packet to compare; `path` is the number of the path that it stands for, 0 when it was chosen for itself. */
export interface Compared {
  readonly packet: number;
  readonly path: number;
}

interface Comparison {
  readonly left: Compared | undefined;
  readonly right: Compared | undefined;
}

export const useComparison = create<Comparison>(() => ({ left: undefined, right: undefined }));

/** Chooses one side after the other; the third choice begins anew. The same packet twice is one choice. */
export function chooseCompared(chosen: Compared): void {
  const { left, right } = useComparison.getState();
  if (left === undefined || right !== undefined) useComparison.setState({ left: chosen, right: undefined });
  else if (left.packet !== chosen.packet) useComparison.setState({ right: chosen });
}

export const swapCompared = (): void =>
  useComparison.setState(({ left, right }) => ({ left: right, right: left }));
export const endComparison = (): void => useComparison.setState({ left: undefined, right: undefined });
