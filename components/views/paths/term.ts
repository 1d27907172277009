/** What of the Paths view the display filter can ask for. */

import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { functionTerm, pathsTerm } from '../../../core/model/display/place-terms.ts';
import { quote } from '../../../core/model/display/tokens.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { Passage } from '../../state/paths/store.ts';
import { goesThrough } from './lines.ts';

/**
 * Packets through a part of the graph: a function by its name, which holds for paths that come later, too; an edge or a
 * drop by the paths that have it now, or, when these are too many to be listed, by the functions at its ends.
 */
export function passageTerm(analysis: PathsAnalysis, passage: Passage, names: NameBook): string | undefined {
  const at = (index: number): string | undefined => {
    const node = analysis.nodes[index];
    return node === undefined || node.func === 0 ? undefined : functionTerm(names, node.netns, node.func);
  };
  if (passage.kind === 'node') {
    const term = at(passage.node);
    if (term !== undefined) return term;
  }
  const through = analysis.paths.filter((path) => goesThrough(analysis, path, passage));
  const listed = pathsTerm(through.map(({ number }) => number));
  if (listed !== undefined) return listed;
  if (passage.kind === 'node') return undefined;
  const end =
    passage.kind === 'edge' ? at(passage.to) : `reason == ${quote(names.reasonName(passage.reason))}`;
  return [at(passage.from), end].filter((term) => term !== undefined).join(' and ');
}
