/**
 * The typed façade of the native addon: validates, and turns native errors into {@link Failure}s.
 * Only `server/agent` may import it. Native code trusts what passes here.
 */
import type { Capabilities, CaptureFilter, FunctionInfo, TracerStats } from '../core/messages/source.ts';

export interface CompiledFilter {
  /** What was compiled, as the user wrote it. */
  readonly expression: string;
  /** eBPF instructions that the filter became, for packets with and without a MAC header. */
  readonly instructions: { readonly l2: number; readonly l3: number };
}

export interface StartOptions {
  readonly filter: CaptureFilter;
  /** Functions to probe, by id out of `functions()`. */
  readonly functionIds: readonly number[];
  /** Bytes of the kernel's ring buffer; a power of two and a multiple of the page size. */
  readonly ringBytes: number;
  /** Packets that can be followed at once. */
  readonly trackedPackets: number;
}

export interface Started {
  readonly attached: number;
  /** Functions that refused their probe, with the errno's text. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  readonly backend: 'kprobe.multi' | 'kprobe';
  readonly attachMs: number;
}

export interface NativeAddon {
  /** What this kernel allows, found by trying; never throws for a kernel that lacks something. */
  capabilities(): Promise<Capabilities>;
  /** Every attachable function with an skb among its first five arguments. `default` group marked. */
  functions(): Promise<FunctionInfo[]>;
  /** Drop reason names by value, from the running kernel's BTF. */
  dropReasons(): Promise<{ readonly value: number; readonly name: string }[]>;
  /** Compiles a pcap expression. Rejects with a {@link NativeError} whose `position` is where it went wrong. */
  compileFilter(expression: string): Promise<CompiledFilter>;
  Tracer: new () => NativeTracer;
}

export interface NativeTracer {
  /**
   * Loads, attaches and starts delivering. `onBatch` gets whole records of bpf/wire.h; the next batch comes
   * only while fewer than 64 batches wait for `release()`, otherwise records stay in the kernel's ring, where a
   * loss is counted.
   */
  start(options: StartOptions, onBatch: (batch: Buffer) => void): Promise<Started>;
  /** Puts other filter settings in force on the running capture, without detaching a probe. */
  update(filter: CaptureFilter): Promise<{ readonly generation: number }>;
  /** The receiver is done with one batch. */
  release(): void;
  stats(): TracerStats;
  /** Capture off at once, then probes detached; resolves when nothing is left in the kernel. */
  stop(): Promise<void>;
}
