/** A session as it is in memory, as a recording: what it keeps, with all names, and what the host said to explain it. */

import type { NameTables, Snapshot } from '../../core/messages/browser.ts';
import type { Fact } from '../../core/messages/facts.ts';
import type { RecordedFacts } from '../../core/messages/recording.ts';
import type {
  RecordingTrigger,
  SourceHello,
  SourceMessage,
  TracerStats,
} from '../../core/messages/source.ts';
import { HEADER } from '../../core/wire/layout.gen.ts';
import { FactRecorder } from './facts.ts';
import type { Sink } from './sink.ts';
import { RecordingWriter } from './writer.ts';

/** What it needs of the server's hub. */
export interface SavedHub {
  /** The source that is there, or that was there last; undefined before the first. */
  readonly lastHello: SourceHello | undefined;
  readonly snapshot: Snapshot;
  readonly names: NameTables;
  readonly stats: TracerStats;
  /** What was asked to explain packets of this session. */
  readonly facts: FactLog;
  readonly session: {
    saved(
      from: number,
      sinceNs?: number,
    ): Promise<{
      readonly session: number;
      readonly records: ArrayBuffer | undefined;
      readonly next: number;
    }>;
  };
}

/** Packets that were explained, and kept; the oldest give way. */
const EXPLAINED_MAX = 1 << 14;

/** What pages asked the host, by packet. */
export class FactLog {
  readonly #packets = new Map<number, Fact[]>();

  add(packet: number, facts: readonly Fact[]): void {
    const known = this.#packets.get(packet) ?? [];
    // asked again, the newer answer counts
    this.#packets.delete(packet);
    this.#packets.set(packet, [...known, ...facts].slice(-FACTS_OF_PACKET_MAX));
    if (this.#packets.size <= EXPLAINED_MAX) return;
    const [oldest] = this.#packets.keys();
    if (oldest !== undefined) this.#packets.delete(oldest);
  }

  has(packet: number): boolean {
    return this.#packets.has(packet);
  }

  clear(): void {
    this.#packets.clear();
  }

  get all(): readonly (readonly [packet: number, facts: readonly Fact[]])[] {
    return [...this.#packets];
  }

  tell(write: (message: RecordedFacts) => void): void {
    const recorder = new FactRecorder(write);
    for (const [packet, facts] of this.#packets) recorder.explained(packet, facts);
  }
}

/** As many as a recording takes. */
const FACTS_OF_PACKET_MAX = 32;

export interface SaveOptions {
  /** Version that writes it. */
  readonly product: string;
  /** That is to be saved, not one that followed. */
  readonly session?: number;
  /** Why it is written. */
  readonly trigger?: RecordingTrigger;
  readonly sinceNs?: number;
}

/** The session was another one before all of it was written. */
export class SessionOver extends Error {
  constructor() {
    super('the session began anew before it was saved: save it again');
    this.name = 'SessionOver';
  }
}

/**
 * Writes it, or what there is of it since a time (ns). What the session lets go meanwhile is not in it. Rejects with
 * {@link SessionOver} when it ends meanwhile, which leaves the sink open, or with what the sink does not take.
 */
export async function saveSession(
  hub: SavedHub,
  sink: Sink,
  { product, session: wanted, trigger, sinceNs = 0 }: SaveOptions,
): Promise<void> {
  let fault: Error | undefined;
  const writer = new RecordingWriter(sink, { product, ...(trigger && { trigger }) }, (error) => {
    fault = error;
  });
  for (const message of messagesOf(hub)) writer.message(message);
  let part = await hub.session.saved(-1, sinceNs);
  const { session } = part;
  const over = () => {
    writer.abandon();
    return new SessionOver();
  };
  if (session !== (wanted ?? session)) throw over();
  // who reads it through a pipe explains a packet by what was there before its records
  hub.facts.tell((message) => writer.message(message));
  await writer.flush();
  while (fault === undefined && part.records !== undefined) {
    for (const records of inParts(new Uint8Array(part.records))) await writer.batch(records);
    part = await hub.session.saved(part.next);
    if (part.session !== session) throw over();
  }
  writer.message({ type: 'stats', stats: hub.stats, atUnixMs: Date.now() });
  await writer.close();
  if (fault !== undefined) throw fault;
}

/** Whole records, so many at once as a frame takes: all names together may be more. */
export function* inParts(records: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  let from = 0;
  let at = 0;
  while (at < records.length) {
    const size = Math.max(HEADER.size, view.getUint16(at + HEADER.recordSize, true));
    if (at > from && at + size - from > PART_BYTES) {
      yield records.subarray(from, at);
      from = at;
    }
    at += size;
  }
  if (at > from) yield records.subarray(from);
}

const PART_BYTES = 1 << 20;

/** What comes before the first record. */
function* messagesOf({
  lastHello,
  snapshot,
  names,
}: SavedHub): Generator<Exclude<SourceMessage, { type: 'reply' }>> {
  if (lastHello !== undefined) yield { type: 'hello', hello: lastHello };
  const { functions, reasons, namespaces, cgroups, topology } = names;
  if (functions) yield { type: 'functions', functions: [...functions] };
  if (reasons) yield { type: 'reasons', reasons: [...reasons] };
  if (namespaces) yield { type: 'namespaces', namespaces: [...namespaces] };
  if (cgroups) yield { type: 'cgroups', cgroups: [...cgroups] };
  if (topology) yield { type: 'topology', topology };
  const { capture } = snapshot;
  if (capture.phase !== 'running') return;
  yield { type: 'capture', capture: { phase: 'starting', spec: capture.spec } };
  yield { type: 'capture', capture };
}
