'use client';

import { useEffect } from 'react';
import { create } from 'zustand';
import type { OwnerName } from '../../core/model/connection-log.ts';
import { type Connection, ConnectionBook } from '../../core/model/connections.ts';
import { useSession } from './session.ts';
import { requestConnections } from './socket.ts';

const EVERY_MS = 1000;

interface Connections {
  readonly session: number;
  readonly connections: readonly Connection[];
  readonly owners: ReadonlyMap<number, OwnerName>;
  /** Older ones are no longer known: here, or on the server. */
  readonly isCut: boolean;
}

const NONE: Connections = { session: -1, connections: [], owners: new Map(), isCut: false };

/** TCP connections of the session, and who sent its packets; kept up to date while somebody looks. */
export const useConnectionStore = create<Connections>(() => NONE);

let book = new ConnectionBook();
let version = 0;

/** Asks for what is new, once; answers of a session that is over are left. */
async function refresh(session: number): Promise<void> {
  if (useConnectionStore.getState().session !== session) {
    book = new ConnectionBook();
    version = 0;
    useConnectionStore.setState({ ...NONE, session });
  }
  const since = version;
  const result = await requestConnections(session, since);
  if (!result.ok || useConnectionStore.getState().session !== session || version !== since) return;
  const { records, owners, forgotten } = result.value;
  version = result.value.version;
  if (records.byteLength > 0) book.take(new Uint8Array(records));
  const known = useConnectionStore.getState();
  // nothing new is no reason to draw anew
  const [latest] = owners.slice(-1);
  const isSame =
    owners.length === known.owners.size && known.owners.get(latest?.pid ?? 0)?.comm === latest?.comm;
  if (records.byteLength === 0 && isSame) return;
  useConnectionStore.setState({
    connections: records.byteLength > 0 ? book.all : known.connections,
    owners: new Map(owners.map((owner) => [owner.pid, owner])),
    isCut: known.isCut || book.forgotten > 0 || since < forgotten,
  });
}

/** The same, asked for once a second while the caller is on screen. */
export function useConnections(): Connections {
  const session = useSession((state) => state.snapshot?.session ?? 0);
  const isOnline = useSession((state) => state.link.phase === 'online');
  useEffect(() => {
    if (!isOnline || session === 0) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const again = async () => {
      await refresh(session);
      if (!isOver) timer = setTimeout(again, EVERY_MS);
    };
    void again();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [session, isOnline]);
  return useConnectionStore();
}
