/** What recorded events become in another format; one object for each file that is written. */
import type { Decision, Free, Hop, Lineage } from '../hop.ts';
import type { NameBook } from '../names.ts';
import type { HopChoice } from './formats.ts';

export interface ExportContext {
  /** Learns as the recording is read: names come before what has need of them. */
  readonly names: NameBook;
  /** Wall clock (ms since 1970) at the records' time 0. */
  readonly baseUnixMs: number;
  /** `Linux 6.12.1`. */
  readonly os: string;
  /** `skbtracer 0.1.0`. */
  readonly application: string;
  /** pcapng: a block for each hop, or for each interface that a packet came to, and for its drop. */
  readonly hops: HopChoice;
}

/** Text or bytes to be written, in their order. */
export type Chunk = string | Uint8Array;

export interface Exporter {
  begin(): readonly Chunk[];
  hop(hop: Hop): readonly Chunk[];
  decision?(decision: Decision): readonly Chunk[];
  lineage?(lineage: Lineage): readonly Chunk[];
  free?(free: Free): readonly Chunk[];
  end?(): readonly Chunk[];
  /** Hops that the format has no place for. */
  readonly left?: number;
}
