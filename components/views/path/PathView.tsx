'use client';

import { Copy, Maximize2, Minus, Plus, X } from 'lucide-react';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import type { Failure } from '../../../core/base/result.ts';
import { formatCount, formatDuration, verdictName } from '../../../core/model/format.ts';
import type { Path } from '../../../core/model/hop.ts';
import { hopToJson } from '../../../core/model/json.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { type PacketRow, VERDICT } from '../../../core/model/packet.ts';
import { readPath } from '../../../core/model/path.ts';
import { commands } from '../../state/commands.ts';
import { useNames } from '../../state/names.ts';
import { packets } from '../../state/packets/store.ts';
import { usePreferences } from '../../state/preferences.ts';
import { selectHop, selectPacket, useSelection } from '../../state/selection.ts';
import { requestPath } from '../../state/socket.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { VerdictBadge } from '../../ui/Verdict.tsx';
import { rowCells } from '../packets/text.ts';
import { changeTexts } from './changes.ts';
import { HopTable } from './HopTable.tsx';
import { labelOf } from './layout.ts';
import { Timeline } from './Timeline.tsx';

/** While a packet goes on, its path is asked for again at most this often. */
const REFRESH_MS = 400;

const WIDE = '(min-width: 1000px)';

interface PathViewProps {
  readonly packet: number;
  readonly session: number;
  readonly onClose: () => void;
}

/** One packet's way through the kernel: what it is, the timeline, and every hop in words. */
export function PathView({ packet, session, onClose }: PathViewProps) {
  const row = usePacketRow(packet);
  const { path, failure } = usePath(packet, session, row?.hops ?? 0);
  const isWide = useIsWide();
  useHopKeys(path, onClose);
  return (
    <section aria-label="Path of the selected packet" className="flex h-full min-h-0 flex-col bg-surface">
      <PathHeader packet={packet} row={row} path={path} onClose={onClose} />
      {failure !== undefined && path === undefined ? (
        <Notice
          title="This packet’s path is not there any more"
          level={3}
          action={<Button onClick={onClose}>Close</Button>}
        >
          {failure.message}
        </Notice>
      ) : path === undefined ? (
        <div className="flex flex-1 items-center justify-center text-muted" role="status">
          Reading the path …
        </div>
      ) : (
        <Group orientation={isWide ? 'horizontal' : 'vertical'} className="min-h-0 flex-1">
          <Panel id="timeline" minSize="15%" defaultSize="54%">
            <Timeline path={path} />
          </Panel>
          <Separator className="bg-line-strong outline-offset-[-1px] aria-[orientation=horizontal]:h-px aria-[orientation=vertical]:w-px" />
          <Panel id="hops" minSize="15%" defaultSize="46%">
            <HopTable path={path} />
          </Panel>
        </Group>
      )}
    </section>
  );
}

function PathHeader({
  packet,
  row,
  path,
  onClose,
}: {
  readonly packet: number;
  readonly row: PacketRow | undefined;
  readonly path: Path | undefined;
  readonly onClose: () => void;
}) {
  const { book } = useNames();
  const { timeScale, setTimeScale } = usePreferences();
  const cells = row === undefined ? undefined : rowCells(row, book);
  const run = (id: string) => commands.all.find((command) => command.id === id)?.run();
  return (
    <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-2 py-1">
      <h2 className="text-xs font-semibold">Packet {formatCount(packet)}</h2>
      {cells !== undefined && row !== undefined && (
        <>
          <span className="min-w-0 truncate">
            <span className="font-medium">{cells.protocol}</span>{' '}
            <span className="text-soft">{cells.detail}</span> {cells.source}{' '}
            <span className="text-muted">→</span> {cells.destination}
          </span>
          <VerdictBadge verdict={verdictName(row.verdict)} reason={cells.reason} />
          {row.verdict === VERDICT.dropped && (
            <span className="text-soft">in {book.locationName(row.location)}</span>
          )}
          <span className="text-muted">
            {formatCount(row.hops)} hops, {formatDuration(row.lastNs - row.firstNs)}
          </span>
          {row.truncated && <span className="text-lost">its first hops are no longer in memory</span>}
        </>
      )}
      {path !== undefined && <Lineage path={path} />}
      <span className="ml-auto flex items-center gap-1">
        <Segmented
          label="Scale"
          value={timeScale}
          onValue={setTimeScale}
          options={[
            { value: 'sequence', label: 'Steps' },
            { value: 'linear', label: 'Time' },
          ]}
        />
        <Button look="quiet" square aria-label="Zoom in" title="Zoom in (+)" onClick={() => run('path.in')}>
          <Plus size={14} aria-hidden />
        </Button>
        <Button
          look="quiet"
          square
          aria-label="Zoom out"
          title="Zoom out (-)"
          onClick={() => run('path.out')}
        >
          <Minus size={14} aria-hidden />
        </Button>
        <Button
          look="quiet"
          square
          aria-label="Fit the whole path"
          title="Fit (f)"
          onClick={() => run('path.fit')}
        >
          <Maximize2 size={13} aria-hidden />
        </Button>
        {path !== undefined && <CopyButton path={path} names={book} />}
        <Button look="quiet" square aria-label="Close the path" title="Close (Esc)" onClick={onClose}>
          <X size={15} aria-hidden />
        </Button>
      </span>
    </header>
  );
}

