'use client';

import { ArrowRight, Copy, Shuffle } from 'lucide-react';
import type { ReactNode } from 'react';
import { asFuncId } from '../../../core/base/units.ts';
import type { RowTerms } from '../../../core/model/display/terms.ts';
import {
  formatCount,
  formatDuration,
  formatTime,
  tcpFlagsText,
  verdictName,
} from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import type { PacketRow } from '../../../core/model/packet.ts';
import { L4_KIND } from '../../../core/wire/layout.gen.ts';
import type { ColumnId } from '../../state/packets/listing.ts';
import type { SortKey } from '../../state/packets/order.ts';
import { NetnsName } from '../../ui/Netns.tsx';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import { type RowCells, rowCells } from './text.ts';

/** What a cell is made from. */
export interface CellFacts {
  readonly row: PacketRow;
  readonly cells: RowCells;
  readonly names: NameBook;
  readonly baseUnixMs: number;
  readonly originNs: number;
}

export interface Column {
  readonly label: string;
  /** For the chooser, where the label alone would not do. */
  readonly about?: string;
  /** Least width and share of what is left. */
  readonly rem: number;
  readonly share?: number;
  readonly sort?: SortKey;
  readonly end?: boolean;
  readonly isSoft?: boolean;
  /** What a click on the cell can filter by. */
  readonly terms?: readonly (keyof RowTerms)[];
  text(facts: CellFacts): string;
  title?(facts: CellFacts): string;
  draw?(facts: CellFacts): ReactNode;
}

const hasPorts = ({ l4Kind }: PacketRow) =>
  l4Kind === L4_KIND.tcp || l4Kind === L4_KIND.udp || l4Kind === L4_KIND.sctp;

const interfaces = ({ row, names }: CellFacts): readonly string[] => {
  const all = [
    names.interfaceName(row.firstNetns, row.firstIfindex),
    names.interfaceName(row.lastNetns, row.lastIfindex),
  ];
  const isOne = all[0] === all[1] && row.firstNetns === row.lastNetns;
  return (isOne ? all.slice(0, 1) : all).filter((name) => name !== '');
};

function Steps({ names }: { readonly names: readonly ReactNode[] }) {
  return names.map((name, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: first and last
    <span key={i} className="inline-flex min-w-0 items-center gap-1">
      {i > 0 && <ArrowRight size={10} aria-label="to" className="shrink-0 text-muted" />}
      {name}
    </span>
  ));
}

const fromParent = ({ row }: CellFacts): string => (row.parent === 0 ? '' : `from ${row.parent}`);

