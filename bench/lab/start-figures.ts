/** What start.ts measures and start-main.ts reads. */

export type Group = 'default' | 'all';

/** One trace; times in milliseconds. */
export interface StartRun {
  /** Command → every probe attached. */
  readonly readyMs: number;
  /** SIGINT → capture off, all delivered, and said so. */
  readonly stoppedMs: number;
  /** SIGINT → the command ended. */
  readonly exitMs: number;
  /** SIGINT → no probe is left in the kernel. */
  readonly goneMs: number;
  /** Functions that had one. */
  readonly probes: number;
  /** Of these, still there when it was not waited any longer. */
  readonly left: number;
}

export interface StartFigures {
  readonly kernel: string;
  /** Cold: nothing is known of the kernel; warm: what the trace before has found out. */
  readonly groups: Record<Group, { readonly cold: StartRun[]; readonly warm: StartRun[] }>;
}
