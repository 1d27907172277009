import type { Changed, Comparison } from '../../../core/model/compare/compare.ts';
import type { VerdictName } from '../../../core/model/packet.ts';
import type { SideKey } from '../../state/compare.ts';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import { Change, CountLink } from './Cells.tsx';
import { causeLink, verdictLink } from './links.ts';
import { type CompareColumn, ComparePanel, CompareTable } from './Table.tsx';

interface EndingsProps {
  readonly names: Readonly<Record<SideKey, string>>;
  readonly comparison: Comparison;
}

type Cause = Comparison['causes'][number];

/** How packets ended, and why the kernel dropped them. */
export function Endings({ names, comparison: { verdicts, causes } }: EndingsProps) {
  const verdictColumns: readonly CompareColumn<Changed<VerdictName>>[] = [
    { label: 'Verdict', cell: ({ what }) => <VerdictBadge verdict={what} /> },
    ...counts<Changed<VerdictName>>(
      ({ what }, side) => verdictLink(names[side], what),
      ({ what }) => what === 'dropped',
    ),
  ];
  const causeColumns: readonly CompareColumn<Cause>[] = [
    {
      label: 'Reason and function',
      cell: ({ what: { reason, func } }) => (
        <>
          <span className="font-medium break-words text-dropped">{reason}</span>{' '}
          <span className="break-words text-soft">{func}</span>
        </>
      ),
    },
    ...counts<Cause>(
      ({ what }, side) => causeLink(names[side], what),
      () => true,
    ),
  ];
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[2fr_3fr]">
      <ComparePanel title="Verdicts" about="of all packets of each">
        <CompareTable
          label="Verdicts"
          columns={verdictColumns}
          rows={verdicts.filter(({ a, b }) => a.count + b.count > 0)}
          keyOf={({ what }) => what}
          empty="Neither has a packet."
        />
      </ComparePanel>
      <ComparePanel title="Drops" about="by cause, those that changed most first">
        <CompareTable
          label="Drops"
          columns={causeColumns}
          rows={causes}
          keyOf={({ what: { reason, func } }) => `${reason} ${func}`}
          empty="Neither dropped a packet."
        />
      </ComparePanel>
    </div>
  );
}

function counts<T extends Changed<unknown>>(
  href: (row: T, side: SideKey) => string,
  isBad: (row: T) => boolean,
): readonly CompareColumn<T>[] {
  return [
    {
      label: 'A',
      title: 'Share of the packets of A, and how many',
      isEnd: true,
      cell: (row) => <CountLink of={row.a} href={href(row, 'a')} />,
    },
    {
      label: 'B',
      title: 'Share of the packets of B, and how many',
      isEnd: true,
      cell: (row) => <CountLink of={row.b} href={href(row, 'b')} />,
    },
    {
      label: 'Points',
      title: 'From A to B, in points of a hundred of the packets',
      isEnd: true,
      cell: (row) => <Change a={row.a} b={row.b} isBad={isBad(row)} />,
    },
  ];
}
