/** Opens whatever packets are in, told by its content: a recording of ours, or another tool's capture. */
import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Bytes, type FileBytes, streamBytes } from '../recording/bytes.ts';
import { MAGIC, RecordingError } from '../recording/format.ts';
import { openBytes, openForReading, Recording } from '../recording/reader.ts';
import type { Recorded } from '../recording/recorded.ts';
import { type CapturePart, ImportedCapture, unknown } from './capture.ts';

export type CaptureKind = 'recording' | 'lines' | 'pcapng';

const PCAPNG = 0x0a0d0d0a;
/** pcap in either byte order, with micro- and nanoseconds. */
const PCAP = new Set([0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1]);
const GZIP = 0x8b1f;
const ZSTD = 0xfd2fb528;
const OPENING = /^[ \t\r\n]*[{[]/;

/** By a file's path or, given the standard input, of a pipe. Throws a {@link RecordingError}. */
export async function openRecorded(path: string, input?: Readable): Promise<Recorded> {
  if (input !== undefined)
    return beginRecorded({ bytes: streamBytes(input), name: '', writtenUnixMs: Date.now() });
  return openRecordedFd(openForReading(path));
}

/** The same of a file that is open already, and is closed with it. */
export async function openRecordedFd(fd: number): Promise<Recorded> {
  const { mtimeMs } = fstatSync(fd);
  return beginRecorded({ bytes: openBytes(fd), name: '', writtenUnixMs: mtimeMs });
}

/** Several files of one capture, in their order: what a tool wrote that begins a new file when one is full. */
export async function openParts(paths: readonly string[]): Promise<Recorded> {
  const [only] = paths;
  if (paths.length === 1 && only !== undefined)
    return openRecorded(only, only === '-' ? process.stdin : undefined);
  const parts: CapturePart[] = [];
  try {
    const kinds = new Set<CaptureKind>();
    for (const path of paths) {
      const part = openPart(path);
      parts.push(part);
      kinds.add(await named(path, () => kindOf(part.bytes)));
    }
    if (kinds.has('recording'))
      throw new RecordingError('a recording stands for itself: give files of another tool’s capture');
    if (kinds.size > 1)
      throw new RecordingError(
        'these are files of different tools: give those of one capture, in their order',
      );
    return await beginCapture(parts, kinds.has('pcapng') ? 'pcapng' : 'lines');
  } catch (error) {
    for (const { bytes } of parts) await bytes.close();
    throw error;
  }
}

function openPart(path: string): CapturePart {
  const fd = openForReading(path);
  return { writtenUnixMs: fstatSync(fd).mtimeMs, bytes: openBytes(fd), name: path };
}

async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof RecordingError ? new RecordingError(`${path}: ${error.message}`) : error;
  }
}

async function beginRecorded(part: CapturePart): Promise<Recorded> {
  try {
    const kind = await kindOf(part.bytes);
    if (kind === 'recording') return await Recording.begin(part.bytes);
    return await beginCapture([part], kind);
  } catch (error) {
    await part.bytes.close();
    throw error;
  }
}

/** Another tool's capture, of which no byte was taken. Throws a {@link RecordingError}. */
export const beginCapture = async (
  parts: readonly CapturePart[],
  kind: Exclude<CaptureKind, 'recording'>,
): Promise<Recorded> =>
  kind === 'pcapng' ? ImportedCapture.ofBlocks(parts) : ImportedCapture.ofLines(parts);

/** Takes nothing of it. Throws a {@link RecordingError} that says what can be opened. */
export async function kindOf(bytes: Bytes | FileBytes): Promise<CaptureKind> {
  const head = await bytes.peek(MAGIC.length);
  if (head.length === 0) throw new RecordingError('it is empty');
  if (head.equals(MAGIC.subarray(0, head.length))) return 'recording';
  const word = head.length < 4 ? 0 : head.readUInt32LE(0);
  if (word === PCAPNG) return 'pcapng';
  if (PCAP.has(word))
    throw unknown(
      'it is a pcap file: that has the bytes of packets, and nothing of where in the kernel they were',
    );
  if (word === ZSTD || (word & 0xffff) === GZIP) throw unknown('it is compressed: unpack it first');
  if (OPENING.test(head.toString('latin1'))) return 'lines';
  throw unknown('it is no recording of skbtracer, nor a capture that is known here');
}
