import { fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * One of the command's output streams, up to the mark that the guest writes behind it: bytes go on as they come,
 * save for those that may be the beginning of the mark.
 */
export class MarkedOutput {
  /** Resolves when the mark was read and everything before it is written. */
  readonly ended: Promise<void>;
  readonly #fd: number;
  readonly #mark: Buffer;
  #held = Buffer.alloc(0);
  #end: () => void = () => undefined;

  constructor(fd: 1 | 2, mark: string) {
    this.#fd = fd;
    this.#mark = Buffer.from(mark);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Reads the stream from this socket; the socket is paused while nobody takes what was read. */
  take(socket: Socket): void {
    const output = openOutput(this.#fd);
    output?.on('error', () => socket.destroy());
    const write = (bytes: Buffer) => {
      if (bytes.length === 0) return;
      if (output === undefined) writeSync(this.#fd, bytes);
      else if (!output.write(bytes)) {
        socket.pause();
        output.once('drain', () => socket.resume());
      }
    };
    socket.on('data', (chunk) => {
      const bytes = Buffer.concat([this.#held, chunk]);
      const at = bytes.indexOf(this.#mark);
      if (at >= 0) {
        write(bytes.subarray(0, at));
        if (output === undefined || output.writableLength === 0) this.#end();
        else output.once('drain', () => this.#end());
        return;
      }
      const keep = this.#beginning(bytes);
      this.#held = Buffer.from(bytes.subarray(bytes.length - keep));
      write(bytes.subarray(0, bytes.length - keep));
    });
  }

  /** Length of the longest end of `bytes` that the mark begins with. */
  #beginning(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length -= 1)
      if (bytes.subarray(bytes.length - length).equals(this.#mark.subarray(0, length))) return length;
    return 0;
  }
}

/** A stream that waits by itself for pipes and sockets; files and terminals are written to at once. */
function openOutput(fd: number): Writable | undefined {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket() ? new Socket({ fd, writable: true, readable: false }) : undefined;
}
