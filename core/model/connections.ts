/** TCP connections out of their events: each end of one is a connection of its own, as its socket saw it. */
import { asNs, type Ns } from '../base/units.ts';
import { SOCKET_EVENT } from '../wire/layout.gen.ts';
import type { SocketEvent } from './hop.ts';
import { HopReader } from './reader.ts';

/** `connect`: this end asked; `accept`: it was asked; `unknown`: its beginning was before the capture. */
export type Beginning = 'connect' | 'accept' | 'unknown';

export interface Connection {
  /** Of its first event that is known, from 0: a name for it within the session. */
  readonly id: number;
  /** The latest that was told of it; owner, bytes and retransmissions are its. */
  readonly last: SocketEvent;
  readonly beginning: Beginning;
  readonly begunNs: Ns;
  /** Undefined while it is open. */
  readonly endedNs: Ns | undefined;
  /** It could not be made. */
  readonly hasFailed: boolean;
  /** From the asking to the connection, on the end that asked; undefined where that was not seen. */
  readonly handshakeNs: Ns | undefined;
}

const CONNECTIONS_MAX = 2048;

/**
 * Takes in SOCKET records in the order in which they came, and has the newest connections. A kernel address names a
 * socket only as long as that lives: what begins or fails at it anew is another connection.
 */
export class ConnectionBook {
  readonly #max: number;
  readonly #open = new Map<string, number>();
  readonly #all = new Map<number, Connection>();
  #nextId = 0;
  #forgotten = 0;

  constructor(max = CONNECTIONS_MAX) {
    this.#max = max;
  }

  take(records: Uint8Array): void {
    new HopReader().read(records, { socket: (event) => this.#take(event) });
  }

  /** In the order of their first events. */
  get all(): readonly Connection[] {
    return [...this.#all.values()];
  }

  /** Connections let go because there were too many. */
  get forgotten(): number {
    return this.#forgotten;
  }

  #take(event: SocketEvent): void {
    const begins = event.event === SOCKET_EVENT.connect || event.event === SOCKET_EVENT.accept;
    const known = begins ? undefined : this.#openAt(event);
    const ends = event.event === SOCKET_EVENT.close || event.event === SOCKET_EVENT.fail;
    const id = known?.id ?? this.#nextId;
    const begunNs = known?.begunNs ?? asNs(Math.max(0, event.timeNs - event.durationNs));
    this.#all.set(id, {
      id,
      // a socket that is being closed is nobody's any more
      last: event.owner.pid === 0 && known ? { ...event, owner: known.last.owner } : event,
      beginning: known?.beginning ?? beginningOf(event),
      begunNs,
      endedNs: ends ? event.timeNs : undefined,
      hasFailed: event.event === SOCKET_EVENT.fail,
      handshakeNs:
        known?.handshakeNs ?? (event.event === SOCKET_EVENT.connect ? event.durationNs : undefined),
    });
    if (known === undefined) this.#nextId += 1;
    if (ends) this.#open.delete(event.sk);
    else this.#open.set(event.sk, id);
    this.#forget();
  }

  #openAt({ sk, sport, dport }: SocketEvent): Connection | undefined {
    const open = this.#all.get(this.#open.get(sk) ?? -1);
    return open?.last.dport === dport && open.last.sport === sport ? open : undefined;
  }

  #forget(): void {
    if (this.#all.size <= this.#max) return;
    for (const [id, { last }] of this.#all) {
      this.#all.delete(id);
      if (this.#open.get(last.sk) === id) this.#open.delete(last.sk);
      this.#forgotten += 1;
      return;
    }
  }
}

function beginningOf({ event }: SocketEvent): Beginning {
  if (event === SOCKET_EVENT.connect || event === SOCKET_EVENT.fail) return 'connect';
  return event === SOCKET_EVENT.accept ? 'accept' : 'unknown';
}
