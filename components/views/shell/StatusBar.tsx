'use client';

import {
  CircleHelp,
  Download,
  FileOutput,
  Library,
  Moon,
  Snowflake,
  Sun,
  SunMoon,
  TriangleAlert,
} from 'lucide-react';
import { FROZEN_TOLD_MAX } from '../../../core/messages/freezing.ts';
import type { CaptureState } from '../../../core/messages/source.ts';
import { formatBytes, formatCount, formatDuration } from '../../../core/model/format.ts';
import { sourceText } from '../../../core/model/source-text.ts';
import { askExport } from '../../state/exports.ts';
import { openFreeze } from '../../state/freezing.ts';
import { lossReport } from '../../state/losses.ts';
import { packets } from '../../state/packets/store.ts';
import { prefer, THEMES, type Theme, usePreferences } from '../../state/preferences.ts';
import { SESSION_FILE } from '../../state/save.ts';
import { exportable, type Link, recordingOf, savedText, useIsLive, useSession } from '../../state/session.ts';
import { cn } from '../../ui/cn.ts';
import { Popover } from '../../ui/Popover.tsx';
import { triggersText } from '../freeze/text.ts';

const THEME_ICONS = { system: SunMoon, light: Sun, dark: Moon } as const;
const ITEM = 'inline-flex h-full items-center gap-1.5 px-2 whitespace-nowrap';

/** Source, probes, rates, losses, connection: one line that is always there. */
export function StatusBar({ onHelp }: { readonly onHelp: () => void }) {
  const { link, snapshot, stats } = useSession();
  const theme = usePreferences((state) => state.theme);
  const hello = snapshot?.source.phase === 'connected' ? snapshot.source.hello : undefined;
  const capture = snapshot?.capture;
  const isRecorded = !useIsLive();
  const ThemeIcon = THEME_ICONS[theme];
  return (
    <footer className="flex h-6 shrink-0 items-center overflow-hidden border-t border-line bg-raised text-2xs text-soft">
      <span className={ITEM} data-testid="connection">
        <Dot link={link} /> {connectionText(link)}
      </span>
      {hello !== undefined && (
        <span
          className={ITEM}
          title={hello.imported === undefined ? `${hello.hostname}, ${hello.cpus} CPUs` : hello.imported.note}
          data-agent-pid={hello.agentPid}
        >
          {hello.imported === undefined ? (
            <>
              <b className="font-medium text-text">{hello.kind === 'lab' ? 'Lab' : hello.hostname}</b> Linux{' '}
              {hello.kernel}
            </>
          ) : (
            sourceText(hello)
          )}
        </span>
      )}
      <span className={cn(ITEM, captureText(capture, isRecorded) === '' && 'hidden')} role="status">
        {captureText(capture, isRecorded)}
      </span>
      {capture?.phase === 'running' && (
        <Popover
          side="top"
          label="Probes"
          trigger={
            <button type="button" className={cn(ITEM, 'hover:bg-hover')}>
              {formatCount(capture.attached)} probes
              {capture.refused.length > 0 && `, ${capture.refused.length} refused`}
            </button>
          }
        >
          <p>
            {formatCount(capture.attached)} functions by {capture.backend}, attached in{' '}
            {formatDuration(capture.attachMs * 1e6)}.
          </p>
          {capture.refused.length > 0 && (
            <ul className="mt-2 space-y-0.5">
              {capture.refused.map(({ name, reason }) => (
                <li key={name}>
                  <b className="font-medium">{name}</b> <span className="text-muted">{reason}</span>
                </li>
              ))}
            </ul>
          )}
        </Popover>
      )}
      {stats !== null && (
        <span className={cn(ITEM, 'max-md:hidden')}>
          {!isRecorded && <>{formatCount(stats.eventsPerSecond)} events/s</>}
          <span className="text-muted">
            {formatCount(stats.session.hops)} hops of {formatCount(stats.session.packets)} packets in{' '}
            {formatBytes(stats.session.bytes)}
          </span>
        </span>
      )}
      <Losses />
      {stats?.keeping.phase === 'failed' && (
        <span className={cn(ITEM, 'bg-lost-soft text-lost')} title={stats.keeping.why} role="status">
          <TriangleAlert size={11} aria-hidden /> not kept on the disk
        </span>
      )}
      <span className="ml-auto flex h-full items-center">
        <a
          href="/recordings"
          className={cn(ITEM, 'hover:bg-hover max-sm:hidden')}
          title="All sessions that are kept: open, note, download, remove"
        >
          <Library size={12} aria-hidden /> Recordings
        </a>
        {!isRecorded && <FreezeButton />}
        {!isRecorded && (stats?.session.packets ?? 0) > 0 && (
          <>
            <a
              href={SESSION_FILE}
              download
              className={cn(ITEM, 'hover:bg-hover max-sm:hidden')}
              title={`Save ${savedText(stats)}: a recording, which skbtracer serve, replay and export read`}
            >
              <Download size={12} aria-hidden /> Save
            </a>
            <button
              type="button"
              className={cn(ITEM, 'hover:bg-hover max-sm:hidden')}
              title={`Export ${savedText(stats)}: for Wireshark, Perfetto, DuckDB, a spreadsheet …`}
              onClick={() => askExport(exportable(''))}
            >
              <FileOutput size={12} aria-hidden /> Export
            </button>
          </>
        )}
        <button
          type="button"
          className={cn(ITEM, 'hover:bg-hover')}
          aria-label={`Theme: ${theme}. Change it`}
          onClick={() => prefer({ theme: nextTheme(theme) })}
        >
          <ThemeIcon size={12} aria-hidden /> {theme}
        </button>
        <button type="button" className={cn(ITEM, 'hover:bg-hover')} onClick={onHelp}>
          <CircleHelp size={12} aria-hidden /> Help <span className="text-muted">?</span>
        </button>
      </span>
    </footer>
  );
}

