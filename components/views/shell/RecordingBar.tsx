'use client';

import { CircleDot, FileOutput } from 'lucide-react';
import { formatCount, formatDuration } from '../../../core/model/format.ts';
import { hostText, sourceText } from '../../../core/model/source-text.ts';
import { askExport } from '../../state/exports.ts';
import { packets } from '../../state/packets/store.ts';
import { selectPacket } from '../../state/selection.ts';
import { exportable, recordingOf, useSession } from '../../state/session.ts';
import { showView } from '../../state/view.ts';
import { Button, ButtonLink } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/CopyButton.tsx';
import { dayAndClock } from '../health/time.ts';

/**
 * In the filter's place when a recording is shown: whose, of when, and what was captured. Nothing can be asked of it.
 * @param isBeside something else runs, to which there is a way back
 */
export function RecordingBar({ isBeside }: { readonly isBeside: boolean }) {
  const { snapshot, stats } = useSession();
  const recording = recordingOf(snapshot);
  if (recording === undefined || snapshot === null) return null;
  const { name, createdUnixMs, trigger, hello } = recording;
  const { capture } = snapshot;
  const filter = 'spec' in capture ? capture.spec.filter.expression : undefined;
  const span = stats?.nowNs === undefined || packets.size === 0 ? undefined : stats.nowNs - packets.originNs;
  const lasted = span !== undefined && span > 0 ? formatDuration(span) : '';
  const when = dayAndClock(createdUnixMs, new Date());
  return (
    <section
      aria-label="Recording"
      className="flex flex-wrap items-center gap-x-3 gap-y-0.5 border-b border-line bg-raised px-2 py-2 text-xs"
    >
      <img src="/icon.svg" alt="" width={18} height={18} className="shrink-0" />
      <span className="flex min-w-0 items-center gap-1.5">
        <CircleDot size={13} aria-hidden className="shrink-0 text-muted" />
        <b className="min-w-0 truncate font-semibold" title={name}>
          {name}
        </b>
      </span>
      <span className="text-soft">{sourceText({ ...hello, hostname: hostText(hello) })}</span>
      <span className="text-soft">
        {hello.imported === undefined
          ? `${when}${lasted === '' ? '' : `, for ${lasted}`}`
          : `${lasted === '' ? '' : `${lasted}, `}written ${when}`}
      </span>
      {trigger !== undefined && (
        <span className="text-soft">
          kept because{' '}
          {trigger.packet === 0 ? (
            'somebody asked for it'
          ) : (
            <button
              type="button"
              className="font-medium text-text underline underline-offset-2"
              title="Show its path"
              onClick={() => showTrigger(trigger.packet)}
            >
              packet {formatCount(trigger.packet)}: {trigger.why}
            </button>
          )}
        </span>
      )}
      {hello.imported !== undefined && (
        <span className="min-w-0 text-soft" title={hello.imported.note}>
          captured by <b className="font-medium text-text">{hello.imported.tool}</b>; not all is told (see
          Health)
        </span>
      )}
      {filter !== undefined && (
        <span className="min-w-0 text-soft">
          captured: <code className="font-mono text-text">{filter === '' ? 'everything' : filter}</code>
        </span>
      )}
      <span className="ml-auto flex flex-wrap items-center gap-1.5">
        <CopyButton text={() => location.href} what="a link to this view">
          Link
        </CopyButton>
        <Button
          title="Export: for Wireshark, Perfetto, DuckDB, a spreadsheet …"
          onClick={() => askExport(exportable(isBeside ? name : ''))}
        >
          <FileOutput size={12} aria-hidden /> Export
        </Button>
        {isBeside && <ButtonLink href="/">What runs now</ButtonLink>}
      </span>
    </section>
  );
}

function showTrigger(packet: number): void {
  showView('packets');
  selectPacket(packet);
}
