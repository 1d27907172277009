/** Another tool's capture, read as a recording is: what it has, as it comes. */
import type { RecordedItem } from '../../core/messages/recording.ts';
import { PcapngImporter } from '../../core/model/import/pcapng.ts';
import { isPwru, PwruImporter } from '../../core/model/import/pwru.ts';
import { isRetis, RetisImporter } from '../../core/model/import/retis.ts';
import { type CaptureImporter, ImportError } from '../../core/model/import/types.ts';
import type { Bytes, FileBytes } from '../recording/bytes.ts';
import { RecordingError } from '../recording/format.ts';
import type { Recorded } from '../recording/recorded.ts';
import { blocksOf, type PlacedBlock } from './blocks.ts';
import { type Line, linesOf } from './lines.ts';

/** What can be opened, for whoever has something else. */
export const OPENED =
  'a recording of skbtracer (.skbt), pwru --output-json, events of Retis (retis collect -o), or pcapng that skbtracer export wrote';

/** A file of a capture, of which a rotating tool writes several. */
export interface CapturePart {
  readonly bytes: Bytes | FileBytes;
  /** Told with what is wrong in it; '' where there is only one. */
  readonly name: string;
  /** When it was written last, ms since 1970. */
  readonly writtenUnixMs: number;
}

/** Pieces of one file, and where each is, for people. */
interface Pieces<Piece> {
  readonly importer: Omit<CaptureImporter<never>, 'take'>;
  take(piece: Piece): void;
  of(part: CapturePart): AsyncGenerator<readonly Piece[]>;
  /** `line 12 (byte 3456)`. */
  where(piece: Piece): string;
  /** It was cut off, so that what is wrong with it is no wonder. */
  isCut(piece: Piece): boolean;
}

export class ImportedCapture implements Recorded {
  readonly header: Recorded['header'];
  readonly summary = undefined;
  readonly isFile: boolean;
  readonly #parts: readonly CapturePart[];
  readonly #read: () => AsyncGenerator<RecordedItem>;
  readonly #missing: string[] = [];

  private constructor(
    tool: string,
    parts: readonly CapturePart[],
    read: (missing: string[]) => AsyncGenerator<RecordedItem>,
  ) {
    this.header = { product: tool, createdUnixMs: Math.min(...parts.map((part) => part.writtenUnixMs)) };
    this.isFile = parts.every(({ bytes }) => 'at' in bytes);
    this.#parts = parts;
    this.#read = () => read(this.#missing);
  }

  /** Lines of JSON; the first says whose. Throws a {@link RecordingError}. */
  static async ofLines(parts: readonly CapturePart[]): Promise<ImportedCapture> {
    const [first] = parts;
    if (first === undefined) throw new RecordingError('there is no file');
    const begun = linesOf(first.bytes);
    const { value: head = [] } = await begun.next();
    const importer = importerOf(head[0]);
    const pieces: Pieces<Line> = {
      importer,
      take: ({ text }) => importer.take(text),
      async *of(part) {
        if (part !== first) {
          yield* linesOf(part.bytes);
          return;
        }
        yield head;
        yield* begun;
      },
      where: ({ number, at }) => `line ${number} (byte ${at})`,
      isCut: ({ isEnded }) => !isEnded,
    };
    return new ImportedCapture(importer.tool, parts, (missing) => itemsOf(parts, pieces, missing));
  }

  /** Blocks of pcapng. */
  static ofBlocks(parts: readonly CapturePart[]): ImportedCapture {
    const importer = new PcapngImporter();
    return new ImportedCapture(importer.tool, parts, (missing) => {
      const pieces: Pieces<PlacedBlock> = {
        importer,
        take: (block) => importer.take(block),
        of: (part) => blocksOf(part.bytes, (at) => missing.push(cutText(part, `the block at byte ${at}`))),
        where: ({ at }) => `the block at byte ${at}`,
        isCut: () => false,
      };
      return itemsOf(parts, pieces, missing);
    });
  }

  get missing(): string | undefined {
    return this.#missing.length === 0 ? undefined : this.#missing.join('; ');
  }

  get share(): number | undefined {
    if (!this.isFile) return undefined;
    let read = 0;
    let size = 0;
    for (const { bytes } of this.#parts) {
      read += bytes.position;
      size += 'size' in bytes ? bytes.size : 0;
    }
    return read / Math.max(1, size);
  }

  /** No other tool asks the host anything. */
  async *facts(): AsyncGenerator<never> {}

  items(): AsyncGenerator<RecordedItem> {
    return this.#read();
  }

  async close(): Promise<void> {
    for (const { bytes } of this.#parts) await bytes.close();
  }
}

function importerOf(line: Line | undefined): CaptureImporter<string> {
  const value = line === undefined ? undefined : parsed(line.text);
  if (typeof value === 'object' && value !== null) {
    if (isPwru(value)) return new PwruImporter();
    if (isRetis(value)) return new RetisImporter();
  }
  throw unknown(line === undefined ? 'it has no lines' : 'its first line is no event that is known here');
}

export const unknown = (what: string) => new RecordingError(`${what}. What can be opened: ${OPENED}`);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Everything of all parts; what was before something wrong has come by then. */
async function* itemsOf<Piece>(
  parts: readonly CapturePart[],
  pieces: Pieces<Piece>,
  missing: string[],
): AsyncGenerator<RecordedItem> {
  const { importer } = pieces;
  for (const part of parts) {
    try {
      for await (const some of pieces.of(part)) {
        const wrong = takeAll(some, pieces);
        yield* importer.drain();
        if (wrong === undefined) continue;
        if (!pieces.isCut(wrong.piece)) throw wrong.error;
        missing.push(cutText(part, pieces.where(wrong.piece)));
      }
    } catch (error) {
      if (error instanceof RecordingError && part.name !== '')
        throw new RecordingError(`${part.name}: ${error.message}`);
      throw error;
    }
  }
  try {
    importer.end();
  } catch (error) {
    throw error instanceof ImportError ? new RecordingError(error.message) : error;
  }
  yield* importer.drain();
  if (importer.leftOut !== '') missing.push(importer.leftOut);
}

interface Wrong<Piece> {
  readonly piece: Piece;
  readonly error: RecordingError;
}

/** Until one is wrong. */
function takeAll<Piece>(some: readonly Piece[], { take, where }: Pieces<Piece>): Wrong<Piece> | undefined {
  for (const piece of some) {
    try {
      take(piece);
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      return { piece, error: new RecordingError(`${where(piece)}: ${error.message}`) };
    }
  }
  return undefined;
}

const cutText = ({ name }: CapturePart, where: string) =>
  `${name === '' ? 'the file' : name} was cut off in ${where}; what was before that is here`;
