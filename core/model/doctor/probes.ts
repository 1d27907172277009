/** Which of the functions that should be probed are not, and why. */
import { WAYPOINTS } from '../waypoints.ts';
import { isMissing } from './capabilities.ts';
import type { Rule } from './types.ts';

const NAMES_SHOWN = 12;

/** `a, b, c and 4 more`. */
const listed = (names: readonly string[]): string =>
  names.length <= NAMES_SHOWN
    ? names.join(', ')
    : `${names.slice(0, NAMES_SHOWN).join(', ')} and ${names.length - NAMES_SHOWN} more`;

/** Waypoints that a kernel does not have, in the order of stages. */
export function absentWaypoints(functions: readonly { readonly name: string }[]): readonly string[] {
  const there = new Set(functions.map(({ name }) => name));
  return WAYPOINTS.map(({ name }) => name).filter((name) => !there.has(name));
}

export const waypoints: Rule = ({ functions, capabilities }) => {
  if (functions === undefined) return [];
  // why there are none is said already
  if (functions.length === 0 && isMissing(capabilities, ['root', 'btf', 'tracefs', 'symbols'])) return [];
  const title = 'Waypoints';
  if (functions.length === 0)
    return [
      {
        id: 'waypoints',
        title,
        state: 'missing',
        found: 'The kernel told no function that can be probed.',
        effect: 'Nothing can be traced.',
        advice: 'Mount tracefs (mount -t tracefs tracefs /sys/kernel/tracing), and run with privileges.',
      },
    ];
  const absent = absentWaypoints(functions);
  if (absent.length === 0)
    return [
      { id: 'waypoints', title, state: 'ok', found: 'This kernel has them all.', effect: '', advice: '' },
    ];
  return [
    {
      id: 'waypoints',
      title,
      state: 'limited',
      found: `${absent.length} of ${WAYPOINTS.length} are not in this kernel: ${listed(absent)}.`,
      effect: 'Paths have no hop there; their neighbours still tell the way.',
      advice:
        'Each was inlined or renamed, or its module is not loaded. What a module that is loaded later has is probed then.',
    },
  ];
};

export const refusals: Rule = ({ capture }) => {
  if (capture.phase !== 'running') return [];
  const { attached, refused } = capture;
  const title = 'Probes attached';
  if (refused.length === 0)
    return [
      { id: 'refused', title, state: 'ok', found: `All ${attached} took their probe.`, effect: '', advice: '' },
    ]; // biome-ignore format: short
  return [
    {
      id: 'refused',
      title,
      state: 'limited',
      found: `${refused.length} of ${attached + refused.length} functions refused: ${listed(refused.map(({ name }) => name))}.`,
      effect: 'Paths have no hop at these functions.',
      advice: 'The table of probes has each one’s reason.',
    },
  ];
};