/** Where the packet came from and what came out of it, each a click away. */
function Lineage({ path }: { readonly path: Path }) {
  if (path.parent === 0 && path.children.length === 0) return null;
  const link = (packet: number) => (
    <button
      key={packet}
      type="button"
      className="text-link hover:underline"
      onClick={() => selectPacket(packet)}
    >
      {formatCount(packet)}
    </button>
  );
  return (
    <span className="flex items-center gap-1 text-muted">
      {path.parent !== 0 && <>cloned from {link(path.parent)}</>}
      {path.children.length > 0 && <>clones {path.children.slice(0, 5).map(({ packet }) => link(packet))}</>}
    </span>
  );
}

function CopyButton({ path, names }: { readonly path: Path; readonly names: NameBook }) {
  const [said, setSaid] = useState('');
  const copy = (what: string, text: string) =>
    navigator.clipboard.writeText(text).then(
      () => setSaid(`${what} copied`),
      () => setSaid('The browser does not let the page copy'),
    );
  return (
    <>
      <Button look="quiet" title="Copy the path as text" onClick={() => copy('Text', pathText(path, names))}>
        <Copy size={12} aria-hidden /> Text
      </Button>
      <Button look="quiet" title="Copy the path as JSON" onClick={() => copy('JSON', pathJson(path, names))}>
        <Copy size={12} aria-hidden /> JSON
      </Button>
      <span role="status" className="sr-only">
        {said}
      </span>
    </>
  );
}

function pathText(path: Path, names: NameBook): string {
  return path.hops
    .map((hop, i) => {
      const changes = changeTexts(hop.changes, names).map(
        ({ label, before, after }) => `${label} ${before} -> ${after}`,
      );
      const where = `${names.netnsName(hop.netns)}/${hop.state.device ?? ''}`;
      return `${String(i + 1).padStart(3)} +${formatDuration(hop.deltaNs).padEnd(8)} ${where.padEnd(16)} ${'  '.repeat(hop.depth)}${labelOf(hop, names)}${changes.length > 0 ? `  [${changes.join(', ')}]` : ''}`;
    })
    .join('\n');
}

const pathJson = (path: Path, names: NameBook): string =>
  path.hops.map((hop) => JSON.stringify(hopToJson(hop, names, 0))).join('\n');

/** Wide enough for the timeline and the table side by side. */
function useIsWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(WIDE);
      query.addEventListener('change', listener);
      return () => query.removeEventListener('change', listener);
    },
    () => matchMedia(WIDE).matches,
    () => true,
  );
}

/** The packet's row, as long as the page has it. */
function usePacketRow(packet: number): PacketRow | undefined {
  useSyncExternalStore(packets.subscribe, packets.version, () => 0);
  return packets.row(packets.indexOf(packet));
}

/** The path, asked for again when the packet has more hops. */
function usePath(
  packet: number,
  session: number,
  hops: number,
): { path: Path | undefined; failure: Failure | undefined } {
  const [state, setState] = useState<{ packet: number; path?: Path; failure?: Failure }>({ packet });
  const hasPath = state.packet === packet && state.path !== undefined;
  useEffect(() => {
    let isOver = false;
    const ask = async () => {
      const result = await requestPath(session, packet);
      if (isOver) return;
      if (result.ok) setState({ packet, path: readPath(new Uint8Array(result.value.records), packet) });
      else setState((before) => ({ ...(before.packet === packet && before), packet, failure: result.error }));
    };
    const timer = setTimeout(ask, hops > 0 && hasPath ? REFRESH_MS : 0);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [packet, session, hops, hasPath]);
  const isOwn = state.packet === packet;
  return { path: isOwn ? state.path : undefined, failure: isOwn ? state.failure : undefined };
}

/** Left and right walk the hops; Escape closes. */
function useHopKeys(path: Path | undefined, onClose: () => void): void {
  const count = path?.hops.length ?? 0;
  const step = useCallback(
    (by: number) => {
      const { hop } = useSelection.getState();
      if (count > 0) selectHop(Math.max(0, Math.min(count - 1, hop < 0 ? 0 : hop + by)));
    },
    [count],
  );
  useEffect(
    () =>
      commands.register([
        { id: 'path.next', title: 'Next hop', group: 'Path', keys: [{ key: 'ArrowRight' }, { key: 'l' }], run: () => step(1) },
        { id: 'path.previous', title: 'Previous hop', group: 'Path', keys: [{ key: 'ArrowLeft' }, { key: 'h' }], run: () => step(-1) },
        { id: 'path.close', title: 'Close the path', group: 'Path', keys: [{ key: 'Escape' }], run: onClose },
      ]), // biome-ignore format: a table
    [step, onClose],
  );
}
