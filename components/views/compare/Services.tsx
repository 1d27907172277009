import { type ChangedService, counted } from '../../../core/model/compare/compare.ts';
import type { SideService } from '../../../core/model/compare/side.ts';
import { endpointText, formatCount } from '../../../core/model/format.ts';
import { SIDE_KEYS, type SideKey } from '../../state/compare.ts';
import { serviceLink } from './links.ts';
import { type CompareColumn, ComparePanel, CompareTable } from './Table.tsx';
import { shareText } from './text.ts';

interface ServicesProps {
  readonly names: Readonly<Record<SideKey, string>>;
  readonly services: readonly ChangedService[];
}

/** Whom packets were sent to, and who that was in one of both only. */
export function Services({ names, services }: ServicesProps) {
  const columns: readonly CompareColumn<ChangedService>[] = [
    {
      label: 'Service',
      className: 'w-full',
      cell: ({ what: { protocol, address, port }, a, b }) => (
        <span className="flex flex-wrap items-center gap-x-2">
          {(a === undefined || b === undefined) && (
            <span className="shrink-0 rounded-sm border border-focus px-1 text-2xs leading-4 text-link">
              only {a === undefined ? 'B' : 'A'}
            </span>
          )}
          <span className="break-words">
            {protocol} {endpointText(address, port === 0 ? undefined : port)}
          </span>
        </span>
      ),
    },
    ...SIDE_KEYS.map((side): CompareColumn<ChangedService> => {
      const letter = side === 'a' ? 'A' : 'B';
      return {
        label: letter,
        title: `Packets in ${letter}, both ways, and how many of them were dropped`,
        isEnd: true,
        cell: ({ what, [side]: of }) => <Traffic of={of} href={serviceLink(names[side], what)} />,
      };
    }),
  ];
  return (
    <ComparePanel title="Services" about="by whom packets were sent to: those that only one has first">
      <CompareTable
        label="Services"
        columns={columns}
        rows={services}
        keyOf={({ what: { protocol, address, port } }) => `${protocol} ${address} ${port}`}
        empty="Neither has an IP packet."
      />
    </ComparePanel>
  );
}

function Traffic({ of, href }: { readonly of: SideService | undefined; readonly href: string }) {
  if (of === undefined) return <span className="text-muted">–</span>;
  return (
    <a href={href} className="underline-offset-2 hover:underline">
      {formatCount(of.packets)}
      {of.dropped > 0 && (
        <span className="text-dropped max-sm:block">
          {' '}
          {shareText(counted(of.dropped, of.packets).share)} dropped
        </span>
      )}
    </a>
  );
}
