'use client';

import { Maximize, RotateCcw } from 'lucide-react';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { Group, Panel } from 'react-resizable-panels';
import type { Topology } from '../../../core/messages/topology.ts';
import { formatCount } from '../../../core/model/format.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { usePanes } from '../../state/panes.ts';
import { useSelection } from '../../state/selection.ts';
import { recordingOf, useSession } from '../../state/session.ts';
import { showInPackets } from '../../state/show.ts';
import { Button } from '../../ui/Button.tsx';
import { Divider } from '../../ui/Divider.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { useMedia } from '../../ui/useMedia.ts';
import type { Target } from './chart.ts';
import { buildGraph } from './graph.ts';
import { JourneyBar } from './JourneyBar.tsx';
import { layOutMap } from './layout.ts';
import { MapDetails } from './MapDetails.tsx';
import { MapTable } from './MapTable.tsx';
import { NetworkMap } from './NetworkMap.tsx';
import { forgetPlaces, keepPlaces, knownPlaces, movePlace } from './places.ts';
import { Sights } from './sights.ts';
import { targetTerm } from './term.ts';
import { useJourney } from './useJourney.ts';
import { NOW_SECONDS, type Span, useTraffic } from './useTraffic.ts';
import { Ways } from './ways.ts';

type Form = 'map' | 'table';
const FORMS = [
  { value: 'map', label: 'Map' },
  { value: 'table', label: 'Table' },
] as const;
const SPANS = [
  { value: 'now', label: `Last ${NOW_SECONDS} s` },
  { value: 'all', label: 'All shown' },
] as const;

const count = (packets: number): string => formatCount(packets);
const rate = (packets: number): string => {
  const perSecond = packets / NOW_SECONDS;
  return `${perSecond < 10 ? Number(perSecond.toFixed(1)) : formatCount(perSecond)}/s`;
};

/** The network as it is wired, with the packets on it. */
export function MapView() {
  const { book } = useNames();
  const topology = book.topology;
  return topology === undefined ? <NoTopology /> : <Network topology={topology} />;
}

function NoTopology() {
  const isThere = useSession((state) => state.snapshot?.source.phase === 'connected');
  const tool = useSession(({ snapshot }) => recordingOf(snapshot)?.hello.imported?.tool);
  if (tool !== undefined)
    return (
      <Notice title="How the network is wired is not told" level={2}>
        The capture of {tool} has the namespaces and interfaces that packets were in, and not how they are
        connected. Those are in Paths.
      </Notice>
    );
  return (
    <Notice
      title={isThere ? 'The source has not told how its network is wired' : 'There is no source yet'}
      level={2}
    >
      {isThere
        ? 'It takes a few seconds after the start. A source or a recording of an earlier version never tells it.'
        : 'The map is drawn when the agent or the lab has started.'}
    </Notice>
  );
}

