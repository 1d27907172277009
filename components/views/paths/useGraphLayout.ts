'use client';

import { useEffect, useMemo, useState } from 'react';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { useNames } from '../../state/names.ts';
import { type GraphLayout, graphParts, shapeOf } from './layout.ts';
import { layOutBeside } from './layoutThread.ts';

interface Laid {
  readonly analysis: PathsAnalysis;
  readonly shape: string;
  readonly layout: GraphLayout;
}

/**
 * An analysis with its layout, which is made on another thread: the one before is drawn until then, and nothing before
 * the first. Counts that change need no new layout.
 */
export function useGraphLayout(
  analysis: PathsAnalysis,
): { readonly drawn: PathsAnalysis; readonly layout: GraphLayout } | undefined {
  const { book, version } = useNames();
  const [laid, setLaid] = useState<Laid>();
  const shape = useMemo(() => shapeOf(analysis), [analysis]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for all of it that is laid out, the version for the names
  useEffect(() => {
    let isOver = false;
    const start = performance.now();
    void layOutBeside(graphParts(analysis, book)).then(({ layout, tookMs }) => {
      if (isOver) return;
      // for whoever watches the page's timing; nothing is kept
      performance.measure('graph-layout', { start, detail: tookMs });
      performance.clearMeasures('graph-layout');
      setLaid({ analysis, shape, layout });
    });
    return () => {
      isOver = true;
    };
  }, [shape, book, version]);
  return useMemo(
    () => laid && { drawn: laid.shape === shape ? analysis : laid.analysis, layout: laid.layout },
    [laid, shape, analysis],
  );
}
