/** Lines of a file or a pipe, each bounded. */
import type { Bytes } from '../recording/bytes.ts';
import { RecordingError } from '../recording/format.ts';

/** A longer one is refused: no event of any tool is. */
export const LINE_BYTES_MAX = 1 << 20;
const NEWLINE = 0x0a;

export interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Byte at which it begins. */
  readonly at: number;
  /** It has an end: one without was cut off, or is the last of a file that ends so. */
  readonly isEnded: boolean;
}

/** As many as come at once, without those that are empty. Throws a {@link RecordingError} at one that is too long. */
export async function* linesOf(bytes: Bytes): AsyncGenerator<readonly Line[]> {
  /** Of a line whose end has not come, in the pieces that it came in. */
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 1;
  let at = bytes.position;
  for (;;) {
    const chunk = await bytes.some();
    if (chunk.length === 0) break;
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const own = chunk.subarray(from, end);
      const line = rest.length === 0 ? own : Buffer.concat([...rest, own]);
      const text = textOf(line, number, at);
      if (text !== '') lines.push({ text, number, at, isEnded: true });
      at += line.length + 1;
      number += 1;
      from = end + 1;
      rest = [];
      restBytes = 0;
    }
    rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (lines.length > 0) yield lines;
    if (restBytes > LINE_BYTES_MAX) throw tooLong(number, at);
  }
  const text = textOf(Buffer.concat(rest), number, at);
  if (text !== '') yield [{ text, number, at, isEnded: false }];
}

function textOf(bytes: Buffer, number: number, at: number): string {
  if (bytes.length > LINE_BYTES_MAX) throw tooLong(number, at);
  return bytes.toString('utf8').trim();
}

const tooLong = (number: number, at: number) =>
  new RecordingError(`line ${number} (byte ${at}) is longer than 1 MiB`);