function Network({ topology }: { readonly topology: Topology }) {
  const { book, version } = useNames();
  const [form, setForm] = useState<Form>(() => (matchMedia('(max-width: 640px)').matches ? 'table' : 'map'));
  const [span, setSpan] = useState<Span>('all');
  const [moves, setMoves] = useState(0);
  const [target, setTarget] = useState<Target>();
  const [opened, setOpened] = useState<{ readonly droppedOnly: boolean }>();
  const packet = useSelection((state) => state.packet);
  // control groups may be told after the topology
  const titles = topology.namespaces
    .map(({ cgroup }) => (cgroup === 0 ? '' : (book.cgroup(cgroup)?.name ?? '')))
    .join('\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the titles stand for the control groups' names
  const graph = useMemo(() => buildGraph(topology, book), [topology, book, titles]);
  const ways = useMemo(() => new Ways(graph), [graph]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the names
  const sights = useMemo(() => new Sights(graph, book), [graph, book, version]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a move is in the places that are known
  const layout = useMemo(() => layOutMap(graph, knownPlaces()), [graph, moves]);
  useEffect(() => keepPlaces(layout.places), [layout]);
  const traffic = useTraffic(sights, span);
  const journey = useJourney(layout, ways);
  const text = span === 'now' ? rate : count;
  const { within } = traffic;
  const figures = useMemo(() => ({ traffic, text }), [traffic, text]);

  const open = useCallback((wanted: Target, droppedOnly: boolean) => {
    setTarget(wanted);
    setOpened({ droppedOnly });
  }, []);
  const close = useCallback(() => {
    setOpened(undefined);
    if (opened === undefined) setTarget(undefined);
    if (opened === undefined && target === undefined) journey.close();
  }, [opened, target, journey]);
  const term = target && targetTerm(target, graph, opened?.droppedOnly ?? false, book);
  useEffect(
    () =>
      commands.register([
        {
          id: 'map.close',
          title: 'Close the details, let go of the packet',
          group: 'Map',
          keys: [{ key: 'Escape' }],
          run: close,
        },
        {
          id: 'map.show',
          title: 'Show the packets of what is selected in Packets',
          group: 'Map',
          keys: [{ key: 'v' }],
          enabled: () => term !== undefined,
          run: () => term !== undefined && showInPackets(term, within),
        },
      ]),
    [close, term, within],
  );
  const reset = () => {
    forgetPlaces();
    setMoves(moves + 1);
  };
  const hasRoom = useMedia('(min-width: 768px)');
  const details = target !== undefined && opened !== undefined && (
    <MapDetails
      graph={graph}
      sights={sights}
      target={target}
      droppedOnly={opened.droppedOnly}
      onDroppedOnly={(droppedOnly) => setOpened({ droppedOnly })}
      text={text}
      traffic={traffic}
      onTarget={setTarget}
      onClose={() => setOpened(undefined)}
    />
  );
  const isBeside = details !== false && hasRoom;
  const panes = usePanes('map', 'horizontal', isBeside ? ['map-drawing', 'map-details'] : ['map-drawing']);
  const { regions, nodes, beyond } = graph;
  const left = beyond.namespaces + beyond.links;
  return (
    <section aria-label="Map" className="relative flex h-full min-h-0 flex-col bg-surface">
      <div className="flex h-9 shrink-0 items-center gap-2 overflow-x-auto border-b border-line px-2 max-sm:h-11">
        <h2 className="text-xs font-semibold">Map</h2>
        <span className="whitespace-nowrap text-muted max-sm:hidden">
          {formatCount(regions.length)} {regions.length === 1 ? 'namespace' : 'namespaces'},{' '}
          {formatCount(nodes.size)} interfaces
          {left > 0 &&
            `, and ${formatCount(beyond.namespaces)} namespaces and ${formatCount(beyond.links)} interfaces beyond what is told`}
        </span>
        <Segmented label="Form" value={form} onValue={setForm} options={FORMS} className="ml-auto" />
        <Segmented label="Packets that are counted" value={span} onValue={setSpan} options={SPANS} />
        {form === 'map' && (
          <>
            <Button
              square
              aria-label="Fit the whole network"
              title="Fit (F)"
              onClick={() => commands.all.find(({ id }) => id === 'map.fit')?.run()}
            >
              <Maximize size={13} aria-hidden />
            </Button>
            <Button
              square
              aria-label="Lay the map out anew"
              title="Lay out anew: moved regions go back"
              onClick={reset}
            >
              <RotateCcw size={13} aria-hidden />
            </Button>
          </>
        )}
      </div>
      {packet !== 0 && <JourneyBar journey={journey} graph={graph} />}
      <div className="relative min-h-0 flex-1">
        <Group {...panes} className="h-full">
          <Panel
            id="map-drawing"
            minSize="30%"
            defaultSize={isBeside ? '74%' : '100%'}
            className="flex min-h-0"
          >
            {form === 'map' ? (
              <NetworkMap
                layout={layout}
                figures={figures}
                journey={journey}
                target={target}
                onTarget={setTarget}
                onOpen={open}
                onMove={(key, x, y) => {
                  movePlace(key, { x, y });
                  setMoves(moves + 1);
                }}
              />
            ) : (
              <MapTable graph={graph} traffic={traffic} text={text} target={target} onOpen={open} />
            )}
          </Panel>
          {isBeside && (
            <>
              <Divider label="Size of the details" />
              <Panel id="map-details" minSize="15%" defaultSize="26%" className="flex min-h-0">
                {details}
              </Panel>
            </>
          )}
        </Group>
        {!hasRoom && details}
      </div>
      <p className="shrink-0 truncate border-t border-line px-3 py-1 text-2xs text-muted max-sm:hidden">
        Numbers are packets that were seen there at any hop, on a wire those seen at both of its ends, at a
        bridge also those at its ports; <span className="text-dropped">✕</span> counts those that the kernel
        dropped there.
        {traffic.endsOnly > 0 &&
          ` Of ${formatCount(traffic.endsOnly)} only the first and the last place are known.`}
      </p>
    </section>
  );
}
