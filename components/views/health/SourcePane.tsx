'use client';

import type { ReactNode } from 'react';
import type { Keeping } from '../../../core/messages/keeping.ts';
import { tailText } from '../../../core/model/follow.ts';
import { formatBytes, formatCount } from '../../../core/model/format.ts';
import { sourceText } from '../../../core/model/source-text.ts';
import { useHealthStore } from '../../state/health.ts';
import { packets, ROWS_MAX } from '../../state/packets/store.ts';
import { recordingOf, situationOf, useSession } from '../../state/session.ts';
import { clock, dayAndClock, formatSpan } from './time.ts';

const CAPTURES = {
  idle: 'not capturing',
  starting: 'attaching probes',
  running: 'capturing',
  stopping: 'stopping',
  failed: 'failed',
} as const;

/** Where the events come from, how many, and how full what they pass through is. */
export function SourcePane() {
  const { link, snapshot, stats, baseUnixMs } = useSession();
  const report = useHealthStore((state) => state.report);
  const source = snapshot?.source;
  const hello = source?.phase === 'connected' ? source.hello : undefined;
  const recording = recordingOf(snapshot);
  const capture = snapshot?.capture;
  const kept = stats?.keeping;
  const spec = capture?.phase === 'running' ? capture.spec : undefined;
  const rings = capture?.phase === 'running' ? (capture.rings ?? 1) : 1;
  const situation = situationOf(link, snapshot);
  return (
    <section aria-label="Source" className="px-3 py-2 text-xs">
      <h2 className="mb-1 font-semibold">Source</h2>
      <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-2 gap-y-0.5">
        <Fact name="State">
          {recording
            ? `the ${hello?.imported === undefined ? 'recording' : 'file'} ${recording.name}, ${hello?.imported === undefined ? 'begun' : 'written'} ${dayAndClock(recording.createdUnixMs, new Date())}`
            : hello === undefined
              ? `not there${'note' in situation ? `: ${situation.note}` : ''}, ${CAPTURES[capture?.phase ?? 'idle']}`
              : `connected${report ? ` since ${clock(report.sourceSinceUnixMs)}` : ''}, ${CAPTURES[capture?.phase ?? 'idle']}`}
        </Fact>
        {hello?.imported !== undefined && (
          <>
            <Fact name="Captured by">{hello.imported.tool}</Fact>
            <Fact name="Host">{sourceText(hello)}</Fact>
            <Fact name="Read so">{hello.imported.note}</Fact>
          </>
        )}
        {hello !== undefined && hello.imported === undefined && (
          <>
            <Fact name={hello.kind === 'lab' ? 'Lab' : 'Host'}>
              {hello.hostname}, {hello.architecture}, {hello.cpus} {hello.cpus === 1 ? 'CPU' : 'CPUs'}
            </Fact>
            <Fact name="Kernel">Linux {hello.kernel}</Fact>
            <Fact name="Agent">
              pid {hello.agentPid}, began {dayAndClock(baseUnixMs, new Date())}
              {!recording && stats?.nowNs !== undefined && `, by its records’ clock ${formatSpan(stats.nowNs)} ago`}
            </Fact>
          </>
        )}
        {stats !== null && spec?.tail && (
          <Fact name="Told">
            {tailText(spec.tail)}: {formatCount(stats.tracer.told)} of {formatCount(stats.tracer.packets)} packets
            that were followed
          </Fact>
        )}
        {stats !== null && hello?.imported === undefined && (
          <Fact name={recording ? 'Events' : 'Rate'}>
            {!recording &&
              `${formatCount(stats.eventsPerSecond)} events/s, ${formatCount(stats.packetsPerSecond)} packets/s; `}
            {formatCount(stats.tracer.events)} events of {formatCount(stats.tracer.packets)} packets since the
            capture began
          </Fact>
        )}
      </dl>
      <table className="mt-2 w-full">
        <caption className="sr-only">What events pass through, and how full it is</caption>
        <thead className="text-2xs text-muted">
          <tr>
            <th scope="col" className="pr-2 text-left font-normal">Buffer</th>
            <th scope="col" className="pr-2 text-left font-normal">Used of</th>
            <th scope="col" className="w-24 text-left font-normal">Fill</th>
          </tr>
        </thead>
        <tbody>
          <Buffer name={rings > 1 ? 'Ring buffers' : 'Ring buffer'} limit={spec && `${rings > 1 ? `${rings} × ` : ''}${formatBytes(spec.ringBytes)}`} untold="fill is not told, its losses are" />
          <Buffer
            name="Tracked packets"
            used={stats?.tracer.tracked} limit={spec && formatCount(spec.trackedPackets)} of={spec?.trackedPackets}
          />
          <Buffer name="Stack table" limit={spec && formatCount(spec.stackTable)} untold="fill is not told, its losses are" />
          <Buffer
            name="Server backlog, batches"
            used={report?.backlog.waiting} limit={report && formatCount(report.backlog.limit)} of={report?.backlog.limit}
          />
          <Buffer
            name="Session memory"
            used={stats?.session.bytes} text={formatBytes}
            limit={stats ? formatBytes(stats.session.budgetBytes) : undefined} of={stats?.session.budgetBytes}
          />
          {kept?.phase === 'on' && (
            <Buffer name="Recordings on the disk" used={kept.bytes} text={formatBytes} limit={formatBytes(kept.limitBytes)} of={kept.limitBytes} />
          )}
          <Buffer name="Rows in this page" used={packets.size} limit={formatCount(ROWS_MAX)} of={ROWS_MAX} />
        </tbody>
      </table>
      {stats !== null && (
        <p className="mt-1 text-soft">
          {stats.session.evicted === 0
            ? 'The server has let no packet of the session go.'
            : `The server has let ${formatCount(stats.session.evicted)} of the oldest packets go.`}
        </p>
      )}
      {kept !== undefined && !recording && <Kept keeping={kept} />}
    </section>
  ); // biome-ignore format: a table
}

