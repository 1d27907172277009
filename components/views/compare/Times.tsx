import type { ChangedTime } from '../../../core/model/compare/compare.ts';
import type { Side } from '../../../core/model/compare/side.ts';
import { formatCount } from '../../../core/model/format.ts';
import { isWait } from '../../../core/model/latency/places.ts';
import { SIDE_KEYS, type SideKey } from '../../state/compare.ts';
import { timeLink } from './links.ts';
import { TimePair } from './Paths.tsx';
import { type CompareColumn, ComparePanel, CompareTable } from './Table.tsx';

interface TimesProps {
  readonly names: Readonly<Record<SideKey, string>>;
  readonly times: readonly ChangedTime[];
  readonly a: Side;
  readonly b: Side;
}

/** Where packets spent their time. */
export function Times({ names, times, a, b }: TimesProps) {
  const columns: readonly CompareColumn<ChangedTime>[] = [
    {
      label: 'Stage',
      className: 'w-full',
      cell: ({ place }) => (
        <>
          <span className="font-medium">{place}</span>
          {isWait(place) && <span className="text-muted"> waiting</span>}
        </>
      ),
    },
    {
      label: 'Per packet',
      title: 'All time there, for each packet that was measured, in A and in B',
      isEnd: true,
      cell: ({ aPacketNs, bPacketNs }) => <TimePair a={aPacketNs || undefined} b={bPacketNs || undefined} />,
    },
    {
      label: 'p50',
      isEnd: true,
      className: 'max-sm:hidden',
      cell: (row) => <TimePair a={row.a?.p50Ns} b={row.b?.p50Ns} />,
    },
    {
      label: 'p99',
      isEnd: true,
      className: 'max-sm:hidden',
      cell: (row) => <TimePair a={row.a?.p99Ns} b={row.b?.p99Ns} />,
    },
    ...SIDE_KEYS.map((side): CompareColumn<ChangedTime> => {
      const letter = side === 'a' ? 'A' : 'B';
      return {
        label: `Times in ${letter}`,
        title: 'How often packets were there: leads to when, and how long',
        isEnd: true,
        className: 'max-lg:hidden',
        cell: ({ place, [side]: time }) =>
          time === undefined ? (
            <span className="text-muted">–</span>
          ) : (
            <a href={timeLink(names[side], place)} className="underline-offset-2 hover:underline">
              {formatCount(time.count)}
            </a>
          ),
      };
    }),
  ];
  const whole =
    a.whole === undefined || b.whole === undefined ? undefined : (
      <>
        whole packet p50 <TimePair a={a.whole.p50Ns} b={b.whole.p50Ns} />
      </>
    );
  return (
    <ComparePanel
      title="Times"
      about="by stage, those that changed most for each packet first"
      action={whole}
    >
      <CompareTable
        label="Times"
        columns={columns}
        rows={times}
        keyOf={({ place }) => place}
        empty="Neither has a packet with two hops."
      />
    </ComparePanel>
  );
}
