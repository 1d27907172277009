/** What a recording that is being written has beside it, wherever that is written. */
import type { RecordingHeader } from '../../core/messages/recording.ts';
import type { Places } from './blocks.ts';
import type { Rows } from './names.ts';
import type { RowSink } from './schema.ts';

/** What an index says of the recording that it is of. */
export interface IndexedHeader extends Pick<RecordingHeader, 'product' | 'createdUnixMs'> {
  /** Of the whole file. */
  readonly bytes: number;
}

export interface PartIndex extends RowSink {
  /** Whole records of the recording, of which what happened to packets on their way is told. Keeps none of these bytes. */
  events(records: Uint8Array): void;
  /** That is not in it any more, and takes no time any more: it is made of the frames when somebody asks. */
  leaveEvents(): Promise<void>;
  /** The promise, when there is one, resolves once there is room for more. */
  room(): Promise<void> | undefined;
  /** What was added until now survives this process, though not yet a loss of power. */
  flush(): Promise<void>;
  /** Numbers of the blocks that have records of a packet, in their order; none where it failed. Throws what DuckDB says. */
  blocksOf(packet: number): Promise<readonly number[]>;
  /** Where the newest blocks lie that have records of these packets; undefined where it failed. Throws what DuckDB says. */
  placesOf(packets: Iterable<number>, max: number): Promise<Places | undefined>;
  /** Everything of the recording with this header is in it, with these names. */
  makeWhole(names: Rows, header: IndexedHeader): Promise<void>;
  close(): Promise<void>;
}

/** In a new file. `failed` hears, once, that it cannot be written. */
export type OpenPartIndex = (path: string, failed: (error: Error) => void) => PartIndex;