export const COLUMNS: Readonly<Record<ColumnId, Column>> = {
  time: {
    label: 'Time', about: 'Time of first sight', rem: 6.6, sort: 'arrival', isSoft: true,
    text: ({ row, baseUnixMs }) => formatTime(row.firstNs, baseUnixMs),
  },
  offset: {
    label: 'Since start', about: 'Time since the session’s first packet', rem: 5.2, end: true, isSoft: true,
    text: ({ row, originNs }) => `${((row.firstNs - originNs) / 1e9).toFixed(6)} s`,
  },
  packet: { label: 'Packet', about: 'Number of the packet', rem: 4, end: true, isSoft: true, text: ({ row }) => String(row.packet) },
  netns: {
    label: 'Namespace', about: 'Namespace, first → last', rem: 5, share: 0.9, terms: ['namespaces'],
    text: ({ cells }) => cells.namespaces.join(' → '),
    draw: (facts) => (
      <>
        {facts.row.parent !== 0 && (
          <span title={`It came out of packet ${facts.row.parent}`} className="shrink-0 text-muted">
            <Copy size={10} aria-label="out of another packet" />
          </span>
        )}
        <Steps names={facts.cells.namespaces.map((name) => <NetnsName key={name} name={name} />)} />
      </>
    ),
  },
  interfaces: {
    label: 'Interface', about: 'Interface, first → last', rem: 6, share: 0.8, terms: ['interfaces'],
    text: (facts) => interfaces(facts).join(' → '),
    draw: (facts) => <Steps names={interfaces(facts).map((name) => <span key={name} className="truncate">{name}</span>)} />,
  },
  source: { label: 'Source', rem: 6, share: 1.1, terms: ['source'], text: ({ cells }) => cells.source },
  destination: {
    label: 'Destination', rem: 6, share: 1.1, terms: ['destination'],
    text: ({ cells }) => cells.destination,
    draw: ({ row, cells }) => (
      <>
        <span className="truncate">{cells.destination}</span>
        {row.translated && (
          <span title="Addresses or ports were translated on the way (NAT)" className="shrink-0 text-muted">
            <Shuffle size={10} aria-label="translated" />
          </span>
        )}
      </>
    ),
  },
  ports: {
    label: 'Ports', about: 'Source port → destination port', rem: 6.4, isSoft: true, terms: ['source', 'destination'],
    text: ({ row }) => (hasPorts(row) ? `${row.sport} → ${row.dport}` : ''),
  },
  protocol: {
    label: 'Protocol', about: 'Protocol and what the packet is', rem: 6, share: 1.3, terms: ['protocol', 'flow'],
    text: ({ cells }) => `${cells.protocol} ${cells.detail}`.trim(),
    draw: ({ cells }) => (
      <span className="truncate">
        <span className="font-medium">{cells.protocol}</span> <span className="text-soft">{cells.detail}</span>
      </span>
    ),
  },
  flags: {
    label: 'Flags', about: 'TCP flags', rem: 4.6, isSoft: true,
    text: ({ row }) => (row.l4Kind === L4_KIND.tcp ? tcpFlagsText(row.tcpFlags) : ''),
  },
  length: { label: 'Length', rem: 3, sort: 'length', end: true, isSoft: true, text: ({ row }) => formatCount(row.length) },
  hops: { label: 'Hops', rem: 2.4, sort: 'hops', end: true, isSoft: true, terms: ['path'], text: ({ row }) => String(row.hops) },
  duration: { label: 'Duration', about: 'From first to last sight', rem: 4.2, sort: 'duration', end: true, isSoft: true, text: ({ row }) => formatDuration(row.lastNs - row.firstNs) },
  func: {
    label: 'Last function', rem: 8, share: 1, isSoft: true, terms: ['func'],
    text: ({ row, names }) => (row.lastFunc === 0 ? '' : names.functionName(asFuncId(row.lastFunc))),
  },
  lineage: { label: 'Lineage', about: 'The packet that it came out of', rem: 5.4, isSoft: true, terms: ['parent'], text: fromParent },
  verdict: {
    label: 'Verdict', about: 'How it ended, and why', rem: 7, share: 1.3, sort: 'verdict', terms: ['verdict'],
    text: ({ cells }) => [cells.verdict, cells.reason].filter(Boolean).join(' '),
    title: ({ cells }) => cells.verdictTitle,
    draw: ({ row, cells }) => <VerdictBadge verdict={verdictName(row.verdict)} reason={cells.reason} />,
  },
}; // biome-ignore format: a table

/** `grid-template-columns` for heading and rows, and the width below which the list scrolls sideways. */
export function gridOf(columns: readonly ColumnId[]): {
  readonly template: string;
  readonly minWidth: string;
} {
  const chosen = columns.map((id) => COLUMNS[id]);
  return {
    template: chosen
      .map(({ rem, share }) => (share === undefined ? `${rem}rem` : `minmax(${rem}rem, ${share}fr)`))
      .join(' '),
    minWidth: `${chosen.reduce((sum, { rem }) => sum + rem, 1) + (chosen.length - 1) * 0.75}rem`,
  };
}

export function factsOf(row: PacketRow, names: NameBook, baseUnixMs: number, originNs: number): CellFacts {
  return { row, cells: rowCells(row, names), names, baseUnixMs, originNs };
}
