'use client';

import { cn } from '../../ui/cn.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import type { Target } from './chart.ts';
import { stateText } from './details.ts';
import type { MapGraph, MapNode } from './graph.ts';
import type { Traffic } from './traffic.ts';

const HEADINGS = ['Interface', 'Kind', 'State', 'Addresses', 'Joined to', 'Packets', 'Dropped'] as const;

/** The same as the map, as a table: every interface by namespace. */
export function MapTable({
  graph,
  traffic,
  text,
  target,
  onOpen,
}: {
  readonly graph: MapGraph;
  readonly traffic: Traffic;
  readonly text: (packets: number) => string;
  readonly target: Target | undefined;
  readonly onOpen: (target: Target, droppedOnly: boolean) => void;
}) {
  return (
    <div
      className="h-full min-h-0 min-w-0 flex-1 overflow-auto outline-offset-[-2px]"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      role="group"
      aria-label="Interfaces"
    >
      <table className="w-full min-w-[44rem] border-collapse text-left">
        <thead className="sticky top-0 bg-raised text-2xs text-muted">
          <tr className="h-6">
            {HEADINGS.map((heading) => (
              <th
                key={heading}
                scope="col"
                className={cn('px-2 font-normal', isNumber(heading) && 'text-right')}
              >
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        {graph.regions.map((region) => (
          <tbody key={region.inode}>
            <tr className="h-7 border-y border-line bg-raised">
              <th scope="rowgroup" colSpan={HEADINGS.length} className="px-2 text-left font-semibold">
                <button
                  type="button"
                  className="inline-flex items-center gap-2 hover:underline"
                  onClick={() => onOpen({ kind: 'region', inode: region.inode }, false)}
                >
                  <NetnsName name={region.name} />
                  {region.title !== region.name && (
                    <span className="font-normal text-muted">{region.title}</span>
                  )}
                  {region.problem !== '' && (
                    <span className="font-normal text-lost">not all is known: {region.problem}</span>
                  )}
                </button>
              </th>
            </tr>
            {region.nodes.length === 0 && (
              <tr className="h-6">
                <td colSpan={HEADINGS.length} className="px-2 text-muted">
                  no interface but loopback
                </td>
              </tr>
            )}
            {region.nodes.map((node) => {
              const count = traffic.counts.get(node.key);
              const isPicked = target?.kind === 'node' && target.key === node.key;
              return (
                <tr key={node.key} className={cn('h-6', isPicked ? 'bg-selected' : 'hover:bg-hover')}>
                  <th scope="row" className="px-2 text-left font-medium">
                    <button
                      type="button"
                      className="hover:underline"
                      onClick={() => onOpen({ kind: 'node', key: node.key }, false)}
                    >
                      {node.link.name}
                    </button>
                  </th>
                  <td className="px-2 text-soft">{`${node.link.kind} ${node.link.tag}`.trim()}</td>
                  <td className={cn('px-2', stateText(node.link) === 'up' ? 'text-soft' : 'text-muted')}>
                    {stateText(node.link)}
                  </td>
                  <td className="max-w-64 truncate px-2 text-soft" title={node.link.addresses.join(', ')}>
                    {node.link.addresses.join(', ')}
                  </td>
                  <td className="px-2 text-soft">{joinedTo(node, graph)}</td>
                  <td className="px-2 text-right text-soft">
                    {count === undefined || count.packets === 0 ? '' : text(count.packets)}
                  </td>
                  <td className="px-2 text-right">
                    {count !== undefined && count.dropped > 0 && (
                      <button
                        type="button"
                        className="font-medium text-dropped hover:underline"
                        title="Show these packets"
                        onClick={() => onOpen({ kind: 'node', key: node.key }, true)}
                      >
                        {text(count.dropped)}
                      </button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        ))}
      </table>
    </div>
  );
}

const isNumber = (heading: string): boolean => heading === 'Packets' || heading === 'Dropped';

function joinedTo(node: MapNode, graph: MapGraph): string {
  return graph.joints
    .flatMap(({ from, to, kind }) => {
      const other = from === node ? to : to === node ? from : undefined;
      if (other === undefined || (kind === 'port' && to === node)) return [];
      return [other.region === node.region ? other.link.name : `${other.link.name} of ${other.region.title}`];
    })
    .join(', ');
}
