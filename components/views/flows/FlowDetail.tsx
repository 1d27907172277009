'use client';

import { ListFilter, Route } from 'lucide-react';
import type { ReactNode } from 'react';
import { asNs } from '../../../core/base/units.ts';
import { flowDisplay, flowExpression } from '../../../core/model/aggregate/flow-filter.ts';
import type { Flow, FlowSide } from '../../../core/model/aggregate/flows.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatTime,
  rowEndpoints,
} from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { setDisplay } from '../../state/display.ts';
import { selectPacket } from '../../state/selection.ts';
import { showView } from '../../state/view.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { NetnsName } from '../../ui/Netns.tsx';
import { dropsText } from './FlowTable.tsx';
import {
  type ConnectionIndex,
  connectionOf,
  flowEnds,
  flowProtocol,
  roundTripText,
  sideNetns,
  TCP_STATES,
} from './text.ts';

/** The newest packet of a conversation in the list of packets. */
export function showNewest({ newest }: Flow): void {
  selectPacket(newest);
  showView('packets');
}

function showOnly(display: string): void {
  setDisplay(display);
  showView('packets');
}

interface FlowDetailProps {
  readonly flow: Flow;
  readonly names: NameBook;
  readonly baseUnixMs: number;
  readonly ownerOf: (side: FlowSide) => string;
  readonly connections: ConnectionIndex;
}

/** All that is known of one conversation, and how it is known. */
export function FlowDetail({ flow, names, baseUnixMs, ownerOf, connections }: FlowDetailProps) {
  const ends = flowEnds(flow);
  const expression = flowExpression(flow);
  const display = flowDisplay(flow);
  const copies = flow.a.copies + flow.b.copies;
  return (
    <section aria-label="The selected conversation" className="flex h-full min-h-0 flex-col bg-surface">
      <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-2 border-b border-line px-3 py-1">
        <h3 className="min-w-0 truncate text-xs">
          <span className="font-semibold">{flowProtocol(flow)}</span> {ends.source}
          {ends.destination !== '' && <span className="text-muted"> ↔ </span>}
          {ends.destination}
        </h3>
        <span className="ml-auto flex items-center">
          {display !== '' && (
            <Button
              look="quiet"
              title="Lists its packets, by the display filter"
              onClick={() => showOnly(display)}
            >
              <ListFilter size={12} aria-hidden /> Show in Packets
            </Button>
          )}
          {expression !== '' && (
            <CopyButton text={() => expression} what="the pcap filter of this conversation">
              Filter
            </CopyButton>
          )}
          <Button look="quiet" title="Its newest packet in the list (Enter)" onClick={() => showNewest(flow)}>
            <Route size={12} aria-hidden /> Newest packet
          </Button>
        </span>
      </header>
      <div
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        role="group"
        aria-label="Details of the conversation"
        className="min-h-0 flex-1 overflow-y-auto px-3 py-2 outline-offset-[-2px]"
      >
        <dl className="grid grid-cols-[5.6rem_minmax(0,1fr)] gap-x-3 gap-y-0.5">
          <Side
            name={flow.isAsker ? 'A, began' : 'A, seen first'}
            {...{ shown: ends.source, side: flow.a, names, ownerOf, connections }}
          />
          <Side name="B" {...{ shown: ends.destination, side: flow.b, names, ownerOf, connections }} />
          {copies > 0 && (
            <Line name="Copies">
              {formatCount(copies)} clones, segments or fragments, not counted above
              {flow.copyDrops.length > 0 && `; of these dropped: ${dropsText(flow.copyDrops, names)}`}
            </Line>
          )}
          {flow.drops.length > 0 && (
            <Line name="Drops">
              <span className="text-dropped">{dropsText(flow.drops, names)}</span>
            </Line>
          )}
          {flow.tcp !== undefined && (
            <Line name="TCP">
              {TCP_STATES[flow.tcp].word}: {TCP_STATES[flow.tcp].meaning}
            </Line>
          )}
          <Line name="Round trip">
            {flow.roundTrip === undefined ? (
              <span className="text-muted">
                no captured packets tell it: it takes a SYN or an echo request on its way out, and its only
                answer
              </span>
            ) : (
              <>
                {formatDuration(flow.roundTrip.ns)}{' '}
                <span className="text-muted">{roundTripText(flow, flow.roundTrip)}</span>
              </>
            )}
          </Line>
          <Line name="Seen">
            {formatTime(asNs(flow.firstNs), baseUnixMs)} to {formatTime(asNs(flow.lastNs), baseUnixMs)},{' '}
            {formatDuration(flow.lastNs - flow.firstNs)}
          </Line>
          {flow.isTranslated && (
            <Line name="Translated">
              addresses or ports were changed on the way; the directions were joined by what the packets
              became
            </Line>
          )}
        </dl>
        {expression !== '' && (
          <p className="mt-1.5">
            <code className="rounded-sm bg-sunken px-1.5 py-px font-mono text-2xs break-all text-text">
              {expression}
            </code>
          </p>
        )}
      </div>
    </section>
  );
}

function Side({
  name,
  shown,
  side,
  names,
  ownerOf,
  connections,
}: {
  readonly name: string;
  /** Its end as the conversation is called by. */
  readonly shown: string;
  readonly side: FlowSide;
  readonly names: NameBook;
  readonly ownerOf: (side: FlowSide) => string;
  readonly connections: ConnectionIndex;
}) {
  const place = sideNetns(side, names);
  const owner = ownerOf(side);
  const own = side.sample === undefined ? '' : rowEndpoints(side.sample).source;
  const connection = connectionOf(side, connections);
  if (side.netns === undefined) return <Line name={name}>nothing from this side was captured</Line>;
  return (
    <Line name={name}>
      <span className="flex flex-wrap items-center gap-x-2">
        {place !== '' && <NetnsName name={place} />}
        {own !== '' && own !== shown && <span>as {own}</span>}
        <span>
          {formatCount(side.packets)} {side.packets === 1 ? 'packet' : 'packets'}, {formatBytes(side.bytes)}
        </span>
        {side.retransmissions > 0 && (
          <span className="font-semibold">{formatCount(side.retransmissions)} sent again</span>
        )}
        <span className={owner === '' ? 'text-muted' : ''}>{owner === '' ? 'process not known' : owner}</span>
        {connection !== undefined && connection.last.srttUs > 0 && (
          <span className="text-muted">
            the kernel’s own round trip (smoothed): {formatDuration(connection.last.srttUs * 1000)}
          </span>
        )}
      </span>
    </Line>
  );
}

function Line({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 text-pretty">{children}</dd>
    </>
  );
}
