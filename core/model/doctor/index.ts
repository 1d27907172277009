/**
 * The doctor: what this host lets us see, and what not. Pure rules over facts that the agent told, so that a page, a
 * command line and tests come to the same findings.
 */
import { moduleTypes, neededCapabilities, probeBackend } from './capabilities.ts';
import { dropReasons, programs, version } from './kernel.ts';
import { privileges } from './privileges.ts';
import { refusals, waypoints } from './probes.ts';
import type { DoctorFacts, Finding, FindingState, Rule } from './types.ts';

export { absentWaypoints } from './probes.ts';
export type { DoctorFacts, Finding, FindingState } from './types.ts';

const RULES: readonly Rule[] = [
  neededCapabilities,
  privileges,
  probeBackend,
  moduleTypes,
  version,
  dropReasons,
  waypoints,
  refusals,
  programs,
];

const RANK: Readonly<Record<FindingState, number>> = { missing: 0, limited: 1, ok: 2 };

/** Everything that was looked at, worst first; within a state in the order of the rules. */
export const examine = (facts: DoctorFacts): readonly Finding[] =>
  RULES.flatMap((rule) => rule(facts)).sort((a, b) => RANK[a.state] - RANK[b.state]);
