'use client';

import { EXPORT_FORMATS, FORMAT_WORDS } from '../../../core/model/export/formats.ts';
import { askExport, startExport, useExports } from '../../state/exports.ts';
import { Dialog } from '../../ui/Dialog.tsx';

/** Which format: what each is for. The download begins with the choice. */
export function ExportDialog() {
  const asked = useExports((state) => state.asked);
  if (asked === undefined) return null;
  return (
    <Dialog
      open
      onOpenChange={(isOpen) => isOpen || askExport(undefined)}
      title="Export"
      description={`${asked.title}, as a file that other tools read`}
    >
      <ul className="-m-2">
        {EXPORT_FORMATS.map((format) => {
          const { label, about, ending } = FORMAT_WORDS[format];
          return (
            <li key={format}>
              <button
                type="button"
                onClick={() => startExport(asked, format)}
                className="grid w-full grid-cols-[minmax(0,8rem)_minmax(0,1fr)_auto] items-baseline gap-x-3 rounded-md px-2 py-1.5 text-left text-xs hover:bg-hover max-sm:grid-cols-[minmax(0,1fr)_auto] max-sm:py-2"
              >
                <span className="font-medium text-text">{label}</span>
                <span className="text-soft max-sm:order-last max-sm:col-span-2">{about}</span>
                <code className="font-mono text-2xs text-muted">.{ending}</code>
              </button>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
