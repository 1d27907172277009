'use client';

import type { Snapshot } from '../../../core/messages/browser.ts';
import { hostText } from '../../../core/model/source-text.ts';
import { prefer, usePreferences } from '../../state/preferences.ts';
import { recordingOf } from '../../state/session.ts';
import { Button } from '../../ui/Button.tsx';

/** First visit: what is running, and what to do next. */
export function Welcome({ snapshot }: { readonly snapshot: Snapshot | null }) {
  const welcomed = usePreferences((state) => state.welcomed);
  if (welcomed) return null;
  const recording = recordingOf(snapshot);
  const isLab =
    snapshot?.source.phase === 'connected'
      ? snapshot.source.hello.kind === 'lab'
      : snapshot?.source.kind === 'lab';
  return (
    <aside
      aria-label="Welcome"
      className="flex items-start gap-4 border-b border-line bg-selected px-3 py-2 text-xs"
    >
      <div className="min-w-0 flex-1 text-pretty">
        <b className="font-semibold">
          {recording
            ? `This is a recording of ${hostText(recording.hello)}.`
            : isLab
              ? 'This is the lab: a real Linux kernel in a VM.'
              : 'This host’s kernel is being traced.'}
        </b>{' '}
        {isLab && !recording && (
          <>
            {snapshot?.labReason ? `Your own cannot be traced (${snapshot.labReason}). ` : ''}
            Its sample network has the namespaces <i>web</i> and <i>db</i> on a bridge, <i>east</i> and{' '}
            <i>west</i> on another, and <i>outside</i> behind NAT, with traffic that goes on.{' '}
          </>
        )}
        Each row below is one packet. <b className="font-medium">Click one</b> to see its way through the
        kernel’s functions, interfaces and namespaces, and why it ended.{' '}
        {recording ? (
          'Narrow what is listed with the display filter. '
        ) : (
          <>
            Narrow what is captured with the filter above, for example <code className="font-mono">icmp</code>{' '}
            or <code className="font-mono">udp port 9998</code>.{' '}
          </>
        )}
        Press <b className="font-medium">?</b> for keys and words.
      </div>
      <Button look="primary" onClick={() => prefer({ welcomed: true })}>
        Got it
      </Button>
    </aside>
  );
}
