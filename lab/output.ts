import { fstatSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/** Where bytes go: `accept` returns false when it wants no more until it calls `ready`. */
export interface Sink {
  accept(bytes: Buffer, ready: () => void): boolean;
  /** Calls back when all that was accepted is out of our hands. */
  flushed(done: () => void): void;
  onError(fail: (error: Error) => void): void;
}

/**
 * One of the command's output streams, up to the mark that the guest writes behind it: bytes go on as they come,
 * save for those that may be the beginning of the mark. The source is paused while the sink takes nothing, so what
 * is held here is one chunk.
 */
export class MarkedOutput {
  /** Resolves to true when the mark was read and everything before it is written; to false when no one reads on. */
  readonly ended: Promise<boolean>;
  readonly #sink: Sink;
  readonly #mark: Buffer;
  #held: Buffer = Buffer.alloc(0);
  #isOver = false;
  #end: (complete: boolean) => void = () => undefined;

  constructor(sink: Sink, mark: string) {
    this.#sink = sink;
    this.#mark = Buffer.from(mark);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    sink.onError(() => {
      this.#isOver = true;
      this.#end(false);
    });
  }

  /** Takes over a stream of the guest. What comes behind the mark, or when no one reads on, is read and dropped. */
  take(source: Readable): void {
    source.on('data', (chunk: Buffer) => {
      if (this.#isOver) return;
      const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
      const at = bytes.indexOf(this.#mark);
      const keep = at >= 0 ? 0 : this.#beginning(bytes);
      const out = bytes.subarray(0, at >= 0 ? at : bytes.length - keep);
      this.#held = Buffer.from(bytes.subarray(bytes.length - keep));
      if (out.length > 0 && !this.#sink.accept(out, () => source.resume())) source.pause();
      if (at < 0) return;
      this.#isOver = true;
      this.#sink.flushed(() => this.#end(true));
    });
  }

  /** Length of the longest end of `bytes` that the mark begins with. */
  #beginning(bytes: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, bytes.length); length > 0; length -= 1)
      if (bytes.subarray(bytes.length - length).equals(this.#mark.subarray(0, length))) return length;
    return 0;
  }
}

/** This process's stdout or stderr. */
export function outputSink(fd: 1 | 2): Sink {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket()
    ? streamSink(new Socket({ fd, writable: true, readable: false }))
    : fileSink(fd);
}

/** Pipes and sockets: the reader may be slow, or gone. */
export function streamSink(stream: Writable): Sink {
  let pending = 0;
  let whenFlushed: (() => void) | undefined;
  return {
    accept(bytes, ready) {
      pending += 1;
      const goOn = stream.write(bytes, () => {
        pending -= 1;
        if (pending === 0) whenFlushed?.();
      });
      if (!goOn) stream.once('drain', ready);
      return goOn;
    },
    flushed(done) {
      if (pending === 0) done();
      else whenFlushed = done;
    },
    onError(fail) {
      stream.on('error', fail);
    },
  };
}

/** Files and terminals take what they get at once. */
function fileSink(fd: number): Sink {
  let fail: (error: Error) => void = () => undefined;
  return {
    accept(bytes) {
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
      return true;
    },
    flushed: (done) => done(),
    onError(then) {
      fail = then;
    },
  };
}
