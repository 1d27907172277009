/** The lab's kernels that are measured. */
export const KERNELS = ['6.12', '6.1'] as const;

/** Those of `--kernel`, all where it was not given; ends the benchmark where there is no such kernel. */
export function kernelsOf(asked: string | undefined): readonly string[] {
  const chosen = KERNELS.filter((kernel) => asked === undefined || kernel === asked);
  if (chosen.length > 0) return chosen;
  console.error(`bench: there is no kernel ${asked}: ${KERNELS.join(' ')}`);
  process.exit(2);
}
