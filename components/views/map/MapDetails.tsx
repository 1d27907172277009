'use client';

import { ArrowRight, Filter, ListFilter, X } from 'lucide-react';
import { asNetnsInode } from '../../../core/base/units.ts';
import { formatTime, protocolName, rowEndpoints, verdictName } from '../../../core/model/format.ts';
import { writeDraft } from '../../state/draft.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { visible } from '../../state/packets/visible.ts';
import { prefer } from '../../state/preferences.ts';
import { selectPacket, useSelection } from '../../state/selection.ts';
import { useSession } from '../../state/session.ts';
import { showInPackets } from '../../state/show.ts';
import { Button } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';
import { VerdictIcon } from '../../ui/Verdict.tsx';
import type { Target } from './chart.ts';
import { jointLines, type Line, nodeLines, regionLines } from './details.ts';
import type { MapGraph, MapNode, Region } from './graph.ts';
import { netnsKey, type Sights } from './sights.ts';
import { targetTerm } from './term.ts';
import { packetsAt, type Traffic } from './traffic.ts';
import { NOW_SECONDS } from './useTraffic.ts';

/** The newest packets of a place that are listed. */
const SHOWN = 50;

interface MapDetailsProps {
  readonly graph: MapGraph;
  readonly sights: Sights;
  readonly target: Target;
  readonly droppedOnly: boolean;
  readonly onDroppedOnly: (droppedOnly: boolean) => void;
  /** What is written of a number of packets: a count, or a rate. */
  readonly text: (packets: number) => string;
  readonly traffic: Traffic;
  readonly onTarget: (target: Target) => void;
  readonly onClose: () => void;
}

interface About {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly key: string;
  readonly place: { readonly region: Region; readonly node: MapNode | undefined } | undefined;
  readonly ends: readonly MapNode[];
}

/** All about an interface, a wire or a namespace: what it is, what went through it, and the packets themselves. */
export function MapDetails({
  graph,
  sights,
  target,
  droppedOnly,
  onDroppedOnly,
  text,
  traffic,
  onTarget,
  onClose,
}: MapDetailsProps) {
  const book = useNames((state) => state.book);
  const about = aboutOf(target, graph);
  if (about === undefined) return null;
  const { counts, within } = traffic;
  const count = counts.get(about.key);
  const term = targetTerm(target, graph, droppedOnly, book);
  return (
    <aside
      aria-label={`Details of ${about.title}`}
      className="flex min-w-0 flex-1 flex-col border-line-strong bg-surface max-md:absolute max-md:inset-x-0 max-md:bottom-0 max-md:max-h-[55%] max-md:border-t"
    >
      <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line px-3">
        <h3 className="min-w-0 truncate text-xs font-semibold">{about.title}</h3>
        <Button look="quiet" square className="ml-auto" aria-label="Close the details" onClick={onClose}>
          <X size={13} aria-hidden />
        </Button>
      </div>
      <div
        className="min-h-0 flex-1 overflow-y-auto outline-offset-[-2px]"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        role="group"
        aria-label="What is known"
      >
        <dl className="grid grid-cols-[6rem_1fr] gap-x-2 gap-y-0.5 px-3 py-2">
          {about.lines.map(([name, value]) => (
            <LineView key={name} name={name} value={value} />
          ))}
          <LineView name="Packets" value={text(count?.packets ?? 0)} />
          {target.kind !== 'joint' && (
            <LineView
              name="Dropped here"
              value={text(count?.dropped ?? 0)}
              isBad={(count?.dropped ?? 0) > 0}
            />
          )}
        </dl>
        <div className="flex flex-wrap gap-2 px-3 pb-2">
          <Button
            disabled={term === undefined}
            title={
              term === undefined
                ? 'It has too many ports for a display filter'
                : `Lists ${droppedOnly ? 'those that were dropped here' : 'the packets that went through it'} by the display filter${within === null ? '' : `, of the last ${NOW_SECONDS} s by the range of time`} (v)`
            }
            onClick={() => term !== undefined && showInPackets(term, within)}
          >
            <ListFilter size={12} aria-hidden />
            Show in Packets
          </Button>
          {about.ends.map((end) => (
            <Button key={end.key} onClick={() => onTarget({ kind: 'node', key: end.key })}>
              <ArrowRight size={12} aria-hidden />
              {end.link.name} of {end.region.title}
            </Button>
          ))}
          {about.place !== undefined && (
            <Button
              onClick={() => captureOnly(about.place)}
              title="Writes it into the filter above; Apply puts it in force"
            >
              <Filter size={12} aria-hidden />
              Filter the capture by it
            </Button>
          )}
        </div>
        <PacketsHere
          sights={sights}
          wantedKey={about.key}
          droppedOnly={droppedOnly}
          onDroppedOnly={target.kind === 'joint' ? undefined : onDroppedOnly}
        />
      </div>
    </aside>
  );
}

