/** Bytes of a recording in their order, from a file or from a pipe. */
import { close, read } from 'node:fs';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

const readAt = promisify(read);
const closeFd = promisify(close);

/** Read at once where it does not matter how much. */
const CHUNK_BYTES = 256 << 10;

export interface Bytes {
  /** The next `count` bytes; fewer where there are no more. */
  take(count: number): Promise<Buffer>;
  /** The same, which are still there to be taken. */
  peek(count: number): Promise<Buffer>;
  /** What there is of them, one at least; none at the end. */
  some(): Promise<Buffer>;
  /** Bytes taken. */
  readonly position: number;
  close(): Promise<void>;
}

/** A file that is read from its beginning on, and anywhere. */
export interface FileBytes extends Bytes {
  readonly size: number;
  /** Bytes at a place; fewer where the file ends. */
  at(position: number, count: number): Promise<Buffer>;
}

export function fileBytes(fd: number, size: number): FileBytes {
  let position = 0;
  const at = async (from: number, count: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(Math.max(0, Math.min(count, size - from)));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await readAt(fd, bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) break; // it became shorter
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  };
  return {
    size,
    at,
    async take(count) {
      const bytes = await at(position, count);
      position += bytes.length;
      return bytes;
    },
    peek: (count) => at(position, count),
    some() {
      return this.take(CHUNK_BYTES);
    },
    get position() {
      return position;
    },
    close: () => closeFd(fd),
  };
}

/** `input` gives Buffers, or other arrays of bytes. */
export function streamBytes(input: Readable): Bytes {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  async function peek(count: number): Promise<Buffer> {
    const parts = [rest];
    let bytes = rest.length;
    while (bytes < count) {
      const { done, value } = await chunks.next();
      if (done === true) break;
      const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      parts.push(chunk);
      bytes += chunk.length;
    }
    if (parts.length > 1) rest = Buffer.concat(parts, bytes);
    return rest.subarray(0, count);
  }
  return {
    peek,
    async take(count) {
      const taken = await peek(count);
      rest = rest.subarray(taken.length);
      position += taken.length;
      return taken;
    },
    async some() {
      await peek(1);
      return this.take(rest.length);
    },
    get position() {
      return position;
    },
    async close() {
      input.destroy();
    },
  };
}
