/**
 * SEAM to core/model/diagnosis/, which is being written: the view draws an {@link Explanation} and knows nothing
 * of how it was found. To wire it, let {@link explain} call `diagnose(path, names, facts)`.
 */
import { describeDecision, isRefusal } from '../../../core/model/decisions.ts';
import type { Path } from '../../../core/model/hop.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { VerdictName } from '../../../core/model/packet.ts';

export interface Explanation {
  /** One sentence. */
  readonly title: string;
  /** `known`: the kernel said so. `likely`: read from what it did. */
  readonly certainty: 'known' | 'likely';
  /** `hop` and `decision` are indices of the path's hops and decisions. */
  readonly evidence: readonly { readonly text: string; readonly hop?: number; readonly decision?: number }[];
  readonly advice: readonly { readonly text: string; readonly command?: string }[];
}

/** Why the packet ended as it did; undefined when there is nothing to explain. */
export function explain(
  path: Path,
  names: NameBook,
  verdict: VerdictName | undefined,
): Explanation | undefined {
  const drop = path.hops.findLast((hop) => hop.kind === 'drop');
  if (verdict !== 'dropped' || drop?.kind !== 'drop') return undefined;
  const refusal = path.decisions.findLastIndex((decision) => isRefusal(decision));
  const decided = path.decisions[refusal];
  return {
    title: `The kernel dropped it: ${names.reasonName(drop.reason)}, in ${names.locationName(drop.location)}`,
    certainty: 'known',
    evidence: [
      ...(decided === undefined ? [] : [{ text: describeDecision(decided, names), decision: refusal }]),
      { text: `dropped in ${names.locationName(drop.location)}`, hop: drop.index },
    ],
    advice: [],
  };
}
