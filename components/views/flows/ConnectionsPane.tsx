'use client';

import { useMemo } from 'react';
import { asNetnsInode } from '../../../core/base/units.ts';
import type { Connection } from '../../../core/model/connections.ts';
import { formatBytes, formatClock, formatCount, formatDuration } from '../../../core/model/format.ts';
import type { NameBook } from '../../../core/model/names.ts';
import { useFlowsPlace } from '../../state/flows.ts';
import { recordingOf, useSession } from '../../state/session.ts';
import { requestApply } from '../../state/socket.ts';
import { Button } from '../../ui/Button.tsx';
import { type MasterColumn, MasterTable } from '../../ui/MasterTable.tsx';
import { NetnsName } from '../../ui/Netns.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { Segmented } from '../../ui/Segmented.tsx';
import { ConnectionTimeline } from './ConnectionTimeline.tsx';
import { connectionEnds, ownerName } from './text.ts';
import { BARS_MAX } from './timeline.ts';

export interface ConnectionsPaneProps {
  readonly connections: readonly Connection[];
  readonly isCut: boolean;
  /** Ends of the selected conversation, of both sides. */
  readonly selected: ReadonlySet<Connection>;
  readonly span: { readonly fromNs: number; readonly toNs: number };
  readonly names: NameBook;
  readonly baseUnixMs: number;
  readonly onSelect: (connection: Connection) => void;
}

/** TCP connections as their sockets saw them, as bars in time or as a table. */
export function ConnectionsPane(props: ConnectionsPaneProps) {
  const { connections, isCut } = props;
  const as = useFlowsPlace((state) => state.connectionsAs);
  const capture = useSession((state) => state.snapshot?.capture);
  const tool = useSession(({ snapshot }) => recordingOf(snapshot)?.hello.imported?.tool);
  const spec = capture?.phase === 'running' ? capture.spec : undefined;
  const open = connections.filter(({ endedNs }) => endedNs === undefined).length;
  const failed = connections.filter(({ hasFailed }) => hasFailed).length;
  return (
    <section aria-label="TCP connections" className="flex h-full min-h-0 flex-col bg-surface">
      <header className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 border-b border-line px-3 py-1">
        <h3 className="text-xs font-semibold">TCP connections</h3>
        {connections.length > 0 && (
          <>
            <span className="text-soft">
              {formatCount(connections.length)} ends, {formatCount(open)} open
              {failed > 0 && `, ${formatCount(failed)} could not be made`}
            </span>
            {isCut && <span className="text-muted">older ones were let go</span>}
            {as === 'timeline' && connections.length > BARS_MAX && (
              <span className="text-muted">the newest {BARS_MAX} are drawn</span>
            )}
            <span
              className="text-muted"
              title="The filter’s expression is for packets; its namespace and process hold for connections, too"
            >
              whatever the expression
            </span>
            <span className="ml-auto">
              <Segmented
                label="Connections as"
                value={as}
                onValue={(connectionsAs) => useFlowsPlace.setState({ connectionsAs })}
                options={[
                  { value: 'timeline', label: 'Timeline' },
                  { value: 'table', label: 'Table' },
                ]}
              />
            </span>
          </>
        )}
      </header>
      {connections.length > 0 ? (
        as === 'timeline' ? (
          <ConnectionTimeline {...props} />
        ) : (
          <ConnectionTable {...props} />
        )
      ) : tool !== undefined ? (
        <Notice title="Connections are not told" level={3}>
          The capture of {tool} has packets, and not what happened to sockets.
        </Notice>
      ) : spec?.tcpEvents === false ? (
        <Notice
          title="This capture does not ask for connections"
          level={3}
          action={
            <Button onClick={() => void requestApply({ ...spec, tcpEvents: true })}>
              Capture them as well
            </Button>
          }
        >
          A connection is two or three events in its life. The capture begins anew with them, and its list of
          packets with it.
        </Notice>
      ) : (
        <Notice title="No connection yet" level={3}>
          None was made, accepted or closed since the capture began. What was open before is known when it
          closes.
        </Notice>
      )}
    </section>
  );
}

const BEGINNINGS = { connect: 'asked', accept: 'accepted', unknown: 'was there' } as const;

export const beginningText = ({ beginning, hasFailed }: Connection): string =>
  hasFailed ? 'failed' : BEGINNINGS[beginning];

export const connectionText = (connection: Connection, names: NameBook): string => {
  const { source, destination } = connectionEnds(connection);
  const { begunNs, endedNs, last, handshakeNs } = connection;
  const parts = [
    `${ownerName(last.owner, names) || 'unknown process'} ${beginningText(connection)}`,
    `${source} → ${destination} in ${names.netnsName(last.netns)}`,
    endedNs === undefined ? 'open' : formatDuration(endedNs - begunNs),
    ...(handshakeNs === undefined ? [] : [`handshake ${formatDuration(handshakeNs)}`]),
    ...(endedNs === undefined || connection.hasFailed
      ? []
      : [`sent ${formatBytes(last.sent)}, received ${formatBytes(last.received)}`]),
  ];
  return parts.join(', ');
};

function ConnectionTable({ connections, selected, names, baseUnixMs, onSelect }: ConnectionsPaneProps) {
  const newest = useMemo(() => [...connections].reverse(), [connections]);
  const columns = useMemo((): readonly MasterColumn<Connection, never>[] => [
    { label: 'Begun', width: '4rem', cell: ({ begunNs }) => <span className="text-soft">{formatClock(begunNs, baseUnixMs)}</span> },
    { label: 'How', width: '4.2rem', cell: (one) => <span className={one.hasFailed ? 'text-dropped' : ''}>{beginningText(one)}</span> },
    { label: 'Process', width: 'minmax(6rem,1fr)', cell: ({ last }) => ownerName(last.owner, names) || <span className="text-muted">not known</span> },
    { label: 'Namespace', width: 'minmax(4rem,0.6fr)', cell: ({ last }) => <NetnsName name={names.netnsName(asNetnsInode(last.netns))} /> },
    { label: 'Own end', width: 'minmax(8rem,1fr)', cell: (one) => connectionEnds(one).source },
    { label: 'Other end', width: 'minmax(8rem,1fr)', cell: (one) => connectionEnds(one).destination },
    { label: 'Duration', width: '4.2rem', isEnd: true, cell: ({ begunNs, endedNs }) => endedNs === undefined ? 'open' : formatDuration(endedNs - begunNs) },
    { label: 'Sent / received', width: '7rem', isEnd: true, cell: ({ endedNs, last }) => endedNs === undefined ? <span className="text-muted">when it closes</span> : `${formatBytes(last.sent)} / ${formatBytes(last.received)}` },
    { label: 'Resent', width: '3rem', isEnd: true, cell: ({ last }) => formatCount(last.retransmits) },
  ], [names, baseUnixMs]); // biome-ignore format: a table
  return (
    <MasterTable
      label="TCP connections, one end a row"
      columns={columns}
      rows={newest}
      keyOf={({ id }) => String(id)}
      selected={newest.findIndex((one) => selected.has(one))}
      onSelect={(index) => newest[index] && onSelect(newest[index])}
      minWidth="48rem"
    />
  );
}
