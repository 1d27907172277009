'use client';

import { Download, FileOutput, GitCompareArrows, RotateCcw, Trash2, Upload, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { ListedRecording, RecordingList } from '../../../core/messages/recordings.ts';
import { formatBytes, formatCount } from '../../../core/model/format.ts';
import { comparePage } from '../../state/compare.ts';
import { askExport, watchExports } from '../../state/exports.ts';
import { loadPreferences } from '../../state/preferences.ts';
import {
  cancelImport, chooseForComparison, chosenPair, fileOf, importRecordings, loadRecordings, pageOf, removeRecording, restoreRecording, useRecordings,
} from '../../state/recordings.ts'; // biome-ignore format: a list
import { useSession } from '../../state/session.ts';
import { connectOnly } from '../../state/socket.ts';
import { Button, ButtonLink } from '../../ui/Button.tsx';
import { cn } from '../../ui/cn.ts';
import { Notice } from '../../ui/Notice.tsx';
import { ExportDialog } from '../export/ExportDialog.tsx';
import { ExportStrip } from '../export/ExportStrip.tsx';
import { dayAndClock, formatSpan } from '../health/time.ts';
import { NotLetIn } from '../shell/NotLetIn.tsx';
import { NoteField } from './NoteField.tsx';
import { titleOf } from './title.ts';

/** While the page is looked at, what is written now grows. */
const REFRESH_MS = 3000;

/** Everything that is kept: to be opened, named, taken along, thrown away. */
export function RecordingsView() {
  const link = useSession((state) => state.link);
  const { list, failure, refusal, removed, incoming } = useRecordings();
  const wrong = refusal ?? failure;
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    loadPreferences();
    connectOnly();
  }, []);
  useEffect(() => {
    if (link.phase !== 'online') return;
    loadRecordings();
    watchExports();
    const timer = setInterval(() => document.visibilityState === 'visible' && loadRecordings(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [link.phase]);
  if (link.phase === 'unauthorised') return <NotLetIn error={link.error} />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button does the same for who has no mouse
    <div
      className={cn(
        'flex h-full flex-col',
        isOver && 'outline-2 -outline-offset-2 outline-focus outline-dashed',
      )}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) =>
        event.currentTarget.contains(event.relatedTarget as Node | null) || setOver(false)
      }
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        importRecordings([...event.dataTransfer.files]);
      }}
    >
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-raised px-3 py-2 text-xs">
        <img src="/icon.svg" alt="" width={18} height={18} className="shrink-0" />
        <h1 className="text-sm font-semibold">Recordings</h1>
        {list !== undefined && list.why === '' && (
          <span className="min-w-0 break-all text-soft">{summary(list)}</span>
        )}
        <CompareButton />
        <ImportButton />
        <ButtonLink href="/">What runs now</ButtonLink>
      </header>
      {link.phase === 'offline' && (
        <p role="status" className="border-b border-line bg-lost-soft px-3 py-1.5 text-xs text-lost">
          The server does not answer; the page tries again by itself.
        </p>
      )}
      {wrong !== undefined && (
        <p role="alert" className="border-b border-line bg-lost-soft px-3 py-1.5 text-xs text-lost">
          {wrong.message}
        </p>
      )}
      {incoming !== undefined && (
        <p
          role="status"
          className="flex items-center gap-2 border-b border-line bg-selected px-3 py-1 text-xs"
        >
          {incoming.share < 1
            ? `Taking in ${incoming.file}: ${Math.floor(100 * incoming.share)} %`
            : `${incoming.file} is here, and is read`}
          <progress value={incoming.share} className="h-1.5 w-32" aria-hidden />
          <Button look="quiet" onClick={cancelImport}>
            <X size={12} aria-hidden /> Cancel
          </Button>
        </p>
      )}
      {removed !== '' && (
        <p
          role="status"
          className="flex items-center gap-2 border-b border-line bg-selected px-3 py-1 text-xs"
        >
          {titleOf(removed).text} is removed. In ten minutes it is gone.
          <Button look="quiet" onClick={() => restoreRecording(removed)}>
            <RotateCcw size={12} aria-hidden /> Bring it back
          </Button>
        </p>
      )}
      <ExportStrip />
      <ExportDialog />
      <main className="min-h-0 flex-1 overflow-auto">
        <Content list={list} />
      </main>
    </div>
  );
}

