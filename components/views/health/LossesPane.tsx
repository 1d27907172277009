'use client';

import { useMemo } from 'react';
import { formatCount } from '../../../core/model/format.ts';
import { CAUSE_TEXTS, LOSS_CAUSES } from '../../../core/model/losses/causes.ts';
import type { LossTimeline } from '../../../core/model/losses/history.ts';
import { LossChart } from './LossChart.tsx';
import { FindingMark } from './marks.tsx';
import { clock } from './time.ts';

interface LossesPaneProps {
  readonly report: LossTimeline | undefined;
  /** Not we recorded it, but this tool. */
  readonly tool?: string | undefined;
  /** Packets that this page has let go, and row updates that it was not sent: its own, so not in the chart. */
  readonly forgottenRows: number;
  readonly shedRows: number;
}

/** What we failed to record, over time and by cause; never what the kernel dropped. */
export function LossesPane({ report, tool, forgottenRows, shedRows }: LossesPaneProps) {
  const lost = useMemo(() => report?.series.filter(({ cause }) => CAUSE_TEXTS[cause].isLoss) ?? [], [report]);
  const passed = report?.series.filter(({ cause }) => !CAUSE_TEXTS[cause].isLoss) ?? [];
  const none = LOSS_CAUSES.filter(
    (cause) => CAUSE_TEXTS[cause].isLoss && !lost.some((one) => one.cause === cause),
  );
  return (
    <section aria-label="Losses" className="px-3 py-2 text-xs">
      <h2 className="mb-1 font-semibold">
        Losses <span className="font-normal text-soft">events that we failed to record, by cause</span>
      </h2>
      {report === undefined || report.fromUnixMs === 0 ? (
        <p className="text-muted">
          {tool === undefined ? 'Not told yet.' : `Not told: the capture of ${tool} does not say what was lost.`}
        </p>
      ) : lost.length === 0 ? (
        <p className="flex flex-wrap items-baseline gap-x-2">
          <FindingMark state="ok" label="Nothing was lost" />
          <span className="text-soft">
            from {clock(report.fromUnixMs)}, when the capture began, to {clock(report.toUnixMs)}.
          </span>
        </p>
      ) : (
        <LossChart report={report} series={lost} />
      )}
      {report !== undefined && (lost.length > 0 || passed.length > 0) && (
        <table className="mt-1 w-full">
          <caption className="sr-only">Losses by cause, since the capture began</caption>
          <thead className="text-2xs text-muted">
            <tr>
              <th scope="col" className="text-left font-normal">Cause</th>
              <th scope="col" className="text-right font-normal">Total</th>
              <th scope="col" className="w-16 text-right font-normal">Last told</th>
            </tr>
          </thead>
          <tbody>
            {[...lost, ...passed].map(({ cause, total, lastUnixMs }) => {
              const { where, unit, meaning, advice, isLoss } = CAUSE_TEXTS[cause];
              return (
                <tr key={cause} data-cause={cause} className="align-top">
                  <th scope="row" className="py-1 pr-3 text-left font-medium">
                    {where} {!isLoss && <span className="font-normal text-muted">not lost</span>}
                    <div className="font-normal text-pretty text-soft">
                      {meaning} <Advice text={advice} />
                    </div>
                  </th>
                  <td className="py-1 text-right whitespace-nowrap">{formatCount(total)} {unit}</td>
                  <td className="py-1 text-right text-soft">{clock(lastUnixMs)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {lost.length > 0 && none.length > 0 && (
        <p className="mt-1 text-muted">
          Nothing was lost by: {none.map((cause) => CAUSE_TEXTS[cause].where.toLowerCase()).join(', ')}.
        </p>
      )}
      <p className="mt-1 text-soft">{pageText(forgottenRows, shedRows)}</p>
    </section>
  ); // biome-ignore format: a table
}

/** What can be given on the command line stays in one piece. */
function Advice({ text }: { readonly text: string }) {
  return text.split(/(--[\w-]+\w)/).map((part) =>
    part.startsWith('--') ? (
      <code key={part} className="font-mono whitespace-nowrap">
        {part}
      </code>
    ) : (
      part
    ),
  );
}

function pageText(forgottenRows: number, shedRows: number): string {
  const parts = [
    ...(forgottenRows > 0
      ? [`has let ${formatCount(forgottenRows)} of its oldest packets go to stay quick`]
      : []),
    ...(shedRows > 0
      ? [`was not sent ${formatCount(shedRows)} row updates while it was busy; the latest state followed`]
      : []),
  ];
  return parts.length === 0
    ? 'This page has every row that the server sent.'
    : `This page ${parts.join(', and ')}.`;
}
