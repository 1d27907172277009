import type { Capabilities, CaptureState, FunctionInfo, PlannedProgram } from '../../messages/source.ts';

/** What a host's agent told; undefined where it told nothing, which is no finding. */
export interface DoctorFacts {
  readonly capabilities: Capabilities;
  /** Its effective capabilities(7), a hexadecimal mask. */
  readonly privileges: string | undefined;
  /** As `uname -r` has it. */
  readonly kernel: string;
  /** As Node.js has it: `x64`, `arm64`. */
  readonly architecture: string;
  readonly functions: readonly FunctionInfo[] | undefined;
  /** Drop reasons that the kernel has a name for. */
  readonly reasons: number | undefined;
  readonly capture: CaptureState;
  /** Programs that a capture loads beside the probes' one. */
  readonly programs: readonly PlannedProgram[] | undefined;
}

/** ok: nothing is hidden by it. limited: something is. missing: without it nothing can be traced. */
export type FindingState = 'ok' | 'limited' | 'missing';

export interface Finding {
  /** Names the rule, and stays. */
  readonly id: string;
  readonly title: string;
  readonly state: FindingState;
  /** What was found. */
  readonly found: string;
  /** What one does not see because of it; '' when that is nothing. */
  readonly effect: string;
  /** What to do; '' when there is nothing to do. */
  readonly advice: string;
}

/** Looks at one thing; no finding where the facts for it were not told, or it does not matter. */
export type Rule = (facts: DoctorFacts) => readonly Finding[];
