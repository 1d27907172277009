'use client';

import { useState } from 'react';
import type { PathsAnalysis } from '../../../core/model/analysis/result.ts';
import { formatCount } from '../../../core/model/format.ts';
import { commands } from '../../state/commands.ts';
import type { Passage } from '../../state/paths/store.ts';
import { Segmented } from '../../ui/Segmented.tsx';
import { ZoomButtons } from '../../ui/ZoomButtons.tsx';
import { EdgeTable } from './EdgeTable.tsx';
import { GraphDrawing } from './GraphDrawing.tsx';
import { useParts } from './useParts.ts';

export interface PathGraphProps {
  readonly analysis: PathsAnalysis;
  /** Id of the selected path, 0 for none. */
  readonly selected: number;
  readonly passage: Passage | undefined;
}

/** All paths in one graph, or the same as a table. */
export function PathGraph(props: PathGraphProps) {
  const [form, setForm] = useState<'graph' | 'table'>('graph');
  const run = (id: string) => commands.all.find((command) => command.id === id)?.run();
  return (
    <section aria-label="Graph of all paths" className="flex h-full min-h-0 flex-col">
      <header className="flex h-8 shrink-0 items-center gap-1 border-b border-line px-2">
        <h3 className="shrink-0 font-semibold">All paths in one</h3>
        <span className="truncate px-1 text-muted max-sm:hidden">
          {formatCount(props.analysis.nodes.length)} functions, {formatCount(props.analysis.edges.length)}{' '}
          steps
        </span>
        <span className="ml-auto flex items-center gap-1">
          {form === 'graph' && (
            <ZoomButtons
              what="the graph"
              onIn={() => run('paths.in')}
              onOut={() => run('paths.out')}
              onFit={() => run('paths.fit')}
            />
          )}
          <Segmented
            label="Show as"
            value={form}
            onValue={setForm}
            options={[
              { value: 'graph', label: 'Graph' },
              { value: 'table', label: 'Table' },
            ]}
          />
        </span>
      </header>
      <div className="min-h-0 flex-1">
        {form === 'graph' ? <GraphDrawing {...props} /> : <Steps {...props} />}
      </div>
    </section>
  );
}

function Steps({ analysis, selected }: PathGraphProps) {
  const parts = useParts(analysis, selected);
  return <EdgeTable analysis={analysis} selected={parts} />;
}