/** What becomes of the session when memory has no room for it, and when the server ends. */
function Kept({ keeping }: { readonly keeping: Keeping }) {
  if (keeping.phase === 'failed')
    return (
      <p className="mt-1 text-lost">
        No session is kept on the disk, the capture goes on in memory: {keeping.why}.
      </p>
    );
  if (keeping.phase === 'off')
    return <p className="mt-1 text-soft">No session is kept on the disk: {keeping.why}.</p>;
  const { folder, file, files, removed, indexFault } = keeping;
  return (
    <>
      <p className="mt-1 break-words text-soft">
        {file === '' ? 'The session is kept from its first packet on' : `The session is kept as ${file}`}, in{' '}
        {folder}
        {files > 0 && ` (${formatCount(files)} ${files === 1 ? 'recording' : 'recordings'})`}.
        {removed > 0 && ` ${formatCount(removed)} of the oldest gave way.`}
      </p>
      {indexFault !== undefined && (
        <p className="mt-1 text-lost">
          Its packets are not found there once memory has let them go: {indexFault}.
        </p>
      )}
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

function Buffer({
  name,
  used,
  limit,
  of,
  untold = 'not known',
  text = formatCount,
}: {
  readonly name: string;
  readonly used?: number | undefined;
  /** Undefined: not known, as when no capture runs. */
  readonly limit: string | undefined;
  readonly of?: number | undefined;
  readonly untold?: string;
  readonly text?: (value: number) => string;
}) {
  const share = used === undefined || of === undefined || of <= 0 ? undefined : Math.min(1, used / of);
  return (
    <tr className="h-5 align-middle">
      <th scope="row" className="pr-2 text-left font-normal text-soft">
        {name}
      </th>
      <td className="pr-2">
        {used === undefined || limit === undefined ? (
          <>
            {limit ?? '–'} <span className="text-muted">{limit === undefined ? 'not known' : untold}</span>
          </>
        ) : (
          `${text(used)} of ${limit}`
        )}
      </td>
      <td>
        {share !== undefined && (
          <span className="flex items-center gap-1.5">
            <span aria-hidden className="h-1.5 w-14 rounded-full bg-line">
              <span
                className={share > 0.8 ? 'block h-full rounded-full bg-lost' : 'block h-full rounded-full bg-muted'}
                style={{ width: `${100 * share}%` }}
              />
            </span>
            <span className="text-2xs text-soft">{share > 0 && share < 0.01 ? '<1' : Math.round(100 * share)} %</span>
          </span>
        )}
      </td>
    </tr>
  ); // biome-ignore format: short
}
