'use client';

import { Shuffle } from 'lucide-react';
import { useMemo } from 'react';
import { asNs } from '../../../core/base/units.ts';
import type { Flow, FlowSide } from '../../../core/model/aggregate/flows.ts';
import { formatBytes, formatClock, formatCount, formatDuration } from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { FlowSort } from '../../state/flows.ts';
import { cn } from '../../ui/cn.ts';
import { type MasterColumn, MasterTable } from '../../ui/MasterTable.tsx';
import { NetnsName } from '../../ui/Netns.tsx';
import { flowEnds, flowProtocol, roundTripText, sideNetns, TCP_STATES } from './text.ts';

interface FlowTableProps {
  readonly flows: readonly Flow[];
  readonly names: NameBook;
  readonly baseUnixMs: number;
  readonly ownerOf: (side: FlowSide) => string;
  readonly sort: FlowSort;
  readonly onSort: (sort: FlowSort) => void;
  readonly selected: number;
  readonly onSelect: (index: number) => void;
  readonly onOpen: () => void;
}

/** A row for each conversation; who began is on the left. */
export function FlowTable({
  flows,
  names,
  baseUnixMs,
  ownerOf,
  sort,
  onSort,
  selected,
  onSelect,
  onOpen,
}: FlowTableProps) {
  const columns = useMemo((): readonly MasterColumn<Flow, FlowSort>[] => [
    {
      label: 'Protocol', width: '7.6rem',
      cell: (flow) => (
        <>
          <span className="font-medium">{flowProtocol(flow)}</span>{' '}
          {flow.tcp !== undefined && (
            <span className="text-soft" title={TCP_STATES[flow.tcp].meaning}>{TCP_STATES[flow.tcp].word}</span>
          )}
        </>
      ),
    },
    {
      label: 'A, who began', width: 'minmax(11rem,1.2fr)',
      title: 'Who sent the SYN or the echo request; otherwise who was seen first',
      cell: (flow) => <End place={sideNetns(flow.a, names)} text={flowEnds(flow).source} />,
    },
    {
      label: 'B', width: 'minmax(11rem,1.2fr)',
      cell: (flow) => (
        <End place={sideNetns(flow.b, names)} text={flowEnds(flow).destination}>
          {flow.isTranslated && (
            <span title="Addresses or ports were translated on the way (NAT)" className="shrink-0 text-muted">
              <Shuffle size={10} aria-label="translated" />
            </span>
          )}
        </End>
      ),
    },
    {
      label: 'Packets', width: '4.4rem', isEnd: true, sort: 'packets', title: 'From A, and from B',
      cell: ({ a, b }) => <Both a={formatCount(a.packets)} b={formatCount(b.packets)} />,
    },
    {
      label: 'Bytes', width: '6.4rem', isEnd: true, sort: 'bytes', title: 'From A, and from B: lengths of the IP packets',
      cell: ({ a, b }) => <Both a={formatBytes(a.bytes)} b={formatBytes(b.bytes)} />,
    },
    {
      label: 'Drops', width: 'minmax(4rem,0.8fr)', sort: 'drops',
      title: 'By the kernel’s word; those of copies are in grey',
      cell: ({ drops, copyDrops }) =>
        drops.length > 0 ? (
          <span className="text-dropped" title={dropsText(drops, names)}>{dropsText(drops, names)}</span>
        ) : copyDrops.length > 0 ? (
          <span className="text-muted" title={`Of copies: ${dropsText(copyDrops, names)}`}>{dropsText(copyDrops, names)}</span>
        ) : (
          <span className="text-muted">–</span>
        ),
    },
    {
      label: 'Resent', width: '3.4rem', isEnd: true, sort: 'again', title: 'TCP retransmissions',
      cell: ({ a, b, tcp }) => (tcp === undefined ? '' : <Count value={a.retransmissions + b.retransmissions} />),
    },
    {
      label: 'RTT', width: '3.8rem', isEnd: true, sort: 'rtt',
      title: 'Round-trip time, where captured packets say it: SYN to SYN,ACK, echo request to reply',
      cell: (flow) => flow.roundTrip && (
        <span title={roundTripText(flow, flow.roundTrip)}>{formatDuration(flow.roundTrip.ns)}</span>
      ),
    },
    {
      label: 'Duration', width: '3.9rem', isEnd: true, sort: 'duration',
      cell: ({ firstNs, lastNs }) => <span className="text-soft">{formatDuration(lastNs - firstNs)}</span>,
    },
    {
      label: 'Last seen', width: '4rem', isEnd: true, sort: 'last',
      cell: ({ lastNs }) => <span className="text-soft">{formatClock(asNs(lastNs), baseUnixMs)}</span>,
    },
    {
      label: 'Processes', width: 'minmax(6rem,0.9fr)', title: 'Who sends on A’s side, and on B’s, where it is known',
      cell: ({ a, b }) => {
        const text = [ownerOf(a), ownerOf(b)].filter(Boolean).join(', ');
        return <span title={text}>{text}</span>;
      },
    },
  ], [names, baseUnixMs, ownerOf]); // biome-ignore format: a table
  return (
    <MasterTable
      label="Conversations"
      columns={columns}
      rows={flows}
      keyOf={keyOf}
      selected={selected}
      onSelect={onSelect}
      onOpen={onOpen}
      sort={{ by: sort, isDescending: true }}
      onSort={onSort}
      minWidth="70rem"
    />
  );
}

const keyOf = ({ key }: Flow): string => key;

export const dropsText = (drops: Flow['drops'], names: NameBook): string =>
  drops.map(({ reason, count }) => `${formatCount(count)} ${names.reasonName(reason)}`).join(', ');

function End({
  place,
  text,
  children,
}: {
  readonly place: string;
  readonly text: string;
  readonly children?: React.ReactNode;
}) {
  return (
    <span
      className="flex min-w-0 items-center gap-1.5"
      title={place === '' ? text : `${text}, first seen in ${place}`}
    >
      {place !== '' && <NetnsName name={place} />}
      <span className={cn('min-w-0 truncate', text === '' && 'text-muted')}>{text || 'no address'}</span>
      {children}
    </span>
  );
}

function Both({ a, b }: { readonly a: string; readonly b: string }) {
  return (
    <>
      {a} <span className="text-muted">/</span> {b}
    </>
  );
}

const Count = ({ value }: { readonly value: number }) => (
  <span className={value === 0 ? 'text-muted' : 'font-semibold'}>
    {value === 0 ? '–' : formatCount(value)}
  </span>
);