/** Waits or not, and how many were kept. */
function FreezeButton() {
  const freezing = useSession((state) => state.stats?.freezing);
  if (freezing === undefined || freezing.phase === 'off') return null;
  const { order, frozen, fault } = freezing;
  return (
    <button
      type="button"
      className={cn(ITEM, 'hover:bg-hover max-sm:hidden', fault !== '' && 'bg-lost-soft text-lost')}
      title={
        fault !== ''
          ? `The last one was not kept: ${fault}`
          : order === null
            ? 'Keep the last seconds as a recording: now, or when something happens'
            : `Waiting for ${triggersText(order.triggers)}`
      }
      onClick={() => openFreeze(order)}
    >
      {fault === '' ? (
        <Snowflake size={12} aria-hidden className={cn(order !== null && 'text-focus')} />
      ) : (
        <TriangleAlert size={11} aria-hidden />
      )}
      {fault !== '' ? 'Freeze failed' : order === null ? 'Freeze' : 'Waiting to freeze'}
      {frozen.length > 0 && (
        <b className="font-medium text-text">
          {formatCount(frozen.length)}
          {frozen.length === FROZEN_TOLD_MAX && '+'}
        </b>
      )}
    </button>
  );
}

/** What we failed to record, with where; never what the kernel dropped. */
function Losses() {
  const stats = useSession((state) => state.stats);
  // another tool does not write down what it lost
  const isUntold = useSession(({ snapshot }) => recordingOf(snapshot)?.hello.imported !== undefined);
  if (stats === null) return null;
  const { lostEvents, unfollowed, losses, notShown } = lossReport(stats, packets.forgotten);
  const isBad = lostEvents > 0 || unfollowed > 0;
  return (
    <Popover
      side="top"
      label="Losses"
      trigger={
        <button
          type="button"
          data-testid="lost"
          className={cn(ITEM, 'hover:bg-hover', isBad && 'bg-lost-soft font-semibold text-lost')}
        >
          {isBad && <TriangleAlert size={11} aria-hidden />}
          {isUntold ? 'losses not told' : `${formatCount(lostEvents)} lost`}
        </button>
      }
    >
      <p className="max-w-[44ch] text-soft">
        Lost is what we failed to record. What the kernel dropped stands in the list, with its reason.
      </p>
      <table className="mt-2 w-full">
        <tbody>
          {[...losses, ...notShown].map(({ where, count, unit, meaning }) => (
            <tr key={where} className="align-top">
              <th scope="row" className="py-0.5 pr-3 text-left font-medium">
                {where}
                <div className="max-w-[38ch] font-normal text-muted">{meaning}</div>
              </th>
              <td className={cn('py-0.5 text-right whitespace-nowrap', count > 0 && 'text-text')}>
                {formatCount(count)} {unit}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Popover>
  );
}

function Dot({ link }: { readonly link: Link }) {
  const colour =
    link.phase === 'online' ? 'bg-delivered' : link.phase === 'connecting' ? 'bg-lost' : 'bg-dropped';
  return <span aria-hidden className={cn('size-[7px] rounded-full', colour)} />;
}

/** What the capture is doing while it is not simply running. */
function captureText(capture: CaptureState | undefined, isRecorded: boolean): string {
  if (isRecorded) return 'Recording';
  switch (capture?.phase) {
    case 'starting':
      return 'Attaching probes …';
    case 'stopping':
      return 'Stopping …';
    case 'idle':
    case 'failed':
      return 'Not capturing';
    default:
      return '';
  }
}

function connectionText(link: Link): string {
  switch (link.phase) {
    case 'online':
      return 'Connected';
    case 'connecting':
      return 'Connecting …';
    case 'offline':
      return 'Disconnected';
    case 'unauthorised':
      return 'Not let in';
  }
}

const nextTheme = (theme: Theme): Theme => THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