/** Leads to the comparison once two are chosen, and says so while one is. */
function CompareButton() {
  const { list, compared } = useRecordings();
  const pair = chosenPair({ list, compared });
  if (pair !== undefined)
    return (
      <ButtonLink look="primary" className="ml-auto" href={comparePage(pair[0].name, pair[1].name)}>
        <GitCompareArrows size={12} aria-hidden /> Compare
      </ButtonLink>
    );
  return (
    <span role="status" className="ml-auto text-soft">
      {compared.length === 1 && 'Choose another to compare with'}
    </span>
  );
}

/** Opens what a file dropped on the page opens, too. */
function ImportButton() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".skbt,.json,.jsonl,.pcapng"
        multiple
        hidden
        aria-label="Recordings to import"
        onChange={(event) => {
          importRecordings([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
      <Button
        title="Take in a recording (.skbt), or a capture of pwru, Retis or export to pcapng: or drop it anywhere on this page"
        onClick={() => input.current?.click()}
      >
        <Upload size={12} aria-hidden /> Import
      </Button>
    </>
  );
}

function summary({ folder, recordings }: RecordingList): string {
  const bytes = recordings.reduce((sum, one) => sum + one.bytes, 0);
  return `${formatCount(recordings.length)} in ${folder}, ${formatBytes(bytes)}`;
}

function Content({ list }: { readonly list: RecordingList | undefined }) {
  if (list === undefined)
    return <Notice title="Asking what is kept">The server looks at its recordings.</Notice>;
  if (list.why !== '')
    return (
      <Notice title="No session is kept">
        {list.why}. Start the server with <code className="font-mono">--recordings FOLDER</code> to keep them,
        or save the running session (<code className="font-mono">Ctrl+S</code>).
      </Notice>
    );
  if (list.recordings.length === 0)
    return (
      <Notice title="Nothing is kept yet">
        Each session is kept here from its first packet on. Recordings of others can be dropped on this page.
      </Notice>
    );
  return (
    <table className="w-full text-xs">
      <thead className="sticky top-0 bg-raised text-left text-muted">
        <tr className="h-7 border-b border-line">
          <th scope="col" className="sr-only">
            Compare
          </th>
          <Heading>Began</Heading>
          <Heading className="max-sm:hidden">Of</Heading>
          <Heading className="w-full">Note</Heading>
          <Heading isNumber className="max-sm:hidden">
            Lasted
          </Heading>
          <Heading isNumber>Packets</Heading>
          <Heading isNumber className="max-sm:hidden">
            Events
          </Heading>
          <Heading isNumber className="max-sm:hidden">
            Lost
          </Heading>
          <Heading isNumber className="max-sm:hidden">
            Size
          </Heading>
          <th scope="col" className="sr-only">
            What can be done
          </th>
        </tr>
      </thead>
      <tbody>
        {list.recordings.map((one) => (
          <RecordingRow key={one.name} recording={one} />
        ))}
      </tbody>
    </table>
  );
}

function Heading({
  children,
  isNumber = false,
  className = '',
}: {
  readonly children: string;
  readonly isNumber?: boolean;
  readonly className?: string;
}) {
  return (
    <th
      scope="col"
      className={`px-3 font-normal whitespace-nowrap max-sm:px-1.5 ${isNumber ? 'text-right' : ''} ${className}`}
    >
      {children}
    </th>
  );
}

const CELL = 'px-3 whitespace-nowrap tabular-nums max-sm:px-1.5';
const counted = (count: number | undefined): string => (count === undefined ? '–' : formatCount(count));

function RecordingRow({ recording }: { readonly recording: ListedRecording }) {
  const { name, note, bytes, createdUnixMs, lastedNs, events, packets, lost, isWritten, fault } = recording;
  const title = titleOf(name);
  const isChosen = useRecordings(({ compared }) => compared.includes(name));
  const when = dayAndClock(createdUnixMs, new Date());
  return (
    <tr className="h-9 border-b border-line hover:bg-hover" data-recording={name}>
      <td className="w-0 pl-3 max-sm:pl-1.5">
        <input
          type="checkbox"
          aria-label={`Compare ${title.text}`}
          title={fault === '' ? 'Choose two to compare them' : 'It cannot be read'}
          checked={isChosen}
          disabled={fault !== ''}
          onChange={(event) => chooseForComparison(name, event.target.checked)}
          className="size-[15px] align-middle accent-primary max-sm:size-5"
        />
      </td>
      <td className={CELL}>
        {fault === '' ? (
          <a
            href={isWritten ? '/' : pageOf(name)}
            title={`Open ${name}`}
            className="font-medium text-text underline-offset-2 hover:underline"
          >
            {when}
          </a>
        ) : (
          when
        )}
        <span className="block max-w-28 whitespace-normal text-soft sm:hidden">
          <Whose of={title.of} part={title.part} isWritten={isWritten} />
        </span>
      </td>
      <td className={`${CELL} max-sm:hidden`} title={name}>
        <Whose of={title.of} part={title.part} isWritten={isWritten} />
      </td>
      <td
        className="max-w-0 truncate px-3 max-sm:min-w-28 max-sm:px-1"
        title={fault === '' ? undefined : fault}
      >
        {fault === '' ? (
          <NoteField name={name} note={note} />
        ) : (
          <span className="text-lost">It cannot be read: {fault}.</span>
        )}
      </td>
      <td
        className={`${CELL} text-right max-sm:hidden`}
        title={lastedNs === undefined && !isWritten ? 'It was not closed' : undefined}
      >
        {lastedNs === undefined ? '–' : formatSpan(lastedNs)}
      </td>
      <td className={`${CELL} text-right`}>{counted(packets)}</td>
      <td className={`${CELL} text-right max-sm:hidden`}>{counted(events)}</td>
      <td
        className={`${CELL} text-right max-sm:hidden ${lost !== undefined && lost > 0 ? 'font-medium text-lost' : ''}`}
      >
        {counted(lost)}
      </td>
      <td className={`${CELL} text-right max-sm:hidden`}>{formatBytes(bytes)}</td>
      <td className="pr-2 whitespace-nowrap">
        <ButtonLink
          look="quiet"
          square
          href={fileOf(name)}
          download
          aria-label={`Download ${title.text}`}
          title="Download: skbtracer replay, export and query read it"
        >
          <Download size={13} aria-hidden />
        </ButtonLink>
        {fault === '' && (
          <Button
            look="quiet"
            square
            aria-label={`Export ${title.text}`}
            title="Export: for Wireshark, Perfetto, DuckDB, a spreadsheet …"
            onClick={() => askExport({ name, title: title.text })}
          >
            <FileOutput size={13} aria-hidden />
          </Button>
        )}
        <Button
          look="quiet"
          square
          aria-label={`Remove ${title.text}`}
          title={isWritten ? 'The session that runs cannot be removed' : 'Remove; it can be brought back'}
          aria-disabled={isWritten}
          onClick={() => !isWritten && removeRecording(name)}
        >
          <Trash2 size={13} aria-hidden />
        </Button>
      </td>
    </tr>
  );
}

interface WhoseProps {
  readonly of: string;
  readonly part: string;
  readonly isWritten: boolean;
}

function Whose({ of, part, isWritten }: WhoseProps) {
  return (
    <>
      {of}
      {part !== '' && <span className="text-muted"> part {part}</span>}
      {isWritten && <span className="ml-2 text-delivered">being written</span>}
    </>
  );
}
