/** Frames of core/messages/frames.ts on a byte stream, both ways. */
import {
  FRAME_HEADER_BYTES,
  FRAME_MAX_BYTES,
  FRAME_TYPE,
  type FrameType,
} from '../../core/messages/frames.ts';

/** The other side does not keep to the protocol; nothing that follows can be believed. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProtocolError';
  }
}

export interface Frame {
  readonly type: FrameType;
  /** Bytes of its own, not a view of the stream's buffers. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

const isFrameType = (type: number): type is FrameType =>
  type === FRAME_TYPE.message || type === FRAME_TYPE.batch;

/** The header of a frame with a payload of this many bytes. */
export function frameHeader(type: FrameType, payloadBytes: number): Buffer {
  if (payloadBytes + 1 > FRAME_MAX_BYTES)
    throw new RangeError(`a frame of ${payloadBytes} bytes is too long`);
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header.writeUInt32LE(payloadBytes + 1, 0);
  header.writeUInt8(type, 4);
  return header;
}

/** A whole frame with a JSON message. */
export function messageFrame(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  return Buffer.concat([frameHeader(FRAME_TYPE.message, payload.length), payload]);
}

/**
 * Takes a stream's chunks, gives back whole frames. Holds at most one frame that is under way; a frame that says
 * it is longer than the limit, or of an unknown type, throws a {@link ProtocolError} before a byte of it is kept.
 */
export class FrameDecoder {
  readonly #header = Buffer.alloc(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  #type: FrameType = FRAME_TYPE.message;
  #payload: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;

  *push(chunk: Uint8Array): Generator<Frame> {
    let at = 0;
    while (at < chunk.length || this.#isWhole()) {
      if (this.#payload === undefined) {
        const n = Math.min(FRAME_HEADER_BYTES - this.#headerFilled, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + n), this.#headerFilled);
        this.#headerFilled += n;
        at += n;
        if (this.#headerFilled < FRAME_HEADER_BYTES) return;
        this.#begin();
      }
      const payload = this.#payload ?? new Uint8Array(0);
      const n = Math.min(payload.length - this.#filled, chunk.length - at);
      payload.set(chunk.subarray(at, at + n), this.#filled);
      this.#filled += n;
      at += n;
      if (this.#filled < payload.length) return;
      this.#payload = undefined;
      this.#headerFilled = 0;
      yield { type: this.#type, payload };
    }
  }

  /** True when the stream may end here without cutting a frame off. */
  get isBetweenFrames(): boolean {
    return this.#payload === undefined && this.#headerFilled === 0;
  }

  #isWhole(): boolean {
    return this.#payload !== undefined && this.#filled === this.#payload.length;
  }

  #begin(): void {
    const length = this.#header.readUInt32LE(0);
    const type = this.#header.readUInt8(4);
    if (length < 1 || length > FRAME_MAX_BYTES)
      throw new ProtocolError(`a frame says that it has ${length} bytes`);
    if (!isFrameType(type)) throw new ProtocolError(`a frame is of unknown type ${type}`);
    this.#type = type;
    this.#payload = new Uint8Array(length - 1);
    this.#filled = 0;
  }
}
