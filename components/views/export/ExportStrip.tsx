'use client';

import { X } from 'lucide-react';
import { FORMAT_WORDS } from '../../../core/model/export/formats.ts';
import { formatBytes } from '../../../core/model/format.ts';
import { cancelExport, forgetExportFailure, useExports } from '../../state/exports.ts';
import { Button } from '../../ui/Button.tsx';

/** How far exports are, each with a way to end it; and why the last one failed. */
export function ExportStrip() {
  const { running, failure } = useExports();
  return (
    <>
      {failure !== undefined && (
        <p
          role="alert"
          className="flex items-center gap-2 border-b border-line bg-lost-soft px-3 py-1.5 text-xs text-lost"
        >
          <span className="min-w-0 break-words">{failure.message}</span>
          <Button
            look="quiet"
            square
            className="ml-auto"
            aria-label="Close the message"
            onClick={forgetExportFailure}
          >
            <X size={13} aria-hidden />
          </Button>
        </p>
      )}
      {running.map(({ id, name, format, bytes, share }) => (
        <p
          key={id}
          role="status"
          aria-live="off"
          className="flex flex-wrap items-center gap-x-2 border-b border-line bg-selected px-3 py-1 text-xs tabular-nums"
        >
          <span className="min-w-0 break-all">
            Exporting {name === '' ? 'the session' : name} as {FORMAT_WORDS[format].label}:{' '}
            {share !== undefined && `${Math.floor(100 * share)} % read, `}
            {formatBytes(bytes)} sent
          </span>
          {share !== undefined && <progress value={share} className="h-1.5 w-24" aria-hidden />}
          <Button look="quiet" onClick={() => cancelExport(id)}>
            Cancel
          </Button>
        </p>
      ))}
    </>
  );
}