function LineView({
  name,
  value,
  isBad = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly isBad?: boolean;
}) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className={cn('break-words', isBad && 'font-medium text-dropped')}>{value}</dd>
    </>
  );
}

/** The newest packets of a place; a click draws the packet's way. */
function PacketsHere({
  sights,
  wantedKey,
  droppedOnly,
  onDroppedOnly,
}: {
  readonly sights: Sights;
  readonly wantedKey: string;
  readonly droppedOnly: boolean;
  readonly onDroppedOnly: ((droppedOnly: boolean) => void) | undefined;
}) {
  const selected = useSelection((state) => state.packet);
  const baseUnixMs = useSession((state) => state.baseUnixMs);
  const book = useNames((state) => state.book);
  // counted anew with the figures twice a second, which draw this again
  const ids = packetsAt(packets, visible.rows(), sights, { key: wantedKey, droppedOnly }, SHOWN);
  return (
    <section
      aria-label={droppedOnly ? 'Packets dropped here' : 'Packets here'}
      className="border-t border-line"
    >
      <div className="flex h-8 items-center gap-2 px-3">
        <h4 className="text-2xs text-muted">
          {droppedOnly ? 'Dropped here' : 'Packets here'}, newest first
          {ids.length === SHOWN ? `, ${SHOWN} of them` : ''}
        </h4>
        {onDroppedOnly !== undefined && (
          <Button
            look="quiet"
            className="ml-auto"
            aria-pressed={droppedOnly}
            onClick={() => onDroppedOnly(!droppedOnly)}
          >
            {droppedOnly ? 'Show all' : 'Only dropped'}
          </Button>
        )}
      </div>
      {ids.length === 0 && <p className="px-3 pb-3 text-muted">None of the packets that are shown.</p>}
      <ul>
        {ids.map((id) => {
          const row = packets.row(packets.indexOf(id));
          if (row === undefined) return null;
          const { source, destination } = rowEndpoints(row);
          const verdict = verdictName(row.verdict);
          return (
            <li key={id}>
              <button
                type="button"
                aria-pressed={id === selected}
                title={`Packet ${id}, ${formatTime(row.firstNs, baseUnixMs)}, first seen in ${book.netnsName(asNetnsInode(row.firstNetns))}`}
                onClick={() => selectPacket(id)}
                className={cn(
                  'flex h-6 w-full items-center gap-1.5 px-3 text-left max-sm:h-9',
                  id === selected ? 'bg-selected' : 'hover:bg-hover',
                )}
              >
                <VerdictIcon verdict={verdict} />
                <span className="shrink-0 font-medium">{protocolName(row)}</span>
                <span className="min-w-0 truncate text-soft">
                  {source} → {destination}
                </span>
                {verdict === 'dropped' && (
                  <span className="ml-auto shrink-0 text-dropped">{book.reasonName(row.reason)}</span>
                )}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function aboutOf(target: Target, graph: MapGraph): About | undefined {
  if (target.kind === 'region') {
    const region = graph.regions.find(({ inode }) => inode === target.inode);
    if (region === undefined) return undefined;
    return {
      title: `Namespace ${region.title}`,
      lines: regionLines(region),
      key: netnsKey(region.inode),
      place: { region, node: undefined },
      ends: [],
    };
  }
  if (target.kind === 'joint') {
    const joint = graph.joints.find(({ key }) => key === target.key);
    if (joint === undefined) return undefined;
    return {
      title: `${joint.from.link.name} – ${joint.to.link.name}`,
      lines: jointLines(joint),
      key: joint.key,
      place: undefined,
      ends: [joint.from, joint.to],
    };
  }
  const node = graph.nodes.get(target.key);
  if (node === undefined) return undefined;
  const { link, region } = node;
  const far = link.far === undefined ? undefined : graph.nodes.get(`${link.far.netns}/${link.far.ifindex}`);
  return {
    title: `${link.name} of ${region.title}`,
    lines: nodeLines(node, graph),
    key: node.key,
    place: { region, node },
    ends: far === undefined ? [] : [far],
  };
}

/** Fills the filter's draft; the person puts it in force. */
function captureOnly(place: About['place']): void {
  if (place === undefined) return;
  writeDraft({ netns: String(place.region.inode), interface: place.node?.link.name ?? '' });
  prefer({ formOpen: true });
}
