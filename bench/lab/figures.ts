/** What cost.ts measures and main.ts reads. */

/** One way to trace, in counted time or not. */
export interface Measured {
  readonly mode: string;
  /** CPU time in ns that sending and reading one datagram took, the tracer's kernel side with it. Counted: instructions. */
  readonly perDatagram?: number;
  /** Datagrams that were sent in a second, one straight after another. */
  readonly perSecond?: number;
  /** Bits a second of a TCP stream that the filter does not match. */
  readonly streamBits?: number;
  /** Records that the tracer gave out. */
  readonly delivered?: number;
  readonly lost?: number;
  /** With `--programs`: a datagram's, or, of a mode that only measures the stream, all of that. */
  readonly byProgram?: readonly ProgramTime[];
}

export interface ProgramTime {
  readonly name: string;
  readonly runs: number;
  readonly timeNs: number;
}
