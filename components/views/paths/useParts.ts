import { useMemo } from 'react';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { partsOf } from './lines.ts';

/** The parts of the graph that the selected path goes through. */
export function useParts(analysis: PathsAnalysis, selected: number): ReadonlySet<string> | undefined {
  return useMemo(() => {
    const path = analysis.paths.find(({ id }) => id === selected);
    return path && partsOf(analysis, path);
  }, [analysis, selected]);
}
