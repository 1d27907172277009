/**
 * Framing between a source and the server, both directions, on any byte stream:
 * `u32 length` (little-endian; bytes that follow it), `u8 type`, payload.
 */
export const FRAME_HEADER_BYTES = 5;
/** A longer frame is a protocol error: the receiver closes the stream. */
export const FRAME_MAX_BYTES = 4 << 20;

export const FRAME_TYPE = {
  /** UTF-8 JSON: a SourceMessage or a SourceRequest. */
  message: 1,
  /** Whole records of bpf/wire.h. Only from a source. */
  batch: 2,
} as const;
export type FrameType = (typeof FRAME_TYPE)[keyof typeof FRAME_TYPE];
