'use client';

import { useCallback, useMemo } from 'react';
import { Group, Panel } from 'react-resizable-panels';
import { type Flow, FlowFold, type FlowSide, type FlowSummary } from '../../../core/model/aggregate/flows.ts';
import type { Connection } from '../../../core/model/connections.ts';
import { formatBytes, formatCount, formatDuration } from '../../../core/model/format.ts';
import { useConnections } from '../../state/connections.ts';
import { useFlowsPlace } from '../../state/flows.ts';
import { useListKeys } from '../../state/listKeys.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { useFold } from '../../state/packets/useFold.ts';
import { usePanes } from '../../state/panes.ts';
import { useSession } from '../../state/session.ts';
import { Divider } from '../../ui/Divider.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { useWide } from '../../ui/useMedia.ts';
import { ConnectionsPane } from './ConnectionsPane.tsx';
import { FlowDetail, showNewest } from './FlowDetail.tsx';
import { FlowTable } from './FlowTable.tsx';
import { connectionOf, indexConnections, sideOwner, sortFlows } from './text.ts';

const NO_FLOWS: readonly Flow[] = [];
const make = () => new FlowFold();

/** Who talks to whom, how much, how well, and whose it is. */
export function FlowsView() {
  const { sort, flow: chosen } = useFlowsPlace();
  const { book } = useNames();
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const isWide = useWide();
  const summary = useFold(make);
  const { connections, owners, isCut } = useConnections();
  const index = useMemo(() => indexConnections(connections), [connections]);
  const ownerOf = useCallback(
    (side: FlowSide) => sideOwner(side, index, owners, book),
    [index, owners, book],
  );
  const found = summary?.flows ?? NO_FLOWS;
  const flows = useMemo(() => sortFlows(found, sort), [found, sort]);
  const selected = Math.max(
    0,
    flows.findIndex(({ key }) => key === chosen),
  );
  const flow = flows[selected];
  const select = useCallback(
    (next: number) => useFlowsPlace.setState({ flow: flows[next]?.key ?? '' }),
    [flows],
  );
  const open = useMemo(
    () => ({
      title: 'Newest packet of the conversation',
      run: () => flow !== undefined && showNewest(flow),
    }),
    [flow],
  );
  useListKeys('flows', 'Flows', 'conversation', { count: flows.length, selected, onSelect: select, open });
  const own = useMemo(
    () =>
      new Set(flow === undefined ? [] : [flow.a, flow.b].flatMap((side) => connectionOf(side, index) ?? [])),
    [flow, index],
  );
  const selectOf = (connection: Connection) => {
    const its = flows.find(({ a, b }) => [a, b].some((side) => connectionOf(side, index) === connection));
    if (its !== undefined) useFlowsPlace.setState({ flow: its.key });
  };

  const panes = usePanes('flows', 'vertical', ['flows', 'flow-more']);
  const more = usePanes(
    'flow-more',
    isWide ? 'horizontal' : 'vertical',
    flow === undefined ? ['connections'] : ['flow', 'connections'],
  );

  if (summary === undefined)
    return <Notice title="Counting …">The packets of this page are looked at.</Notice>;
  return (
    <section aria-label="Flows" className="flex h-full min-h-0 flex-col bg-surface">
      <Totals summary={summary} />
      <Group {...panes} className="min-h-0 flex-1">
        <Panel id="flows" minSize="20%" defaultSize="52%" className="flex min-h-0 flex-col">
          {flow === undefined ? (
            <Notice title="No conversation yet">
              Packets that match the filter are put together here: both directions, in one row.
            </Notice>
          ) : (
            <FlowTable
              flows={flows}
              names={book}
              baseUnixMs={baseUnixMs}
              ownerOf={ownerOf}
              sort={sort}
              onSort={(next) => useFlowsPlace.setState({ sort: next })}
              selected={selected}
              onSelect={select}
              onOpen={open.run}
            />
          )}
        </Panel>
        <Divider label="Height of the list of conversations" />
        <Panel id="flow-more" minSize="20%" defaultSize="48%">
          <Group {...more} className="h-full">
            {flow !== undefined && (
              <>
                <Panel id="flow" minSize="20%" defaultSize="44%">
                  <FlowDetail
                    flow={flow}
                    names={book}
                    baseUnixMs={baseUnixMs}
                    ownerOf={ownerOf}
                    connections={index}
                  />
                </Panel>
                <Divider label="Size of the conversation" />
              </>
            )}
            <Panel id="connections" minSize="20%" defaultSize="56%">
              <ConnectionsPane
                connections={connections}
                isCut={isCut}
                selected={own}
                span={summary}
                names={book}
                baseUnixMs={baseUnixMs}
                onSelect={selectOf}
              />
            </Panel>
          </Group>
        </Panel>
      </Group>
    </section>
  );
}

function Totals({ summary }: { readonly summary: FlowSummary }) {
  const { flows, count, packets: seen, copies, bytes, fromNs, toNs } = summary;
  return (
    <div className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-2 py-1">
      <h2 className="text-xs font-semibold">Flows</h2>
      <span className="text-soft" role="status" aria-live="off">
        {formatCount(count)} {count === 1 ? 'conversation' : 'conversations'}, {formatCount(seen)} packets,{' '}
        {formatBytes(bytes)} in {formatDuration(toNs - fromNs)}
      </span>
      {copies > 0 && (
        <span className="text-muted">
          and {formatCount(copies)} copies and parts of these, which are not counted
        </span>
      )}
      {flows.length < count && (
        <span className="text-muted">the newest {formatCount(flows.length)} are shown</span>
      )}
      {packets.forgotten > 0 && (
        <span className="text-muted">
          {formatCount(packets.forgotten)} older packets are no longer in the page
        </span>
      )}
    </div>
  );
}
